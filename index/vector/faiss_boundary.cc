#include "index/vector/faiss_boundary.h"

#include <faiss/Index.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/impl/DistanceComputer.h>
#include <faiss/impl/IDSelector.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"
#include "index/vector/dot.h"

namespace usher {
namespace {

using FaissId = faiss::Index::idx_t;

// Limits the OpenMP threads that this thread starts, while it lives.
class OmpThreads {
 public:
  explicit OmpThreads(int threads) : before_(omp_get_max_threads()) {
    omp_set_num_threads(threads > 0 ? threads : HardwareThreads());
  }
  ~OmpThreads() { omp_set_num_threads(before_); }
  OmpThreads(const OmpThreads&) = delete;
  OmpThreads& operator=(const OmpThreads&) = delete;

 private:
  const int before_;
};

// Runs `body`, which may throw, and says what it was about when it did.
template <class Body>
auto Guarded(absl::string_view what, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat(what, ": ", error.what()));
  }
}

// Inner products by our kernels.
class DotDistances final : public faiss::DistanceComputer {
 public:
  explicit DotDistances(const Factors& vectors) : vectors_(vectors) {}
  void set_query(const float* x) override { query_ = x; }
  float operator()(FaissId i) override {
    return Dot(query_, Row(i), vectors_.dim());
  }
  float symmetric_dis(FaissId i, FaissId j) override {
    return Dot(Row(i), Row(j), vectors_.dim());
  }

 private:
  const float* Row(FaissId i) const {
    return vectors_.data() + static_cast<size_t>(i) * vectors_.dim();
  }
  const Factors& vectors_;
  const float* query_ = nullptr;
};

// Vectors that FAISS walks over but does not own.
class BorrowedVectors final : public faiss::Index {
 public:
  explicit BorrowedVectors(const Factors& vectors)
      : faiss::Index(static_cast<FaissId>(vectors.dim()),
                     faiss::METRIC_INNER_PRODUCT),
        vectors_(vectors) {}
  void add(FaissId n, const float*) override { ntotal += n; }
  void reset() override { ntotal = 0; }
  void search(FaissId, const float*, FaissId, float*, FaissId*,
              const faiss::SearchParameters*) const override {}
  faiss::DistanceComputer* get_distance_computer() const override {
    return new DotDistances(vectors_);
  }

 private:
  const Factors& vectors_;
};

HnswEdges EdgesOf(const faiss::HNSW& hnsw, int m) {
  HnswEdges edges;
  edges.m = m;
  edges.entry = hnsw.entry_point;
  edges.levels.reserve(hnsw.levels.size());
  for (size_t r = 0; r < hnsw.levels.size(); ++r) {
    const auto first =
        hnsw.neighbors.begin() + static_cast<ptrdiff_t>(hnsw.offsets[r]);
    const auto upper = first + 2 * m;
    edges.levels.push_back(static_cast<uint8_t>(hnsw.levels[r]));
    edges.base.insert(edges.base.end(), first, upper);
    edges.upper.insert(edges.upper.end(), upper,
                       upper + (hnsw.levels[r] - 1) * m);
  }
  return edges;
}

struct AllowedRows final : faiss::IDSelector {
  explicit AllowedRows(const RowBitmap& allowed) : allowed(allowed) {}
  bool is_member(FaissId id) const override {
    return allowed.Test(static_cast<size_t>(id));
  }
  const RowBitmap& allowed;
};

int AutoLists(size_t rows) {
  const double wanted = 4 * std::sqrt(static_cast<double>(rows));
  return std::max(1, static_cast<int>(std::min(wanted, rows / 32.0)));
}

int AutoSegments(size_t dim) {
  for (size_t segments = std::max<size_t>(1, dim / 4); segments > 1;
       --segments) {
    if (dim % segments == 0) return static_cast<int>(segments);
  }
  return 1;
}

int AffordableBits(int wanted, size_t rows) {
  int bits = wanted;
  while (bits > 1 && (size_t{8} << bits) > rows) --bits;
  return bits;
}

// Centres are means: of this many rows each they are as good as of FAISS's 256,
// and so they are after this many rounds instead of 25.
constexpr int kTrainingRowsPerCentre = 32;
constexpr int kTrainingRounds = 12;

void Configure(faiss::ClusteringParameters& clustering, uint64_t seed) {
  clustering.seed = static_cast<int>(seed & 0x7fffffff);
  clustering.min_points_per_centroid = 1;  // No advice on stderr.
  clustering.max_points_per_centroid = kTrainingRowsPerCentre;
  clustering.niter = kTrainingRounds;
}

