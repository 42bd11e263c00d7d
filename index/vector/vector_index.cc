#include "index/vector/vector_index.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/file.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "index/vector/biased_search.h"
#include "index/vector/top_rows.h"

namespace usher {
namespace {

using Type = VectorIndexOptions::Type;

// When k is this near the number of allowed rows, a structure saves nothing.
constexpr size_t kRowsPerResult = 4;

// Rows retrieved for one result, where the retrieval orders by something else
// than the final score: coded vectors, or a score without its bias.
constexpr size_t kOverfetch = 4;
constexpr size_t kMinFetch = 64;

// What a row costs that a structure meets, in rows of a scan: that one reads a
// quarter of the bytes, and one after the other.
constexpr double kCostOfARowMet = 4;
// Clusters are searched for more rows than wanted, since rows are not spread
// evenly over them.
constexpr double kSpareRows = 2;

// The file: this header, then the structure's bytes.
struct FileHeader {
  char magic[8];
  uint32_t version;
  uint32_t type;
  uint64_t rows;
  uint64_t dim;
  uint64_t size;  // Of what follows,
  uint64_t hash;  // and its Hash64.
};
constexpr char kMagic[8] = {'U', 'S', 'H', 'R', 'V', 'E', 'C', '1'};
constexpr uint32_t kVersion = 1;

FileHeader HeaderFor(Type type, const Factors& vectors,
                     absl::string_view structure) {
  FileHeader header = {};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kVersion;
  header.type = static_cast<uint32_t>(type);
  header.rows = vectors.rows();
  header.dim = vectors.dim();
  header.size = structure.size();
  header.hash = Hash64(structure);
  return header;
}

absl::Status OutOfRange(absl::string_view field, absl::string_view range,
                        int value) {
  return absl::InvalidArgumentError(absl::StrCat(
      "vector index: ", field, " must be ", range, ", is ", value));
}

size_t WithOverfetch(size_t k) { return std::max(kOverfetch * k, kMinFetch); }

// The `wanted` allowed rows of the largest bias.
void AppendBestByBias(const ScanQuery& query, size_t wanted,
                      std::vector<int32_t>& rows) {
  TopRows top(wanted);
  const auto none = [](absl::Span<const int32_t>, float*) {};
  for (size_t r = 0; r < query.bias.size(); ++r) {
    if (!(query.bias[r] > top.threshold())) continue;
    if (query.allowed != nullptr && !query.allowed->Test(r)) continue;
    top.AddExact(static_cast<int32_t>(r), query.bias[r], none);
  }
  for (const ScoredRow& best : top.Take(none)) rows.push_back(best.row);
}

}  // namespace

absl::Status ValidateVectorIndexOptions(const VectorIndexOptions& o) {
  if (o.hnsw_m < 2 || o.hnsw_m > 256) {
    return OutOfRange("hnsw_m", "in [2, 256]", o.hnsw_m);
  }
  if (o.ef_construction < 1) {
    return OutOfRange("ef_construction", "positive", o.ef_construction);
  }
  if (o.ef_search < 1) return OutOfRange("ef_search", "positive", o.ef_search);
  if (o.ivf_lists < 0) return OutOfRange("ivf_lists", ">= 0", o.ivf_lists);
  if (o.ivf_probe < 1) return OutOfRange("ivf_probe", "positive", o.ivf_probe);
  if (o.pq_segments < 0) {
    return OutOfRange("pq_segments", ">= 0", o.pq_segments);
  }
  if (o.pq_bits < 1 || o.pq_bits > 12) {
    return OutOfRange("pq_bits", "in [1, 12]", o.pq_bits);
  }
  return absl::OkStatus();
}

VectorIndex::VectorIndex(Factors vectors, const VectorIndexOptions& options)
    : vectors_(std::move(vectors)),
      options_(options),
      scan_(&vectors_, {.threads = options.build_threads}),
      norms_(NormsOf(vectors_, options.build_threads)) {}

absl::StatusOr<std::unique_ptr<VectorIndex>> VectorIndex::Create(
    Factors vectors, const VectorIndexOptions& options) {
  RETURN_IF_ERROR(ValidateVectorIndexOptions(options));
  if (vectors.rows() > std::numeric_limits<int32_t>::max()) {
    return absl::InvalidArgumentError(
        absl::StrCat("vector index: ", vectors.rows(),
                     " rows; rows are numbered in 32 bits"));
  }
  RETURN_IF_ERROR(CheckFinite(vectors, options.build_threads));
  return std::unique_ptr<VectorIndex>(
      new VectorIndex(std::move(vectors), options));
}

absl::StatusOr<std::unique_ptr<VectorIndex>> VectorIndex::Build(
    Factors vectors, const VectorIndexOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<VectorIndex> index,
                   Create(std::move(vectors), options));
  RETURN_IF_ERROR(index->BuildStructure());
  return index;
}

