#include "trainer/finish_version.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"
#include "index/vector/vector_index.h"

namespace usher {
namespace {

constexpr int64_t kRowBlock = 256;
constexpr int64_t kRowsPerProgress = 64 * kRowBlock;
constexpr size_t kRecallQueries = 200;
constexpr int kRecallDepth = 100;

// Fills the rows in parallel, and says how far it is.
void FillRows(absl::string_view what, int threads, Factors& vectors,
              TrainingSteps& steps,
              absl::FunctionRef<std::vector<float>(int64_t row)> vector_of) {
  const auto rows = static_cast<int64_t>(vectors.rows());
  for (int64_t first = 0; first < rows; first += kRowsPerProgress) {
    const int64_t count = std::min(rows - first, kRowsPerProgress);
    ParallelFor(count, kRowBlock, threads, [&](int64_t begin, int64_t end) {
      for (int64_t row = first + begin; row < first + end; ++row) {
        const std::vector<float> vector = vector_of(row);
        std::copy(vector.begin(), vector.end(),
                  vectors.MutableRow(row).begin());
      }
    });
    steps.Progress(what, first + count, rows);
  }
}

Factors EventVectors(const Catalog& catalog, const HybridModel& model,
                     const Factors& embeddings, int threads,
                     TrainingSteps& steps) {
  Factors vectors(catalog.num_events(), model.dim());
  FillRows(
      "making vectors of events", threads, vectors, steps, [&](int64_t row) {
        return model.EventVector(catalog, EventRow{static_cast<int32_t>(row)},
                                 embeddings.Row(row));
      });
  return vectors;
}

Factors UserVectors(const Catalog& catalog, const HybridModel& model,
                    int threads, TrainingSteps& steps) {
  Factors vectors(catalog.num_users(), model.dim());
  FillRows("folding in users", threads, vectors, steps, [&](int64_t row) {
    return model.UserVector(catalog, catalog.users.history[row],
                            catalog.users.follows[row], {});
  });
  return vectors;
}

// The recall of the index for the first users' own vectors.
absl::StatusOr<double> IndexRecall(const Snapshot& snapshot) {
  const Factors& users = *snapshot.user_vectors;
  Factors queries(std::min(users.rows(), kRecallQueries), users.dim());
  std::copy_n(users.data(), queries.rows() * queries.dim(),
              queries.mutable_data());
  return RecallAgainstExact(*snapshot.index, queries, kRecallDepth);
}

const char* IndexTypeName(VectorIndexOptions::Type type) {
  switch (type) {
    case VectorIndexOptions::Type::kFlat:
      return "flat";
    case VectorIndexOptions::Type::kHnsw:
      return "hnsw";
    case VectorIndexOptions::Type::kIvfPq:
      return "ivf_pq";
  }
  return "unknown";
}

}  // namespace

absl::Status FinishVersion(Factors embeddings, const TrainOptions& options,
                           TrainingSteps& steps, TrainedVersion& trained) {
  Snapshot& snapshot = trained.snapshot;
  auto vectors = std::make_shared<const Factors>(EventVectors(
      snapshot.catalog, *snapshot.model, embeddings, options.threads, steps));
  snapshot.user_vectors = std::make_shared<const Factors>(
      UserVectors(snapshot.catalog, *snapshot.model, options.threads, steps));
  steps.Done(absl::StrCat("made hybrid vectors of ", vectors->rows(),
                          " events and ", snapshot.user_vectors->rows(),
                          " users, ", vectors->dim(), " dimensions"));
  const char* const index_type = IndexTypeName(options.index.type);
  steps.Begin(absl::StrCat("building the ", index_type, " index"));
  ASSIGN_OR_RETURN(snapshot.index, VectorIndex::Build(*vectors, options.index));
  steps.Begin(absl::StrCat("measuring the ", index_type, " index"));
  ASSIGN_OR_RETURN(const double recall, IndexRecall(snapshot));
  steps.Done(
      absl::StrFormat("built the %s index, Recall@%d against exact search %.4f",
                      index_type, kRecallDepth, recall));
  trained.metrics.emplace_back("index_recall_at_100", recall);
  snapshot.vectors = VectorTable(std::move(vectors));
  snapshot.embeddings =
      VectorTable(std::make_shared<const Factors>(std::move(embeddings)));
  snapshot.info.index_type = index_type;
  return absl::OkStatus();
}

}  // namespace usher
