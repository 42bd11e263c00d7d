#include "serving/ranking/row_sums.h"

#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "index/catalog/rows.h"

namespace usher {
namespace {

TEST(RowSumsTest, SumsAreThoseOfAMapInTheOrderOfTheFirstAddition) {
  Random random(1);
  for (const uint64_t keys : {1u, 31u, 32u, 33u, 5000u}) {
    RowSums<EventRow> sums;
    std::map<EventRow, float> expected;
    std::vector<EventRow> order;
    for (int i = 0; i < 20'000; ++i) {
      // Far apart, and some of them equal in their lower bits.
      const EventRow row{static_cast<int32_t>(random.Below(keys) * 65'536 / 3)};
      const auto value = static_cast<float>(random.Uniform());
      if (!expected.contains(row)) order.push_back(row);
      expected[row] += value;
      sums.Add(row, value);
    }
    ASSERT_EQ(sums.size(), expected.size());
    for (size_t i = 0; i < order.size(); ++i) {
      EXPECT_EQ(sums[i].first, order[i]);
      EXPECT_EQ(sums[i].second, expected[order[i]]);
      EXPECT_EQ(sums.Of(order[i]), expected[order[i]]);
    }
    EXPECT_EQ(sums.Of(EventRow{1}), 0);
    EXPECT_EQ(sums.Of(kNoEvent), 0);
  }
}

TEST(RowSumsTest, WhatIsEmptyHasNothing) {
  const RowSums<UserRow> sums;
  EXPECT_EQ(sums.size(), 0u);
  EXPECT_EQ(sums.Of(UserRow{0}), 0);
}

TEST(RowNumbersTest, KeysOfAllBitsAreToldApart) {
  RowNumbers<uint64_t> numbers;
  const std::vector<uint64_t> keys = {0, 1, uint64_t{1} << 32,
                                      std::numeric_limits<uint64_t>::max()};
  for (size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(numbers.Add(keys[i]), i);
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(numbers.Add(keys[i]), i);
    EXPECT_EQ(numbers.Find(keys[i]), static_cast<int32_t>(i));
    EXPECT_EQ(numbers[i], keys[i]);
  }
  EXPECT_EQ(numbers.Find(2), RowNumbers<uint64_t>::kNone);
}

}  // namespace
}  // namespace usher
