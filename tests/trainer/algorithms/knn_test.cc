#include "trainer/algorithms/knn.h"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

constexpr int kUsers = 30;
constexpr int kItems = 20;

// Dense weights, and the same as a sparse matrix.
struct RandomTaste {
  explicit RandomTaste(uint64_t seed)
      : dense(kUsers, std::vector<double>(kItems, 0.0)) {
    Random random(seed);
    std::vector<SparseEntry> entries;
    for (int user = 0; user < kUsers; ++user) {
      for (int item = 0; item < kItems; ++item) {
        if (random.Uniform() < 0.7) continue;
        const float weight = 0.5f + static_cast<float>(random.Below(4));
        dense[user][item] = weight;
        entries.push_back({user, item, weight});
      }
    }
    matrix = SparseMatrix::FromEntries(kUsers, kItems, entries).value();
  }
  std::vector<double> Item(int item) const {
    std::vector<double> column;
    for (const std::vector<double>& row : dense) column.push_back(row[item]);
    return column;
  }
  std::vector<std::vector<double>> Items() const {
    std::vector<std::vector<double>> columns;
    for (int item = 0; item < kItems; ++item) columns.push_back(Item(item));
    return columns;
  }

  std::vector<std::vector<double>> dense;
  SparseMatrix matrix;
};

