#include "serving/ranking/user_vectors.h"

#include <algorithm>
#include <cmath>

#include "index/base/parallel.h"
#include "index/vector/dot.h"

namespace usher {
namespace {

constexpr int64_t kFoldBlock = 64;
constexpr int64_t kNormBlock = 4096;

}  // namespace

UserVectors::UserVectors(const Snapshot& snapshot)
    : dim_(snapshot.model->dim()), slots_(snapshot.catalog.num_users(), -1) {
  if (snapshot.user_vectors != nullptr &&
      snapshot.user_vectors->dim() == dim_) {
    trained_ = snapshot.user_vectors;
  }
  const size_t trained = trained_ == nullptr ? 0 : trained_->rows();
  for (size_t row = 0; row < slots_.size(); ++row) {
    if (row < trained && !snapshot.catalog.users.columns[row].changed) continue;
    slots_[row] = static_cast<int32_t>(folded_users_.size());
    folded_users_.push_back(UserRow{static_cast<int32_t>(row)});
  }
  FoldIn(snapshot);
  norms_.resize(slots_.size());
  ParallelFor(static_cast<int64_t>(norms_.size()), kNormBlock, 0,
              [&](int64_t begin, int64_t end) {
                for (int64_t row = begin; row < end; ++row) {
                  const absl::Span<const float> vector =
                      Row(UserRow{static_cast<int32_t>(row)});
                  norms_[row] =
                      std::sqrt(Dot(vector.data(), vector.data(), dim_));
                }
              });
}

void UserVectors::FoldIn(const Snapshot& snapshot) {
  folded_ = Factors(folded_users_.size(), dim_);
  ParallelFor(static_cast<int64_t>(folded_users_.size()), kFoldBlock, 0,
              [&](int64_t begin, int64_t end) {
                for (int64_t slot = begin; slot < end; ++slot) {
                  const size_t user = Index(folded_users_[slot]);
                  const absl::Span<const Action> history =
                      snapshot.catalog.users.history[user];
                  const absl::Span<const Follow> follows =
                      snapshot.catalog.users.follows[user];
                  if (history.empty() && follows.empty()) continue;
                  const std::vector<float> vector = snapshot.model->UserVector(
                      snapshot.catalog, history, follows, {});
                  std::copy(vector.begin(), vector.end(),
                            folded_.MutableRow(slot).begin());
                }
              });
}

absl::Span<const float> UserVectors::Row(UserRow user) const {
  const int32_t slot = slots_[Index(user)];
  return slot < 0 ? trained_->Row(Index(user)) : folded_.Row(slot);
}

std::vector<float> UserVectors::Products(absl::Span<const float> query) const {
  std::vector<float> products(slots_.size());
  if (query.size() != dim_ || dim_ == 0) return products;
  if (trained_ != nullptr) {
    DotRows(query.data(), trained_->data(),
            std::min(trained_->rows(), products.size()), dim_, products.data());
  }
  for (size_t slot = 0; slot < folded_users_.size(); ++slot) {
    products[Index(folded_users_[slot])] =
        Dot(query.data(), folded_.Row(slot).data(), dim_);
  }
  return products;
}

}  // namespace usher
