#include "index/vector/biased_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

constexpr size_t kBiasedRows = 6000;
constexpr size_t kBiasedDim = 24;

// Vectors whose products differ less than their biases do.
class BiasedSearchTest : public ::testing::Test {
 protected:
  BiasedSearchTest() {
    Random random(5);
    for (size_t row = 0; row < kBiasedRows; ++row) {
      for (float& x : vectors_.MutableRow(row)) {
        x = 0.02f * static_cast<float>(random.Normal());
      }
      bias_.push_back(static_cast<float>(random.Normal()));
    }
    for (float& x : query_) x = static_cast<float>(random.Normal());
    norms_ = NormsOf(vectors_, 1);
    foremost_.resize(kBiasedRows);
    std::iota(foremost_.begin(), foremost_.end(), 0);
    std::sort(foremost_.begin(), foremost_.end(),
              [&](int32_t a, int32_t b) { return bias_[a] > bias_[b]; });
    foremost_.resize(700);
    foremost_.push_back(-1);
  }

  std::optional<std::vector<ScoredRow>> Search(int k,
                                               const RowBitmap& allowed) const {
    return SearchByBias(vectors_, norms_, foremost_,
                        {query_, k, &allowed, bias_});
  }

  void ExpectAsScanned(int k, const RowBitmap& allowed) const {
    const auto found = Search(k, allowed);
    ASSERT_TRUE(found.has_value());
    const std::vector<ScoredRow> scanned =
        ExactScan(&vectors_).Search({query_, k, &allowed, bias_});
    ASSERT_EQ(found->size(), scanned.size());
    for (size_t i = 0; i < scanned.size(); ++i) {
      EXPECT_EQ((*found)[i].row, scanned[i].row);
      EXPECT_EQ((*found)[i].score, scanned[i].score);
    }
  }

  Factors vectors_{kBiasedRows, kBiasedDim};
  std::vector<float> bias_;
  std::vector<float> query_ = std::vector<float>(kBiasedDim);
  std::vector<float> norms_;
  std::vector<int32_t> foremost_;
};

TEST_F(BiasedSearchTest, FindsWhatAScanFinds) {
  for (const int k : {1, 10, 100, 300}) {
    ExpectAsScanned(k, RowBitmap(kBiasedRows, true));
  }
  RowBitmap half(kBiasedRows);
  for (size_t row = 0; row < kBiasedRows; row += 2) half.Set(row);
  ExpectAsScanned(100, half);
}

// Rows of equal scores, more than there are places.
TEST_F(BiasedSearchTest, TiesGoToTheSmallerRow) {
  for (size_t i = 0; i < 40; ++i) {
    bias_[foremost_[i]] = 9;
    for (float& x : vectors_.MutableRow(foremost_[i])) x = 0;
  }
  norms_ = NormsOf(vectors_, 1);
  ExpectAsScanned(10, RowBitmap(kBiasedRows, true));
}

TEST_F(BiasedSearchTest, LeavesItToTheScanWhereTheBiasSaysLittle) {
  for (float& x : query_) x *= 100;
  EXPECT_FALSE(Search(10, RowBitmap(kBiasedRows, true)).has_value());
}

TEST_F(BiasedSearchTest, LooksForOthersWhereFewOfTheForemostAreAllowed) {
  RowBitmap allowed(kBiasedRows, true);
  for (size_t i = 5; i < 700; ++i) allowed.Clear(foremost_[i]);
  ExpectAsScanned(5, allowed);
  ExpectAsScanned(6, allowed);
  ExpectAsScanned(300, allowed);
}

TEST_F(BiasedSearchTest, LeavesItToTheScanWhereFewAreAllowed) {
  RowBitmap allowed(kBiasedRows);
  for (size_t i = 700 - 20; i < 700; ++i) allowed.Set(foremost_[i]);
  EXPECT_FALSE(Search(21, allowed).has_value());
  EXPECT_FALSE(Search(10, RowBitmap(kBiasedRows)).has_value());
}

TEST_F(BiasedSearchTest, WhatIsNoNumberIsNeverFound) {
  bias_[foremost_[0]] = std::numeric_limits<float>::quiet_NaN();
  bias_[foremost_[1]] = -std::numeric_limits<float>::infinity();
  ExpectAsScanned(10, RowBitmap(kBiasedRows, true));
}

TEST_F(BiasedSearchTest, LeavesItToTheScanWhereScoresAreNotFinite) {
  for (int i = 0; i < 20; ++i) {
    bias_[foremost_[i]] = std::numeric_limits<float>::infinity();
  }
  EXPECT_FALSE(Search(10, RowBitmap(kBiasedRows, true)).has_value());
}

}  // namespace
}  // namespace usher