double DotOf(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double MeanOf(const std::vector<double>& a) {
  return DotOf(a, std::vector<double>(a.size(), 1.0)) / a.size();
}

// The likeness of documents a and b of `all`, from its definition.
double Reference(Likeness likeness, const std::vector<std::vector<double>>& all,
                 int a, int b) {
  const size_t columns = all[0].size();
  std::vector<double> idf(columns);
  double sums = 0;
  for (size_t j = 0; j < columns; ++j) {
    double having = 0;
    for (const std::vector<double>& row : all) having += row[j] > 0;
    idf[j] = std::log(static_cast<double>(all.size())) - std::log1p(having);
  }
  for (const std::vector<double>& row : all) sums += MeanOf(row) * columns;
  const auto weighed = [&](std::vector<double> row) {
    const double length =
        1 - 0.8 + 0.8 * (MeanOf(row) * columns) / (sums / all.size());
    const double mean = MeanOf(row);
    for (size_t j = 0; j < columns; ++j) {
      if (likeness == Likeness::kPearson) row[j] -= mean;
      if (likeness == Likeness::kTfIdf) row[j] = std::sqrt(row[j]) * idf[j];
      if (likeness == Likeness::kBm25) {
        row[j] = row[j] * 101 / (100 * length + row[j]) * idf[j];
      }
    }
    return row;
  };
  const std::vector<double> x = weighed(all[a]);
  const std::vector<double> y = weighed(all[b]);
  if (likeness == Likeness::kBm25) return DotOf(x, y);
  return DotOf(x, y) / std::sqrt(DotOf(x, x) * DotOf(y, y));
}

class KnnTest : public ::testing::TestWithParam<Likeness> {
 protected:
  static KnnOptions Options(int neighbours) {
    KnnOptions options;
    options.likeness = GetParam();
    options.neighbours = neighbours;
    options.threads = 1;
    return options;
  }
};

TEST_P(KnnTest, LikenessOfItemsIsThatOfTheDefinition) {
  const RandomTaste taste(3);
  const NeighbourParts parts =
      TrainItemKnn(taste.matrix, Options(kItems)).value();
  for (int item = 0; item < kItems; ++item) {
    std::map<int, float> found;
    for (const WeightedItem& other : parts.rows[item]) {
      found[other.item] = other.weight;
    }
    for (int other = 0; other < kItems; ++other) {
      const double expected = Reference(GetParam(), taste.Items(), item, other);
      if (expected > 1e-5) {
        EXPECT_NEAR(found[other], expected, 1e-4 * std::max(1.0, expected))
            << item << " " << other;
      } else if (expected < -1e-5) {
        EXPECT_FALSE(found.contains(other));
      }
    }
  }
}

TEST_P(KnnTest, OfManyNeighboursTheBestAreKept) {
  const RandomTaste taste(4);
  const NeighbourParts all =
      TrainItemKnn(taste.matrix, Options(kItems)).value();
  const NeighbourParts some = TrainItemKnn(taste.matrix, Options(3)).value();
  for (int item = 0; item < kItems; ++item) {
    ASSERT_EQ(some.rows[item].size(),
              std::min<size_t>(3, all.rows[item].size()));
    for (size_t i = 0; i < some.rows[item].size(); ++i) {
      EXPECT_EQ(some.rows[item][i].item, all.rows[item][i].item);
    }
  }
}

TEST_P(KnnTest, ScoresByUsersAreSumsOverTheNearest) {
  const RandomTaste taste(5);
  const NeighbourModel model =
      NeighbourModel::FromParts(TrainUserKnn(taste.matrix, Options(6)).value())
          .value();
  for (int user = 0; user < kUsers; ++user) {
    std::vector<std::pair<double, int>> nearest;
    for (int other = 0; other < kUsers; ++other) {
      const double alike = Reference(GetParam(), taste.dense, user, other);
      if (other != user && alike > 1e-6) nearest.emplace_back(-alike, other);
    }
    std::sort(nearest.begin(), nearest.end());
    // Two of equal likeness at the edge may be taken either way.
    if (nearest.size() > 6 && nearest[6].first - nearest[5].first < 1e-5) {
      continue;
    }
    nearest.resize(std::min<size_t>(6, nearest.size()));
    std::vector<WeightedItem> tastes;
    for (int item = 0; item < kItems; ++item) {
      if (taste.dense[user][item] > 0) {
        tastes.push_back({item, static_cast<float>(taste.dense[user][item])});
      }
    }
    std::vector<float> scores(kItems, 0.0f);
    for (const WeightedItem& item : model.Scores(tastes, user)) {
      scores[item.item] = item.weight;
    }
    for (int item = 0; item < kItems; ++item) {
      double expected = 0;
      for (const auto& [alike, other] : nearest) {
        expected -= alike * taste.dense[other][item];
      }
      EXPECT_NEAR(scores[item], expected, 1e-3 * std::max(1.0, expected));
    }
  }
}

TEST_P(KnnTest, WhatWasSerializedScoresTheSame) {
  const RandomTaste taste(6);
  for (const bool by_user : {false, true}) {
    const NeighbourModel model =
        NeighbourModel::FromParts(
            (by_user ? TrainUserKnn : TrainItemKnn)(taste.matrix, Options(5))
                .value())
            .value();
    const std::string bytes = model.Serialize();
    const NeighbourModel read =
        NeighbourModel::FromBytes(bytes, nullptr).value();
    EXPECT_EQ(read.Serialize(), bytes);
    const auto a = model.Scores({{1, 1.0f}, {4, 2.0f}}, -1);
    const auto b = read.Scores({{1, 1.0f}, {4, 2.0f}}, -1);
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].item, b[i].item);
      EXPECT_EQ(a[i].weight, b[i].weight);
    }
    // No cut and no flipped count is taken for a model.
    for (size_t size = 0; size < bytes.size(); size += 13) {
      EXPECT_FALSE(
          NeighbourModel::FromBytes(bytes.substr(0, size), nullptr).ok());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, KnnTest,
                         ::testing::Values(Likeness::kCosine,
                                           Likeness::kPearson, Likeness::kTfIdf,
                                           Likeness::kBm25));

TEST(KnnOptionsTest, OutOfRangeIsAnErrorThatNamesIt) {
  KnnOptions options;
  options.neighbours = 0;
  EXPECT_THAT(std::string(ValidateKnnOptions(options).message()),
              ::testing::HasSubstr("neighbours is 0"));
}

}  // namespace
}  // namespace usher
