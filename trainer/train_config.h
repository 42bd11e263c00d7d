// Training options as a text proto.
#ifndef USHER_TRAINER_TRAIN_CONFIG_H_
#define USHER_TRAINER_TRAIN_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "trainer/train_hybrid.h"

namespace usher {

// The defaults, replaced by what a usher.config.TrainConfig says.
// InvalidArgument names the field, the value and what is allowed.
absl::StatusOr<TrainOptions> ParseTrainConfig(absl::string_view text_proto);

// The TrainConfig that gives `options` back, with every field set.
std::string TrainConfigText(const TrainOptions& options);

}  // namespace usher

#endif  // USHER_TRAINER_TRAIN_CONFIG_H_
