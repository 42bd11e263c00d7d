#include "index/artifact/snapshot.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr size_t kShortTail = 1024;
constexpr size_t kRowsPerTailRow = 32;

}  // namespace

Snapshot Snapshot::Share() {
  Snapshot shared;
  shared.info = info;
  shared.model = model;
  shared.index = index;
  shared.catalog = catalog.Share();
  shared.vectors = vectors.Share();
  shared.embeddings = embeddings.Share();
  shared.tail = tail;
  shared.indexed_changes = indexed_changes;
  shared.changed_vectors = changed_vectors.Share();
  shared.user_vectors = user_vectors;
  return shared;
}

void Snapshot::RefreshVectors(EventRow row) {
  const std::vector<float> embedding =
      model->content.Encode(catalog.GetEvent(row));
  embeddings.Set(Index(row), embedding);
  vectors.Set(Index(row), model->EventVector(catalog, row, embedding));
  const auto place = std::lower_bound(tail.begin(), tail.end(), row);
  if (place == tail.end() || *place != row) tail.insert(place, row);
  changed_vectors.Add(row);
}

std::vector<EventRow> Snapshot::ChangedSinceVersion() const {
  if (indexed_changes == nullptr) return tail;
  std::vector<EventRow> all;
  all.reserve(tail.size() + indexed_changes->size());
  std::set_union(tail.begin(), tail.end(), indexed_changes->begin(),
                 indexed_changes->end(), std::back_inserter(all));
  return all;
}

bool Snapshot::TailIsLong() const {
  return tail.size() > kShortTail + index->rows() / kRowsPerTailRow;
}

absl::StatusOr<Snapshot::WholeIndex> Snapshot::IndexWhole() const {
  Factors all(vectors.size(), model->dim());
  for (size_t row = 0; row < vectors.size(); ++row) {
    const absl::Span<const float> vector = vectors.Row(row);
    std::copy(vector.begin(), vector.end(), all.MutableRow(row).begin());
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const VectorIndex> whole,
                   VectorIndex::Build(std::move(all), index->options()));
  return WholeIndex{std::move(whole), changed_vectors.revision()};
}

bool Snapshot::Take(WholeIndex whole) {
  std::optional<std::vector<EventRow>> changed =
      changed_vectors.Since(whole.revision);
  if (!changed.has_value()) return false;
  indexed_changes =
      std::make_shared<const std::vector<EventRow>>(ChangedSinceVersion());
  index = std::move(whole.index);
  tail = *std::move(changed);
  return true;
}

}  // namespace usher
