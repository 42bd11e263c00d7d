#include "trainer/ranker/ranking_examples.h"

#include <algorithm>

#include "index/base/hash.h"

namespace usher {
namespace {

constexpr size_t kBest = 20;
constexpr size_t kOfNext = 20;
constexpr size_t kNext = 150;  // Up to this position.
constexpr size_t kOfAll = 25;

}  // namespace

void RankingExamples::AddQuery(int32_t relevant, int32_t user) {
  ends_.push_back(rows());
  relevant_.push_back(relevant);
  users_.push_back(user);
}

void RankingExamples::AddRow(const RankedEvent& event, Label label) {
  features_.insert(features_.end(), event.features.begin(),
                   event.features.end());
  linear_.push_back(event.score);
  labels_.push_back(label);
  ends_.back() = rows();
}

FeatureMatrix RankingExamples::FeaturesOf(size_t query) const {
  FeatureMatrix matrix(end(query) - begin(query));
  for (size_t row = 0; row < matrix.rows(); ++row) {
    for (size_t f = 0; f < kNumFeatures; ++f) {
      matrix.at(row, static_cast<Feature>(f)) =
          features_[(begin(query) + row) * kNumFeatures + f];
    }
  }
  return matrix;
}

std::vector<size_t> SampleOfList(const std::vector<bool>& relevant,
                                 uint64_t seed) {
  const size_t size = relevant.size();
  const size_t best = std::min(size, kBest);
  const size_t next = std::min(size, kNext);
  Random random(seed);
  std::vector<bool> kept(size, false);
  for (size_t i = 0; i < size; ++i) kept[i] = relevant[i] || i < best;
  for (size_t i = 0; i < kOfNext && next > best; ++i) {
    kept[best + random.Below(next - best)] = true;
  }
  for (size_t i = 0; i < kOfAll && size > 0; ++i) {
    kept[random.Below(size)] = true;
  }
  std::vector<size_t> rows;
  for (size_t i = 0; i < size; ++i) {
    if (kept[i]) rows.push_back(i);
  }
  return rows;
}

}  // namespace usher
