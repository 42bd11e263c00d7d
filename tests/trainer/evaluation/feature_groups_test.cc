#include "trainer/evaluation/feature_groups.h"

#include <map>

#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(FeatureGroupsTest, EachFeatureIsInOneGroup) {
  std::map<Feature, int> groups;
  for (const FeatureGroup& group : FeatureGroups()) {
    for (const Feature feature : group.features) ++groups[feature];
  }
  for (size_t f = 0; f < kNumFeatures; ++f) {
    EXPECT_EQ(groups[static_cast<Feature>(f)], 1)
        << FeatureName(static_cast<Feature>(f));
  }
}

}  // namespace
}  // namespace usher
