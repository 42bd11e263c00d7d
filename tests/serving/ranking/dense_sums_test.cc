#include "serving/ranking/dense_sums.h"

#include <cstdint>
#include <map>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

TEST(DenseSumsTest, EachUseGivesWhatAMapGivesInTheOrderOfTheFirstAddition) {
  Random random(1);
  DenseSums sums;
  for (const uint64_t rows : {1u, 10u, 5000u, 3u, 100'000u}) {
    std::map<uint32_t, float> expected;
    std::vector<uint32_t> order;
    for (int i = 0; i < 10'000; ++i) {
      const auto row = static_cast<uint32_t>(random.Below(rows));
      const float value = 1e-3f + static_cast<float>(random.Uniform());
      if (!expected.contains(row)) order.push_back(row);
      expected[row] += value;
      sums.Add(row, value);
    }
    ASSERT_EQ(sums.size(), order.size());
    size_t taken = 0;
    sums.TakeEach([&](uint32_t row, float sum) {
      EXPECT_EQ(row, order[taken++]);
      EXPECT_EQ(sum, expected[row]);
    });
    EXPECT_EQ(taken, order.size());
    EXPECT_EQ(sums.size(), 0u);
  }
}

}  // namespace
}  // namespace usher