absl::Status VectorIndex::BuildStructure() {
  if (vectors_.empty()) return absl::OkStatus();
  const VectorIndexOptions& o = options_;
  if (o.type == Type::kHnsw) {
    ASSIGN_OR_RETURN(
        graph_, BuildHnswGraph(vectors_, {o.hnsw_m, o.ef_construction, o.seed,
                                          o.build_threads}));
  }
  if (o.type == Type::kIvfPq && rows() >= IvfPq::kMinRows) {
    ASSIGN_OR_RETURN(
        lists_, IvfPq::Build(vectors_, {o.ivf_lists, o.pq_segments, o.pq_bits,
                                        o.seed, o.build_threads}));
  }
  return absl::OkStatus();
}

absl::Status VectorIndex::CheckQuery(const ScanQuery& query) const {
  if (query.query.size() != dim()) {
    return absl::InvalidArgumentError(
        absl::StrCat("vector search: the query has ", query.query.size(),
                     " numbers, the vectors have ", dim()));
  }
  for (size_t i = 0; i < query.query.size(); ++i) {
    if (!std::isfinite(query.query[i])) {
      return absl::InvalidArgumentError(absl::StrCat(
          "vector search: number ", i, " of the query is not finite"));
    }
  }
  if (!query.bias.empty() && query.bias.size() != rows()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "vector search: ", query.bias.size(), " biases for ", rows(), " rows"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ScoredRow>> VectorIndex::Search(
    absl::Span<const float> query, int k, const RowBitmap* allowed,
    absl::Span<const float> bias, absl::Span<const int32_t> foremost) const {
  const ScanQuery question{query, k, allowed, bias};
  RETURN_IF_ERROR(CheckQuery(question));
  if (!foremost.empty()) {
    auto best = SearchByBias(vectors_, norms_, foremost, question);
    if (best.has_value()) return *std::move(best);
  }
  return SearchChecked(question);
}

absl::StatusOr<std::vector<ScoredRow>> VectorIndex::SearchExact(
    absl::Span<const float> query, int k, const RowBitmap* allowed,
    absl::Span<const float> bias) const {
  const ScanQuery question{query, k, allowed, bias};
  RETURN_IF_ERROR(CheckQuery(question));
  return scan_.Search(question);
}

absl::StatusOr<std::vector<std::vector<ScoredRow>>> VectorIndex::SearchBatch(
    absl::Span<const ScanQuery> queries) const {
  for (const ScanQuery& query : queries) RETURN_IF_ERROR(CheckQuery(query));
  if (graph_ == nullptr && lists_ == nullptr) return scan_.SearchBatch(queries);
  std::vector<std::vector<ScoredRow>> results;
  for (const ScanQuery& query : queries) {
    results.push_back(SearchChecked(query));
  }
  return results;
}

std::vector<ScoredRow> VectorIndex::SearchChecked(
    const ScanQuery& query) const {
  if (query.k <= 0) return {};
  if (graph_ == nullptr && lists_ == nullptr) return scan_.Search(query);
  const size_t allowed = CountAllowed(query.allowed);
  const size_t k = std::min(static_cast<size_t>(query.k), allowed);
  const bool biased = !query.bias.empty();
  if (ScansExactly(k, allowed, biased)) return scan_.Search(query);
  std::vector<ScoredRow> found =
      ScoreExactly(query, Retrieve(query, Wanted(k, biased), allowed));
  if (found.size() < k) {
    exact_fallbacks_.fetch_add(1, std::memory_order_relaxed);
    return scan_.Search(query);
  }
  found.resize(k);
  return found;
}

size_t VectorIndex::Wanted(size_t k, bool biased) const {
  return graph_ != nullptr && !biased ? k : WithOverfetch(k);
}

size_t VectorIndex::Beam(size_t wanted) const {
  return std::max(wanted, static_cast<size_t>(options_.ef_search));
}

size_t VectorIndex::Probes(size_t wanted, size_t allowed) const {
  const double lists = lists_->lists();
  double probes = options_.ivf_probe;
  if (options_.exact_below_selectivity > 0) {
    probes = std::max(
        probes, std::ceil(kSpareRows * lists * static_cast<double>(wanted) /
                          static_cast<double>(allowed)));
  }
  return static_cast<size_t>(std::min(probes, lists));
}

// A walk goes on until its beam is full of allowed rows, and meets the
// neighbours of every row that it passes.
double VectorIndex::RowsMet(size_t wanted, size_t allowed) const {
  const double all = static_cast<double>(rows());
  if (graph_ != nullptr) {
    const double passed =
        static_cast<double>(Beam(wanted)) * all / static_cast<double>(allowed);
    return std::min(all, passed * 2 * graph_->m());
  }
  const double lists = lists_->lists();
  return lists + all * static_cast<double>(Probes(wanted, allowed)) / lists;
}

bool VectorIndex::ScansExactly(size_t k, size_t allowed, bool biased) const {
  if (graph_ == nullptr && lists_ == nullptr) return true;
  const size_t wanted = Wanted(k, biased);
  if (allowed <= kRowsPerResult * k || allowed <= wanted) return true;
  if (!(options_.exact_below_selectivity > 0)) return false;
  const double scanned = static_cast<double>(allowed);
  return scanned <
             options_.exact_below_selectivity * static_cast<double>(rows()) ||
         scanned < kCostOfARowMet * RowsMet(wanted, allowed);
}

size_t VectorIndex::CountAllowed(const RowBitmap* allowed) const {
  return allowed == nullptr ? rows() : allowed->CountFirst(rows());
}

std::vector<int32_t> VectorIndex::Retrieve(const ScanQuery& query,
                                           size_t wanted,
                                           size_t allowed) const {
  std::vector<int32_t> rows;
  if (graph_ != nullptr) {
    for (const ScoredRow& found :
         graph_->Search(query.query, Beam(wanted), query.allowed, vectors_,
                        ActiveKernels())) {
      rows.push_back(found.row);
    }
  } else {
    absl::StatusOr<std::vector<int32_t>> found = lists_->Search(
        query.query, wanted, static_cast<int>(Probes(wanted, allowed)),
        query.allowed);
    if (found.ok()) rows = *std::move(found);  // Else too few: scanned exactly.
  }
  // Rows of a large bias must not hide that too few were found.
  if (rows.size() < static_cast<size_t>(query.k)) return {};
  if (!query.bias.empty()) AppendBestByBias(query, wanted, rows);
  return rows;
}

std::vector<ScoredRow> VectorIndex::ScoreExactly(
    const ScanQuery& query, std::vector<int32_t> rows) const {
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  std::vector<float> scores(rows.size());
  ActiveKernels().dot_gather(query.query.data(), vectors_.data(), dim(),
                             rows.data(), rows.size(), scores.data());
  std::vector<ScoredRow> scored;
  scored.reserve(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!query.bias.empty()) scores[i] += query.bias[rows[i]];
    if (!(scores[i] > -std::numeric_limits<float>::infinity())) continue;
    scored.push_back({rows[i], scores[i]});
  }
  std::sort(scored.begin(), scored.end(), IsBetter);
  return scored;
}

std::string VectorIndex::EncodeStructure() const {
  if (graph_ != nullptr) return graph_->Encode();
  if (lists_ != nullptr) return lists_->Encode();
  return "";
}

absl::Status VectorIndex::Save(const std::string& path) const {
  const std::string structure = EncodeStructure();
  const FileHeader header = HeaderFor(options_.type, vectors_, structure);
  return WriteFileSynced(
      path,
      absl::StrCat(absl::string_view(reinterpret_cast<const char*>(&header),
                                     sizeof(header)),
                   structure));
}

absl::StatusOr<std::unique_ptr<VectorIndex>> VectorIndex::Load(
    const std::string& path, Factors vectors,
    const VectorIndexOptions& options) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> file,
                   MappedFile::Open(path));
  const auto lost = [&](absl::string_view why) {
    return absl::DataLossError(absl::StrCat("vector index ", path, ": ", why));
  };
  absl::string_view bytes = file->bytes();
  if (bytes.size() < sizeof(FileHeader)) return lost("cut short");
  const absl::string_view structure = bytes.substr(sizeof(FileHeader));
  const FileHeader expected = HeaderFor(options.type, vectors, structure);
  if (std::memcmp(&expected, bytes.data(), sizeof(expected)) != 0) {
    return lost(absl::StrCat(
        "not an undamaged index of type ", expected.type, " over ",
        expected.rows, " vectors of ", expected.dim,
        " numbers; build it again or give the vectors it was built from"));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<VectorIndex> index,
                   Create(std::move(vectors), options));
  const absl::Status decoded = index->DecodeStructure(structure);
  if (!decoded.ok()) return lost(decoded.message());
  return index;
}

