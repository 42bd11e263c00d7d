#include "index/artifact/snapshot.h"

#include <algorithm>

namespace usher {

Snapshot Snapshot::Share() {
  Snapshot shared;
  shared.info = info;
  shared.model = model;
  shared.index = index;
  shared.catalog = catalog.Share();
  shared.vectors = vectors.Share();
  shared.embeddings = embeddings.Share();
  shared.tail = tail;
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
}

}  // namespace usher
