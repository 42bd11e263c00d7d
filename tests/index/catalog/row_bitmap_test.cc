#include "index/catalog/row_bitmap.h"

#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

std::vector<size_t> Members(const RowBitmap& bitmap) {
  std::vector<size_t> rows;
  bitmap.ForEach([&](size_t row) { rows.push_back(row); });
  return rows;
}

TEST(RowBitmapTest, AgreesWithASetOverRandomChanges) {
  for (const size_t size : {1u, 63u, 64u, 65u, 1000u}) {
    RowBitmap bitmap(size);
    std::set<size_t> expected;
    Random random(size);
    for (int i = 0; i < 3000; ++i) {
      const size_t row = random.Below(size);
      if (random.Below(2) == 0) {
        bitmap.Set(row);
        expected.insert(row);
      } else {
        bitmap.Clear(row);
        expected.erase(row);
      }
    }
    EXPECT_EQ(bitmap.Count(), expected.size());
    EXPECT_THAT(Members(bitmap), ::testing::ElementsAreArray(expected));
    for (size_t row = 0; row < size; ++row) {
      EXPECT_EQ(bitmap.Test(row), expected.count(row) == 1);
    }
  }
}

TEST(RowBitmapTest, AFullBitmapHoldsEveryRowAndNoBitBehind) {
  for (const size_t size : {0u, 1u, 63u, 64u, 65u, 128u, 200u}) {
    const RowBitmap bitmap(size, true);
    EXPECT_EQ(bitmap.Count(), size);
    EXPECT_EQ(Members(bitmap).size(), size);
  }
}

TEST(RowBitmapTest, RowsPastTheEndAreNoMembers) {
  const RowBitmap bitmap(70, true);
  EXPECT_TRUE(bitmap.Test(69));
  EXPECT_FALSE(bitmap.Test(70));
  EXPECT_FALSE(bitmap.Test(1'000'000));
  EXPECT_FALSE(RowBitmap().Test(0));
}

TEST(RowBitmapTest, TheFirstRowsAreASetOfTheirOwn) {
  RowBitmap rows(200);
  for (const size_t row : {0, 63, 64, 65, 130, 199}) rows.Set(row);
  for (const size_t size : {0, 1, 64, 65, 128, 131, 200, 300}) {
    const RowBitmap first = rows.First(size);
    EXPECT_EQ(first.size(), size);
    size_t count = 0;
    for (size_t row = 0; row < 400; ++row) {
      EXPECT_EQ(first.Test(row), row < size && rows.Test(row)) << row;
      count += row < size && rows.Test(row);
    }
    EXPECT_EQ(first.Count(), count);
    EXPECT_EQ(rows.CountFirst(size), count);
  }
}

TEST(RowBitmapTest, CountsManyFullWords) {
  const RowBitmap rows(64 * 1000 + 7, true);
  EXPECT_EQ(rows.CountFirst(64 * 1000 + 7), 64u * 1000 + 7);
  EXPECT_EQ(rows.CountFirst(64 * 31), 64u * 31);
  EXPECT_EQ(rows.CountFirst(64 * 32 + 1), 64u * 32 + 1);
}

}  // namespace
}  // namespace usher