absl::Status VectorIndex::DecodeStructure(absl::string_view bytes) {
  if (vectors_.empty() || options_.type == Type::kFlat ||
      (options_.type == Type::kIvfPq && rows() < IvfPq::kMinRows)) {
    return bytes.empty() ? absl::OkStatus()
                         : absl::DataLossError("more bytes than expected");
  }
  if (options_.type == Type::kHnsw) {
    ASSIGN_OR_RETURN(graph_, HnswGraph::Decode(bytes, rows()));
  } else {
    ASSIGN_OR_RETURN(lists_, IvfPq::Decode(bytes, rows(), dim()));
  }
  return absl::OkStatus();
}

absl::StatusOr<double> RecallAgainstExact(const VectorIndex& index,
                                          const Factors& queries, int k,
                                          const RowBitmap* allowed,
                                          absl::Span<const float> bias) {
  size_t found = 0, wanted = 0;
  for (size_t q = 0; q < queries.rows(); ++q) {
    ASSIGN_OR_RETURN(const std::vector<ScoredRow> exact,
                     index.SearchExact(queries.Row(q), k, allowed, bias));
    ASSIGN_OR_RETURN(const std::vector<ScoredRow> got,
                     index.Search(queries.Row(q), k, allowed, bias));
    wanted += exact.size();
    for (const ScoredRow& row : exact) {
      found += std::find(got.begin(), got.end(), row) != got.end() ? 1 : 0;
    }
  }
  return wanted == 0 ? 1.0 : static_cast<double>(found) / wanted;
}

}  // namespace usher
