#include "trainer/algorithms/logistic_mf.h"

#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

// Two blocks: users of one half like items of the same half.
SparseMatrix Blocks(uint64_t seed) {
  Random random(seed);
  std::vector<SparseEntry> entries;
  for (int user = 0; user < 40; ++user) {
    for (int item = 0; item < 30; ++item) {
      if (user % 2 == item % 2 && random.Uniform() < 0.6) {
        entries.push_back({user, item, 1.0f});
      }
    }
  }
  return SparseMatrix::FromEntries(40, 30, entries).value();
}

LogisticMfOptions Small() {
  LogisticMfOptions options;
  options.dim = 4;
  options.threads = 1;
  return options;
}

TEST(LogisticMfTest, SweepsClimbThePosterior) {
  const SparseMatrix matrix = Blocks(1);
  LogisticMfOptions options = Small();
  options.sweeps = 1;
  const LogisticMfModel first =
      TrainLogisticMf(matrix, options, [](int) {}).value();
  options.sweeps = 30;
  const LogisticMfModel last =
      TrainLogisticMf(matrix, options, [](int) {}).value();
  const double nothing =
      LogisticMfPosterior(matrix, {Factors(40, 6), Factors(30, 6)}, options);
  EXPECT_GT(LogisticMfPosterior(matrix, last, options),
            LogisticMfPosterior(matrix, first, options));
  EXPECT_GT(LogisticMfPosterior(matrix, last, options), nothing);
}

TEST(LogisticMfTest, WhatWasLikedIsMoreLikelyThanWhatWasNot) {
  const SparseMatrix matrix = Blocks(2);
  const LogisticMfModel model =
      TrainLogisticMf(matrix, Small(), [](int) {}).value();
  int right = 0;
  int pairs = 0;
  for (int user = 0; user < 40; ++user) {
    const auto logit = [&](int item) {
      float sum = 0;
      for (size_t i = 0; i < 6; ++i) {
        sum += model.users.Row(user)[i] * model.items.Row(item)[i];
      }
      return sum;
    };
    for (int item = 0; item < 30; item += 2) {
      ++pairs;
      right += logit(item + user % 2) > logit(item + 1 - user % 2);
    }
  }
  EXPECT_GT(right, pairs * 97 / 100);
}

TEST(LogisticMfTest, TheBiasesMeetTheOnes) {
  const LogisticMfModel model =
      TrainLogisticMf(Blocks(3), Small(), [](int) {}).value();
  for (size_t user = 0; user < 40; ++user) {
    EXPECT_EQ(model.users.Row(user)[4], 1);
  }
  for (size_t item = 0; item < 30; ++item) {
    EXPECT_EQ(model.items.Row(item)[5], 1);
  }
}

TEST(LogisticMfTest, AnEmptyMatrixAndBadOptionsAreErrors) {
  EXPECT_FALSE(TrainLogisticMf(SparseMatrix(), Small(), [](int) {}).ok());
  LogisticMfOptions options = Small();
  options.rate = 0;
  EXPECT_FALSE(TrainLogisticMf(Blocks(1), options, [](int) {}).ok());
}

}  // namespace
}  // namespace usher
