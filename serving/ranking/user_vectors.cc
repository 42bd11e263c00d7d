#include "serving/ranking/user_vectors.h"

#include <algorithm>
#include <cmath>

#include "index/base/parallel.h"
#include "index/vector/dot.h"

namespace usher {
namespace {

constexpr int64_t kFoldBlock = 64;

// What a user's own request would have; zeros when nothing is known.
std::vector<float> FoldedVector(const Snapshot& snapshot, size_t user) {
  const absl::Span<const Action> history = snapshot.catalog.users.history[user];
  const absl::Span<const Follow> follows = snapshot.catalog.users.follows[user];
  if (history.empty() && follows.empty()) {
    return std::vector<float>(snapshot.model->dim(), 0.0f);
  }
  return snapshot.model->UserVector(snapshot.catalog, history, follows, {});
}

float NormOf(absl::Span<const float> vector) {
  return std::sqrt(Dot(vector.data(), vector.data(), vector.size()));
}

}  // namespace

UserVectors::UserVectors(const Snapshot& snapshot)
    : dim_(snapshot.model->dim()) {
  if (snapshot.user_vectors != nullptr &&
      snapshot.user_vectors->dim() == dim_) {
    trained_ = snapshot.user_vectors;
  }
  struct Folded {
    std::vector<uint64_t> offsets = {0};
    std::vector<float> values;
  };
  const size_t users = snapshot.catalog.num_users();
  const auto folded = std::make_shared<Folded>();
  for (size_t row = 0; row < users; ++row) {
    const bool trained = IsTrained(snapshot, row);
    folded->offsets.push_back(folded->offsets.back() + (trained ? 0 : dim_));
    if (!trained) {
      folded_users_.PushBack(UserRow{static_cast<int32_t>(row)});
    }
  }
  folded->values.resize(folded->offsets.back());
  ParallelFor(static_cast<int64_t>(folded_users_.size()), kFoldBlock, 0,
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) {
                  const size_t user = Index(folded_users_[i]);
                  const std::vector<float> vector =
                      FoldedVector(snapshot, user);
                  std::copy(vector.begin(), vector.end(),
                            folded->values.begin() + folded->offsets[user]);
                }
              });
  folded_ = ListColumn<float>::Borrow(folded->offsets.data(),
                                      folded->values.data(), users, folded);
  norms_.Resize(users);
  for (size_t row = 0; row < users; ++row) {
    norms_.Mutable(row) = NormOf(Row(UserRow{static_cast<int32_t>(row)}));
  }
  KnowOrganizers(snapshot.catalog);
}

UserVectors UserVectors::Share() {
  UserVectors shared;
  shared.dim_ = dim_;
  shared.trained_ = trained_;
  shared.folded_ = folded_.Share();
  shared.folded_users_ = folded_users_.Share();
  shared.norms_ = norms_.Share();
  shared.organizers_ = organizers_.Share();
  return shared;
}

bool UserVectors::Update(const Snapshot& snapshot,
                         absl::Span<const UserRow> users,
                         absl::Span<const EventRow> events) {
  const Catalog& catalog = snapshot.catalog;
  // A single algorithm may read anything of an event.
  const bool reads_all = !snapshot.model->taste.empty();
  for (const EventRow event : events) {
    if (reads_all && Index(event) < organizers_.size()) return false;
    if (Index(event) < organizers_.size() &&
        organizers_[Index(event)] !=
            catalog.events.columns[Index(event)].organizer) {
      return false;
    }
  }
  KnowOrganizers(catalog);
  folded_.Resize(catalog.num_users());
  norms_.Resize(catalog.num_users());
  for (const UserRow user : users) {
    const size_t row = Index(user);
    if (IsTrained(snapshot, row)) continue;
    if (folded_[row].empty()) folded_users_.PushBack(user);
    folded_.Assign(row, FoldedVector(snapshot, row));
    norms_.Mutable(row) = NormOf(folded_[row]);
  }
  return true;
}

bool UserVectors::IsTrained(const Snapshot& snapshot, size_t user) const {
  return trained_ != nullptr && user < trained_->rows() &&
         !snapshot.catalog.users.columns[user].changed;
}

void UserVectors::KnowOrganizers(const Catalog& catalog) {
  for (size_t row = organizers_.size(); row < catalog.num_events(); ++row) {
    organizers_.PushBack(catalog.events.columns[row].organizer);
  }
}

absl::Span<const float> UserVectors::Row(UserRow user) const {
  const absl::Span<const float> folded = folded_[Index(user)];
  if (!folded.empty() || trained_ == nullptr ||
      Index(user) >= trained_->rows()) {
    return folded;
  }
  return trained_->Row(Index(user));
}

std::vector<float> UserVectors::Products(absl::Span<const float> query) const {
  std::vector<float> products(size());
  if (query.size() != dim_ || dim_ == 0) return products;
  if (trained_ != nullptr) {
    DotRows(query.data(), trained_->data(),
            std::min(trained_->rows(), products.size()), dim_, products.data());
  }
  for (size_t i = 0; i < folded_users_.size(); ++i) {
    const size_t user = Index(folded_users_[i]);
    products[user] = Dot(query.data(), folded_[user].data(), dim_);
  }
  return products;
}

}  // namespace usher