template <class T>
void Append(std::string& out, const T* values, size_t count) {
  out.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

template <class T>
bool Take(absl::string_view& bytes, T* values, size_t count) {
  if (bytes.size() / sizeof(T) < count) return false;
  if (count > 0) std::memcpy(values, bytes.data(), count * sizeof(T));
  bytes.remove_prefix(count * sizeof(T));
  return true;
}

absl::Status BrokenLists(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("ivf_pq: ", what));
}

}  // namespace

absl::StatusOr<std::unique_ptr<HnswGraph>> BuildHnswGraph(
    const Factors& vectors, const HnswBuildOptions& options) {
  using Result = absl::StatusOr<std::unique_ptr<HnswGraph>>;
  return Guarded("building the hnsw graph", [&]() -> Result {
    const OmpThreads threads(options.threads);
    BorrowedVectors storage(vectors);
    faiss::IndexHNSW index(&storage, options.m);
    index.hnsw.efConstruction = options.ef_construction;
    index.hnsw.rng = faiss::RandomGenerator(static_cast<int64_t>(options.seed));
    index.add(static_cast<FaissId>(vectors.rows()), vectors.data());
    return HnswGraph::Create(EdgesOf(index.hnsw, options.m));
  });
}

struct IvfPq::Faiss {
  Faiss(size_t dim, int lists, int segments, int bits)
      : centres(static_cast<FaissId>(dim)),
        index(&centres, dim, static_cast<size_t>(lists),
              static_cast<size_t>(segments), static_cast<size_t>(bits),
              faiss::METRIC_INNER_PRODUCT) {}

  // The `probes` clusters whose centres have the largest inner products.
  void Nearest(const float* query, size_t probes, std::vector<FaissId>& lists,
               std::vector<float>& scores) const {
    std::vector<float> all(index.nlist);
    DotRows(query, centres.get_xb(), index.nlist,
            static_cast<size_t>(centres.d), all.data());
    lists.resize(index.nlist);
    std::iota(lists.begin(), lists.end(), 0);
    const auto last = lists.begin() + static_cast<ptrdiff_t>(probes);
    std::partial_sort(lists.begin(), last, lists.end(),
                      [&](FaissId a, FaissId b) {
                        const float x = all[static_cast<size_t>(a)];
                        const float y = all[static_cast<size_t>(b)];
                        return x != y ? x > y : a < b;
                      });
    lists.resize(probes);
    scores.clear();
    for (const FaissId l : lists) scores.push_back(all[static_cast<size_t>(l)]);
  }

  faiss::IndexFlatL2 centres;
  faiss::IndexIVFPQ index;
};

IvfPq::IvfPq(std::unique_ptr<Faiss> faiss) : faiss_(std::move(faiss)) {}
IvfPq::~IvfPq() = default;

int IvfPq::lists() const { return static_cast<int>(faiss_->index.nlist); }
int IvfPq::segments() const { return static_cast<int>(faiss_->index.pq.M); }
int IvfPq::bits() const { return static_cast<int>(faiss_->index.pq.nbits); }

absl::StatusOr<std::unique_ptr<IvfPq>> IvfPq::Build(
    const Factors& vectors, const IvfPqOptions& options) {
  using Result = absl::StatusOr<std::unique_ptr<IvfPq>>;
  const size_t rows = vectors.rows();
  const size_t dim = vectors.dim();
  if (rows < kMinRows || dim == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("ivf_pq: ", rows, " rows of ", dim,
                     " numbers are too few to train on"));
  }
  const int segments =
      options.segments > 0 ? options.segments : AutoSegments(dim);
  if (dim % static_cast<size_t>(segments) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("ivf_pq: pq_segments is ", segments,
                     ", which does not divide the dimension ", dim));
  }
  int lists = options.lists > 0 ? options.lists : AutoLists(rows);
  lists = std::min(lists, static_cast<int>(rows));
  return Guarded("building ivf_pq", [&]() -> Result {
    const OmpThreads threads(options.threads);
    auto faiss = std::make_unique<Faiss>(dim, lists, segments,
                                         AffordableBits(options.bits, rows));
    Configure(faiss->index.cp, options.seed);
    Configure(faiss->index.pq.cp, options.seed);
    faiss->index.train(static_cast<FaissId>(rows), vectors.data());
    faiss->index.add(static_cast<FaissId>(rows), vectors.data());
    return std::unique_ptr<IvfPq>(new IvfPq(std::move(faiss)));
  });
}

