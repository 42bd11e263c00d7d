#include "tests/trainer/algorithms/two_scenes.h"

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"

namespace usher {
namespace {

constexpr int kPeople = 24;
constexpr int kEvents = 40;
constexpr int kOrganizers = 5;
constexpr const char* kScenes[] = {"jazz", "hike"};
constexpr const char* kWords[] = {"saxophone quartet improvising standards",
                                  "mountain trail walking boots"};

}  // namespace

Dataset TwoScenes(bool ratings, const std::string& prefix) {
  DatasetBuilder builder;
  for (int scene = 0; scene < 2; ++scene) {
    for (int e = 0; e < kEvents; ++e) {
      Event event;
      event.id = absl::StrCat(prefix, kScenes[scene], "-e-", e);
      event.title = absl::StrCat(kWords[scene], " ", e % 7);
      event.tags = {kScenes[scene], absl::StrCat(kScenes[scene], e % 3)};
      event.organizer =
          absl::StrCat(prefix, kScenes[scene], "-host-", e % kOrganizers);
      event.venue = absl::StrCat(kScenes[scene], " hall ", e % 4);
      event.start_time = kScenesNow + (1 + e) * kDay;
      builder.AddEvent(event);
    }
  }
  Random random(5);
  Micros time = kScenesNow - 400 * kDay;
  for (int e = 0; e < kEvents; ++e) {
    for (int person = 0; person < kPeople; ++person) {
      for (int scene = 0; scene < 2; ++scene) {
        const std::string user =
            absl::StrCat(prefix, kScenes[scene], "-", person);
        const auto act = [&](int of, float rating) {
          if (random.Uniform() < 0.5) return;
          InteractionRecord row;
          row.time = time += kMinute;
          if (ratings) {
            row.kind = InteractionKind::kRating;
            row.value = rating + static_cast<float>(random.Uniform());
          }
          builder.AddInteraction(
              user, absl::StrCat(prefix, kScenes[of], "-e-", e), row, "");
        };
        act(scene, 4);
        if (ratings) act(1 - scene, 1);
      }
    }
  }
  return builder.Finish(1);
}

}  // namespace usher
