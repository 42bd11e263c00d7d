// What the people of the made-up city do.
#ifndef USHER_TRAINER_DATA_SYNTH_HISTORY_H_
#define USHER_TRAINER_DATA_SYNTH_HISTORY_H_

#include <cstdint>
#include <limits>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "index/base/clock.h"
#include "index/catalog/interaction.h"
#include "trainer/data/synth.h"
#include "trainer/data/synth_city.h"

namespace usher {

// One interaction; person and event are indexes into the city's lists.
struct SynthAct {
  Micros time = 0;
  int32_t person = 0;
  int32_t event = 0;
  InteractionKind kind = InteractionKind::kView;
  float value = std::numeric_limits<float>::quiet_NaN();
};

// Lets the people of `city` act until kSyntheticNow, `options.interactions`
// times in all, and gives each act in order of time. Each happens after its
// event was announced, and nobody answers an event twice but by going there or
// rating it. Leaves in `city` who knows and follows which organizer, and how
// many come to each event. InvalidArgument when there are not enough events.
absl::Status LiveSynthHistory(const SynthOptions& options, SynthCity& city,
                              absl::FunctionRef<void(const SynthAct&)> act);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_SYNTH_HISTORY_H_