absl::StatusOr<std::vector<int32_t>> IvfPq::Search(
    absl::Span<const float> query, size_t count, int probes,
    const RowBitmap* allowed) const {
  using Result = absl::StatusOr<std::vector<int32_t>>;
  return Guarded("searching ivf_pq", [&]() -> Result {
    const OmpThreads threads(1);
    faiss::SearchParametersIVF params;
    params.nprobe =
        std::min(static_cast<size_t>(std::max(1, probes)), faiss_->index.nlist);
    const RowBitmap none;  // The selector keeps a reference.
    const AllowedRows selector(allowed != nullptr ? *allowed : none);
    if (allowed != nullptr) {
      params.sel = const_cast<AllowedRows*>(&selector);
    }
    std::vector<FaissId> lists, labels(count, -1);
    std::vector<float> list_scores, scores(count);
    faiss_->Nearest(query.data(), params.nprobe, lists, list_scores);
    faiss::IndexIVFStats stats;  // Else FAISS writes to a global.
    faiss_->index.search_preassigned(1, query.data(),
                                     static_cast<FaissId>(count), lists.data(),
                                     list_scores.data(), scores.data(),
                                     labels.data(), false, &params, &stats);
    std::vector<int32_t> rows;
    for (const FaissId label : labels) {
      if (label >= 0) rows.push_back(static_cast<int32_t>(label));
    }
    return rows;
  });
}

std::string IvfPq::Encode() const {
  const faiss::IndexIVFPQ& index = faiss_->index;
  const size_t rows = static_cast<size_t>(index.ntotal);
  std::vector<int32_t> list_of(rows);
  std::string codes(rows * index.code_size, '\0');
  for (size_t l = 0; l < index.nlist; ++l) {
    const size_t size = index.invlists->list_size(l);
    const FaissId* ids = index.invlists->get_ids(l);
    const uint8_t* list = index.invlists->get_codes(l);
    for (size_t i = 0; i < size; ++i) {
      const size_t row = static_cast<size_t>(ids[i]);
      list_of[row] = static_cast<int32_t>(l);
      std::memcpy(&codes[row * index.code_size], list + i * index.code_size,
                  index.code_size);
    }
  }
  const int32_t head[3] = {lists(), segments(), bits()};
  std::string out;
  Append(out, head, 3);
  Append(out, faiss_->centres.get_xb(), index.nlist * index.pq.d);
  Append(out, index.pq.centroids.data(), index.pq.centroids.size());
  Append(out, list_of.data(), rows);
  return out + codes;
}

absl::StatusOr<std::unique_ptr<IvfPq>> IvfPq::Decode(absl::string_view bytes,
                                                     size_t rows, size_t dim) {
  using Result = absl::StatusOr<std::unique_ptr<IvfPq>>;
  int32_t head[3];
  if (!Take(bytes, head, 3)) return BrokenLists("cut short");
  const auto [lists, segments, bits] = head;
  if (lists < 1 || static_cast<size_t>(lists) > rows || segments < 1 ||
      dim % static_cast<size_t>(segments) != 0 || bits < 1 || bits > 12 ||
      bytes.size() / sizeof(float) / dim < static_cast<size_t>(lists)) {
    return BrokenLists("lists, segments or bits are out of range");
  }
  return Guarded(
      "loading ivf_pq",
      [&, lists = lists, segments = segments, bits = bits]() -> Result {
        auto faiss = std::make_unique<Faiss>(dim, lists, segments, bits);
        faiss::IndexIVFPQ& index = faiss->index;
        std::vector<float> centres(static_cast<size_t>(lists) * dim);
        std::vector<int32_t> list_of(rows);
        if (!Take(bytes, centres.data(), centres.size()) ||
            !Take(bytes, index.pq.centroids.data(),
                  index.pq.centroids.size()) ||
            !Take(bytes, list_of.data(), rows) ||
            bytes.size() != rows * index.code_size) {
          return BrokenLists("the size is wrong");
        }
        faiss->centres.add(lists, centres.data());
        index.is_trained = true;
        const uint8_t* code = reinterpret_cast<const uint8_t*>(bytes.data());
        for (size_t r = 0; r < rows; ++r, code += index.code_size) {
          if (list_of[r] < 0 || list_of[r] >= lists) {
            return BrokenLists(absl::StrCat("row ", r, " is in no list"));
          }
          index.invlists->add_entry(static_cast<size_t>(list_of[r]),
                                    static_cast<FaissId>(r), code);
        }
        index.ntotal = static_cast<FaissId>(rows);
        return std::unique_ptr<IvfPq>(new IvfPq(std::move(faiss)));
      });
}

}  // namespace usher
