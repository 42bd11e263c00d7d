// All that one request reads, belonging together.
#ifndef USHER_INDEX_ARTIFACT_SNAPSHOT_H_
#define USHER_INDEX_ARTIFACT_SNAPSHOT_H_

#include <memory>
#include <vector>

#include "index/artifact/version_info.h"
#include "index/catalog/catalog.h"
#include "index/catalog/rows.h"
#include "index/model/hybrid_model.h"
#include "index/vector/vector_index.h"
#include "index/vector/vector_table.h"

namespace usher {

// One consistent view: the model, its index, and the catalogue with the vectors
// of every event in it. Published whole and immutable from then on; the one
// writer Share()s it, changes its own copy and publishes that.
//
// Row invariants
//  (1) Rows [0, index->rows()) are the version's events; the index holds the
//      vectors that they had when it was built.
//  (2) Rows of `tail` are newer than the index, or have changed since: their
//      vector is in `vectors` only, and the index's answer for them is void.
//  (3) vectors and embeddings have a row for every event of the catalogue.
struct Snapshot {
  VersionInfo info;
  std::shared_ptr<const HybridModel> model;
  std::shared_ptr<const VectorIndex> index;
  Catalog catalog;
  VectorTable vectors;         // Hybrid, events x model->dim().
  VectorTable embeddings;      // Content, events x model->content.dim().
  std::vector<EventRow> tail;  // Ascending, no duplicates.
  // Trained users' hybrid vectors, users x model->dim(): who has done nothing
  // since training need not be folded in.
  std::shared_ptr<const Factors> user_vectors;

  // A snapshot with the same content that shares its memory.
  Snapshot Share();

  // Gives an event its vectors after its row of the catalogue was written.
  void RefreshVectors(EventRow row);
};

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_SNAPSHOT_H_
