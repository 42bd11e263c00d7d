// All that one request reads, belonging together.
#ifndef USHER_INDEX_ARTIFACT_SNAPSHOT_H_
#define USHER_INDEX_ARTIFACT_SNAPSHOT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "index/artifact/version_info.h"
#include "index/catalog/catalog.h"
#include "index/catalog/change_log.h"
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
//  (1) The index holds the vectors that rows [0, index->rows()) had when it was
//      built.
//  (2) Rows of `tail` are newer than the index, or have changed since: their
//      vector is in `vectors` only, and the index's answer for them is void.
//  (3) vectors and embeddings have a row for every event of the catalogue.
struct Snapshot {
  // An index of all vectors of a snapshot, for it or a later one.
  struct WholeIndex {
    std::shared_ptr<const VectorIndex> index;
    int64_t revision = 0;  // Of changed_vectors when it was begun.
  };

  VersionInfo info;
  std::shared_ptr<const HybridModel> model;
  std::shared_ptr<const VectorIndex> index;
  Catalog catalog;
  VectorTable vectors;         // Hybrid, events x model->dim().
  VectorTable embeddings;      // Content, events x model->content.dim().
  std::vector<EventRow> tail;  // Ascending, no duplicates.
  // Rows that have changed since the version and are in the index by now:
  // ascending, none twice; null for none.
  std::shared_ptr<const std::vector<EventRow>> indexed_changes;
  ChangeLog<EventRow> changed_vectors;
  // Trained users' hybrid vectors, users x model->dim(): who has done nothing
  // since training need not be folded in.
  std::shared_ptr<const Factors> user_vectors;

  // A snapshot with the same content that shares its memory.
  Snapshot Share();

  // Gives an event its vectors after its row of the catalogue was written.
  void RefreshVectors(EventRow row);

  // All rows that are new or have changed since the version, ascending.
  std::vector<EventRow> ChangedSinceVersion() const;

  // The tail is scanned by every request: beyond a bound it is worth to build
  // the index anew.
  bool TailIsLong() const;
  // Long work, on the calling thread. Errors of VectorIndex::Build().
  absl::StatusOr<WholeIndex> IndexWhole() const;
  // Takes what IndexWhole() of an earlier state gave; the tail is what changed
  // since. False, and nothing happens, when that is not known any more.
  bool Take(WholeIndex whole);
};

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_SNAPSHOT_H_
