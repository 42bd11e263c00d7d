// Features that say the same kind of thing, to ask what each kind adds.
#ifndef USHER_TRAINER_EVALUATION_FEATURE_GROUPS_H_
#define USHER_TRAINER_EVALUATION_FEATURE_GROUPS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "serving/ranking/features.h"

namespace usher {

struct FeatureGroup {
  absl::string_view name;
  std::vector<Feature> features;
};

// Each feature is in one group.
absl::Span<const FeatureGroup> FeatureGroups();

}  // namespace usher

#endif  // USHER_TRAINER_EVALUATION_FEATURE_GROUPS_H_
