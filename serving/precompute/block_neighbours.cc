#include "serving/precompute/block_neighbours.h"

#include "index/vector/dot.h"

namespace usher {
namespace {

// Found beyond the limit, so that roundings lose nobody.
constexpr int kSpare = 32;

Factors Directions(const UserVectors& vectors, size_t dim) {
  Factors directions(vectors.size(), dim);
  for (size_t row = 0; row < vectors.size(); ++row) {
    const UserRow user{static_cast<int32_t>(row)};
    const float norm = vectors.Norm(user);
    if (!(norm > 0)) continue;
    const absl::Span<const float> vector = vectors.Row(user);
    for (size_t i = 0; i < dim; ++i) {
      directions.MutableRow(row)[i] = vector[i] / norm;
    }
  }
  return directions;
}

}  // namespace

BlockNeighbours::BlockNeighbours(const Snapshot* snapshot,
                                 SimilarityBasis basis)
    : basis_(basis), people_(snapshot) {
  if (basis != SimilarityBasis::kTaste) return;
  directions_ = Directions(people_.vectors(), snapshot->model->dim());
  scan_ = std::make_unique<const ExactScan>(
      &directions_, ScanOptions{.cached_bytes = kOnlyBatches});
}

std::vector<std::vector<ScoredUser>> BlockNeighbours::Find(
    absl::Span<const UserRow> users, int limit) const {
  std::vector<std::vector<ScoredUser>> found;
  found.reserve(users.size());
  if (basis_ != SimilarityBasis::kTaste) {
    for (const UserRow user : users) {
      found.push_back(SimilarUsers(user, basis_, limit, people_));
    }
    return found;
  }
  std::vector<ScanQuery> queries;
  queries.reserve(users.size());
  for (const UserRow user : users) {
    queries.push_back(
        {directions_.Row(Index(user)), limit + 1 + kSpare, nullptr, {}});
  }
  const std::vector<std::vector<ScoredRow>> near = scan_->SearchBatch(queries);
  for (size_t i = 0; i < users.size(); ++i) {
    found.push_back(Rescored(users[i], near[i], limit));
  }
  return found;
}

std::vector<ScoredUser> BlockNeighbours::Rescored(
    UserRow user, const std::vector<ScoredRow>& near, int limit) const {
  const UserVectors& vectors = people_.vectors();
  const absl::Span<const float> vector = vectors.Row(user);
  std::vector<ScoredUser> scored;
  for (const ScoredRow& hit : near) {
    const UserRow other{hit.row};
    const float lengths = vectors.Norm(user) * vectors.Norm(other);
    if (other == user || !(lengths > 0)) continue;
    const float cosine =
        Dot(vector.data(), vectors.Row(other).data(), vector.size()) / lengths;
    if (cosine > 0) scored.push_back({other, cosine});
  }
  KeepBest(limit, scored);
  return scored;
}

}  // namespace usher
