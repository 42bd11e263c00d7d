#include "trainer/algorithms/sparse_matrix.h"

#include <cmath>
#include <set>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

SparseMatrix RandomEntries(int rows, int columns, int entries, uint64_t seed) {
  Random random(seed);
  std::vector<SparseEntry> list;
  for (int i = 0; i < entries; ++i) {
    list.push_back({static_cast<int32_t>(random.Below(rows)),
                    static_cast<int32_t>(random.Below(columns)),
                    static_cast<float>(2 * random.Uniform())});
  }
  return *SparseMatrix::FromEntries(rows, columns, list);
}

TEST(SparseMatrixTest, SumsDuplicatesSortsColumnsAndDropsZeros) {
  const SparseMatrix matrix = *SparseMatrix::FromEntries(
      3, 4,
      {{2, 3, 1.0f}, {0, 2, 1.0f}, {2, 3, 0.5f}, {0, 1, 4.0f}, {2, 0, 0.0f}});
  EXPECT_EQ(matrix.entries(), 3);
  EXPECT_THAT(matrix.RowColumns(0), testing::ElementsAre(1, 2));
  EXPECT_THAT(matrix.RowValues(0), testing::ElementsAre(4.0f, 1.0f));
  EXPECT_EQ(matrix.RowSize(1), 0);
  EXPECT_THAT(matrix.RowColumns(2), testing::ElementsAre(3));
  EXPECT_THAT(matrix.RowValues(2), testing::ElementsAre(1.5f));
}

TEST(SparseMatrixTest, TransposingMovesEveryEntryAndTwiceIsTheSame) {
  const SparseMatrix matrix = RandomEntries(40, 30, 300, 1);
  const SparseMatrix transposed = matrix.Transposed();
  EXPECT_EQ(transposed.rows(), 30);
  std::set<std::tuple<int, int, float>> there, back;
  for (int row = 0; row < 40; ++row) {
    for (int64_t i = 0; i < matrix.RowSize(row); ++i) {
      there.insert({row, matrix.RowColumns(row)[i], matrix.RowValues(row)[i]});
    }
  }
  for (int row = 0; row < 30; ++row) {
    for (int64_t i = 0; i < transposed.RowSize(row); ++i) {
      back.insert(
          {transposed.RowColumns(row)[i], row, transposed.RowValues(row)[i]});
    }
  }
  EXPECT_EQ(there, back);
  const SparseMatrix twice = transposed.Transposed();
  EXPECT_EQ(twice.offsets(), matrix.offsets());
  EXPECT_EQ(twice.values(), matrix.values());
}

TEST(SparseMatrixTest, WeightsByDegreeFavourWhatIsRare) {
  // Rows of 2 and 1, columns of 1 and 2; the means are 1.5.
  const SparseMatrix matrix =
      SparseMatrix::FromEntries(2, 2, {{0, 0, 1}, {0, 1, 2}, {1, 1, 1}})
          .value()
          .WeightedByDegree(1);
  EXPECT_THAT(
      matrix.RowValues(0),
      testing::ElementsAre(testing::FloatEq(1.125f), testing::FloatEq(1.125f)));
  EXPECT_THAT(matrix.RowValues(1),
              testing::ElementsAre(testing::FloatEq(1.125f)));
}

TEST(SparseMatrixTest, BadEntriesAreRejectedByPlace) {
  EXPECT_THAT(
      SparseMatrix::FromEntries(2, 2, {{0, 2, 1.0f}}).status().message(),
      HasSubstr("(0, 2) lies outside 2 x 2"));
  EXPECT_THAT(
      SparseMatrix::FromEntries(2, 2, {{1, 1, -1.0f}}).status().message(),
      HasSubstr("(1, 1) has value -1"));
  EXPECT_FALSE(SparseMatrix::FromEntries(2, 2, {{1, 1, NAN}}).ok());
  EXPECT_FALSE(SparseMatrix::FromEntries(-1, 2, {}).ok());
}

}  // namespace
}  // namespace usher
