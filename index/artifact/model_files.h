// What training learned, as files.
#ifndef USHER_INDEX_ARTIFACT_MODEL_FILES_H_
#define USHER_INDEX_ARTIFACT_MODEL_FILES_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/artifact/file_set.h"
#include "index/model/factors.h"
#include "index/model/hybrid_model.h"
#include "index/vector/vector_index.h"
#include "index/vector/vector_table.h"

namespace usher {

// The model: sections "content", "places", "event_map", "organizer_map" are
// their Serialize(); "by_event" and "by_organizer" are factor spaces;
// "feedback" is there unless it is the default, "taste" and "neighbours" are
// there where one algorithm alone was trained.
inline constexpr absl::string_view kModelFile = "model";
// One matrix a file, in the section "rows".
inline constexpr absl::string_view kVectorsFile = "vectors.events";
inline constexpr absl::string_view kEmbeddingsFile = "vectors.content";
inline constexpr absl::string_view kUserVectorsFile = "vectors.users";
// The index over the vectors of events: what VectorIndex::Save() writes, and
// its options in a file of sections.
inline constexpr absl::string_view kIndexFile = "index";
inline constexpr absl::string_view kIndexOptionsFile = "index.options";

// Rows of the catalogue that the model belongs to.
struct CatalogSizes {
  size_t events = 0;
  size_t users = 0;
  size_t organizers = 0;
};

absl::Status WriteModel(const std::string& path, const HybridModel& model);

// DataLoss when a number is not finite, or when parts do not fit each other or
// the catalogue.
absl::StatusOr<HybridModel> ReadModel(const FlatFile& file,
                                      const CatalogSizes& sizes, int threads);

absl::Status WriteMatrix(const std::string& path, const Factors& matrix);
// All rows of the table; FailedPrecondition unless each has `dim` numbers.
absl::Status WriteMatrix(const std::string& path, const VectorTable& table,
                         size_t rows, size_t dim);

// A matrix of finite numbers that borrows the file, `dim` wide unless empty.
absl::StatusOr<std::shared_ptr<const Factors>> ReadMatrix(const FlatFile& file,
                                                          size_t dim,
                                                          int threads);

absl::Status WriteIndexOptions(const std::string& path,
                               const VectorIndexOptions& options);
absl::StatusOr<VectorIndexOptions> ReadIndexOptions(const FlatFile& file);

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_MODEL_FILES_H_
