#include "index/vector/vector_table.h"

#include <memory>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Three rows of a file: {0, 1}, {2, 3} and {4, 5}.
VectorTable ThreeRows() {
  Factors rows(3, 2);
  for (size_t i = 0; i < 6; ++i) {
    rows.mutable_data()[i] = static_cast<float>(i);
  }
  return VectorTable(std::make_shared<const Factors>(std::move(rows)));
}

TEST(VectorTableTest, AWrittenRowStandsInFrontOfTheFiles) {
  VectorTable table = ThreeRows();
  EXPECT_THAT(table.Row(1), ElementsAre(2, 3));
  table.Set(1, {7.0f, 8.0f});
  EXPECT_THAT(table.Row(0), ElementsAre(0, 1));
  EXPECT_THAT(table.Row(1), ElementsAre(7, 8));
  EXPECT_THAT(table.Row(2), ElementsAre(4, 5));
}

TEST(VectorTableTest, AnEmptyVectorIsNone) {
  VectorTable table = ThreeRows();
  table.Set(1, {7.0f, 8.0f});
  table.Set(1, {});
  EXPECT_THAT(table.Row(1), ElementsAre(2, 3));
  table.Set(4, {7.0f, 8.0f});
  table.Set(4, {});
  EXPECT_THAT(table.Row(4), IsEmpty());
}

TEST(VectorTableTest, RowsPastTheFileAreEmptyUntilTheyAreWritten) {
  VectorTable table = ThreeRows();
  table.Set(5, {7.0f, 8.0f});
  EXPECT_EQ(table.size(), 6);
  EXPECT_THAT(table.Row(2), ElementsAre(4, 5));
  EXPECT_THAT(table.Row(3), IsEmpty());
  EXPECT_THAT(table.Row(4), IsEmpty());
  EXPECT_THAT(table.Row(5), ElementsAre(7, 8));
}

TEST(VectorTableTest, NeitherOfTwoCopiesSeesWhatTheOtherWrites) {
  VectorTable table = ThreeRows();
  table.Set(0, {6.0f, 6.0f});
  VectorTable shared = table.Share();
  table.Set(1, {7.0f, 7.0f});
  shared.Set(2, {8.0f, 8.0f});
  EXPECT_THAT(table.Row(0), ElementsAre(6, 6));
  EXPECT_THAT(table.Row(1), ElementsAre(7, 7));
  EXPECT_THAT(table.Row(2), ElementsAre(4, 5));
  EXPECT_THAT(shared.Row(0), ElementsAre(6, 6));
  EXPECT_THAT(shared.Row(1), ElementsAre(2, 3));
  EXPECT_THAT(shared.Row(2), ElementsAre(8, 8));
}

TEST(VectorTableTest, NeedsNoFile) {
  VectorTable table;
  table.Set(1, {7.0f, 8.0f});
  EXPECT_THAT(table.Row(0), IsEmpty());
  EXPECT_THAT(table.Row(1), ElementsAre(7, 8));
}

}  // namespace
}  // namespace usher
