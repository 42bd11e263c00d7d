// How long one exact search takes on one thread, next to Debian's FAISS
// IndexFlatIP on the same vectors in the same run.
//
//   usher-bench scan [SHAPE] [ROWS DIM K]...
//       (default: isotropic 100000 64 100 1000000 128 100)
//   usher-bench scan hnsw               20000 x 64, top 10
//   usher-bench scan dump ROWS DIM FOLDER
//       the vectors and queries of the first, floats, for other programs
//
//   SHAPE is isotropic (normal vectors), clustered (200 normal centres, the
//   rows half as far from theirs), or a folder whose events.f32 is searched by
//   users of its users.f32: rows of DIM floats, as `precompute raw` writes
//   them; ROWS is then how many of the events, 0 for all.
//
// Prints the median and the best of many searches in milliseconds, the ratio to
// FAISS, and the part of FAISS's rows that was found, over all queries. Beside
// it the ceilings: all products of a query in floats and the best of them; and
// one reading of as many bytes as the scan's codes and scales are.
#include "index/vector/scan.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/impl/IDSelector.h>
#include <omp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/vector/dot.h"
#include "index/vector/vector_index.h"
#include "tests/bench/ceilings.h"
#include "tests/bench/workloads.h"

namespace usher {
namespace {

constexpr size_t kQueries = 32;

struct Timing {
  double median_ms;
  double best_ms;
};

Timing Time(int repeats, absl::FunctionRef<void(size_t query)> search) {
  std::vector<double> ms;
  for (int i = 0; i < repeats; ++i) {
    const double begin = ThreadMilliseconds();
    search(static_cast<size_t>(i) % kQueries);
    ms.push_back(ThreadMilliseconds() - begin);
  }
  std::sort(ms.begin(), ms.end());
  return {ms[ms.size() / 2], ms.front()};
}

Factors RandomVectors(size_t rows, size_t dim, uint64_t seed) {
  Random random(seed);
  Factors vectors(rows, dim);
  for (size_t i = 0; i < rows * dim; ++i) {
    vectors.mutable_data()[i] = static_cast<float>(random.Normal());
  }
  return vectors;
}

Factors ClusteredVectors(size_t rows, size_t dim, uint64_t seed) {
  constexpr size_t kClusters = 200;
  const Factors centres = RandomVectors(kClusters, dim, 3);
  Factors vectors = RandomVectors(rows, dim, seed);
  Random random(seed + 1);
  for (size_t r = 0; r < rows; ++r) {
    const absl::Span<const float> centre = centres.Row(random.Below(kClusters));
    const absl::Span<float> row = vectors.MutableRow(r);
    for (size_t d = 0; d < dim; ++d) row[d] = centre[d] + 0.5f * row[d];
  }
  return vectors;
}

// `rows` of the file, spread over it when `spread`, else its first; 0: all.
Factors ReadVectors(const std::string& path, size_t dim, size_t rows,
                    bool spread) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const size_t bytes = dim * sizeof(float);
  const size_t all = in ? static_cast<size_t>(in.tellg()) / bytes : 0;
  if (rows == 0 || rows > all) rows = all;
  if (rows == 0) {
    std::fprintf(stderr, "%s: no vectors\n", path.c_str());
    std::exit(1);
  }
  Factors vectors(rows, dim);
  for (size_t r = 0; r < rows; ++r) {
    const size_t from = spread ? r * (all / rows) : r;
    in.seekg(static_cast<std::streamoff>(from * bytes));
    in.read(reinterpret_cast<char*>(vectors.MutableRow(r).data()),
            static_cast<std::streamsize>(bytes));
  }
  return vectors;
}

struct Data {
  Factors vectors;
  Factors queries;
};

Data MakeData(const std::string& shape, size_t rows, size_t dim) {
  if (shape == "isotropic") {
    return {RandomVectors(rows, dim, 1), RandomVectors(kQueries, dim, 2)};
  }
  if (shape == "clustered") {
    return {ClusteredVectors(rows, dim, 1), ClusteredVectors(kQueries, dim, 2)};
  }
  return {ReadVectors(absl::StrCat(shape, "/events.f32"), dim, rows, false),
          ReadVectors(absl::StrCat(shape, "/users.f32"), dim, kQueries, true)};
}

void Print(const char* what, Timing t, Timing reference, double recall) {
  std::printf("  %-28s %9.3f %9.3f %7.1fx %7.3f\n", what, t.median_ms,
              t.best_ms, reference.best_ms / t.best_ms, recall);
}

double Agreement(const std::vector<faiss::Index::idx_t>& theirs,
                 const std::vector<ScoredRow>& ours) {
  const std::set<faiss::Index::idx_t> rows(theirs.begin(), theirs.end());
  double same = 0;
  for (const ScoredRow& row : ours) same += rows.count(row.row) > 0 ? 1 : 0;
  return same / static_cast<double>(rows.size() - rows.count(-1));
}

// The k-th best score of all rows: what an exact search takes that reads the
// floats.
float FloatScan(const Factors& vectors, const float* query, int k) {
  constexpr size_t kBlock = 256;
  const std::greater<float> worst_first;
  std::vector<float> best(static_cast<size_t>(k),
                          -std::numeric_limits<float>::infinity());
  float scores[kBlock];
  for (size_t begin = 0; begin < vectors.rows(); begin += kBlock) {
    const size_t count = std::min(kBlock, vectors.rows() - begin);
    DotRows(query, vectors.Row(begin).data(), count, vectors.dim(), scores);
    for (size_t i = 0; i < count; ++i) {
      if (scores[i] <= best.front()) continue;
      std::pop_heap(best.begin(), best.end(), worst_first);
      best.back() = scores[i];
      std::push_heap(best.begin(), best.end(), worst_first);
    }
  }
  return best.front();
}

void PrintCeilings(const Factors& vectors, const Factors& queries, int k,
                   size_t bytes, int repeats, Timing reference) {
  volatile float worst = 0;
  const Timing floats = Time(repeats / 3, [&](size_t q) {
    worst = FloatScan(vectors, queries.Row(q).data(), k);
  });
  Print("float scan", floats, reference, 1);
  const ReadBuffer codes(bytes);
  volatile uint64_t sum = 0;
  const Timing read =
      Time(repeats, [&](size_t) { sum = sum ^ codes.ReadAll(); });
  Print("reading as many bytes", read, reference, 0);
}

void Run(const std::string& shape, size_t rows, size_t dim, int k) {
  const Data data = MakeData(shape, rows, dim);
  const Factors& vectors = data.vectors;
  const Factors& queries = data.queries;
  rows = vectors.rows();
  const int repeats = rows > 300000 ? 33 : 321;
  std::printf(
      "%zu x %zu, top %d, %-20s median ms   best ms  vs FAISS  recall\n", rows,
      dim, k, shape.substr(0, 20).c_str());

  faiss::IndexFlatIP flat(static_cast<faiss::Index::idx_t>(dim));
  flat.add(static_cast<faiss::Index::idx_t>(rows), vectors.data());
  std::vector<float> scores(static_cast<size_t>(k));
  std::vector<faiss::Index::idx_t> labels(static_cast<size_t>(k));
  const auto theirs = [&](size_t q, const faiss::SearchParameters* params) {
    flat.search(1, queries.Row(q).data(), k, scores.data(), labels.data(),
                params);
  };
  const Timing faiss_time =
      Time(repeats / 3, [&](size_t q) { theirs(q, nullptr); });
  Print("FAISS IndexFlatIP", faiss_time, faiss_time, 1);

  const ExactScan scan(&vectors);
  const auto measure = [&](const char* what, const RowBitmap* allowed,
                           absl::Span<const float> bias) {
    const Timing t = Time(repeats, [&](size_t q) {
      (void)scan.Search({queries.Row(q), k, allowed, bias});
    });
    faiss::IDSelectorAll all;
    std::unique_ptr<faiss::IDSelectorBitmap> some;
    faiss::SearchParameters params;
    params.sel = &all;
    if (allowed != nullptr) {
      some = std::make_unique<faiss::IDSelectorBitmap>(
          rows, reinterpret_cast<const uint8_t*>(allowed->words().data()));
      params.sel = some.get();
    }
    double recall = 0;
    for (size_t q = 0; q < kQueries; ++q) {
      theirs(q, &params);
      recall +=
          Agreement(labels, scan.Search({queries.Row(q), k, allowed, bias}));
    }
    Print(what, t, faiss_time, recall / kQueries);
  };
  measure("scan", nullptr, {});
  PrintCeilings(vectors, queries, k, scan.scanned_bytes(), repeats, faiss_time);
  const std::vector<float> bias(rows, 0.0f);
  measure("scan, bias", nullptr, bias);
  Random random(3);
  for (const double fraction : {0.5, 0.1, 0.01}) {
    RowBitmap allowed(rows);
    for (size_t r = 0; r < rows; ++r) {
      if (random.Uniform() < fraction) allowed.Set(r);
    }
    const std::string what =
        "scan, filter " + std::to_string(fraction).substr(0, 4);
    measure(what.c_str(), &allowed, {});
  }
  std::vector<ScanQuery> batch;
  for (size_t q = 0; q < kQueries; ++q) {
    batch.push_back({queries.Row(q), k, nullptr, {}});
  }
  Timing batched = Time(9, [&](size_t) { (void)scan.SearchBatch(batch); });
  batched.median_ms /= kQueries;
  batched.best_ms /= kQueries;
  Print("scan, 32 queries, each", batched, faiss_time, 1);
}

// The same graph walked by FAISS and by us, at one beam width.
void RunHnsw(size_t rows, size_t dim, int k, int ef) {
  const Factors vectors = RandomVectors(rows, dim, 1);
  const Factors queries = RandomVectors(kQueries, dim, 2);
  VectorIndexOptions options;
  options.type = VectorIndexOptions::Type::kHnsw;
  options.hnsw_m = 16;
  options.ef_search = ef;
  options.ef_construction = 64;
  options.build_threads = 1;
  const auto index = VectorIndex::Build(vectors, options);
  faiss::IndexHNSWFlat stock(static_cast<int>(dim), options.hnsw_m,
                             faiss::METRIC_INNER_PRODUCT);
  stock.hnsw.efConstruction = options.ef_construction;
  stock.hnsw.efSearch = ef;
  stock.add(static_cast<faiss::Index::idx_t>(rows), vectors.data());
  std::vector<float> scores(static_cast<size_t>(k));
  std::vector<faiss::Index::idx_t> labels(static_cast<size_t>(k));
  const auto theirs = [&](size_t q) {
    stock.search(1, queries.Row(q).data(), k, scores.data(), labels.data());
  };
  double stock_recall = 0;
  for (size_t q = 0; q < kQueries; ++q) {
    theirs(q);
    stock_recall +=
        Agreement(labels, *(*index)->SearchExact(queries.Row(q), k, nullptr));
  }
  std::printf("HNSW, %zu x %zu, top %d, ef %d%13s recall in last column\n",
              rows, dim, k, ef, "");
  const Timing stock_time = Time(321, theirs);
  Print("FAISS IndexHNSWFlat", stock_time, stock_time, stock_recall / kQueries);
  const Timing ours = Time(321, [&](size_t q) {
    (void)(*index)->Search(queries.Row(q), k, nullptr);
  });
  Print("ours", ours, stock_time, *RecallAgainstExact(**index, queries, k));
}

void Dump(const Factors& vectors, const std::string& path) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(vectors.data()),
             static_cast<std::streamsize>(vectors.rows() * vectors.dim() *
                                          sizeof(float)));
}

}  // namespace

int ScanWorkload(int argc, char** argv) {
  if (argc == 5 && std::string(argv[1]) == "dump") {
    const size_t dim = std::strtoull(argv[3], nullptr, 10);
    Dump(RandomVectors(std::strtoull(argv[2], nullptr, 10), dim, 1),
         absl::StrCat(argv[4], "/vectors.f32"));
    Dump(RandomVectors(kQueries, dim, 2),
         absl::StrCat(argv[4], "/queries.f32"));
    return 0;
  }
  omp_set_num_threads(1);
  std::printf("kernels: %s\n",
              std::string(InstructionSetName(ActiveInstructionSet())).c_str());
  if (argc == 2 && std::string(argv[1]) == "hnsw") {
    RunHnsw(20000, 64, 10, 128);
    return 0;
  }
  std::string shape = "isotropic";
  int i = 1;
  if (argc > 1 && !absl::ascii_isdigit(static_cast<unsigned char>(*argv[1]))) {
    shape = argv[i++];
  }
  if (i + 2 >= argc) {
    Run(shape, 100000, 64, 100);
    Run(shape, 1000000, 128, 100);
    return 0;
  }
  for (; i + 2 < argc; i += 3) {
    Run(shape, std::strtoull(argv[i], nullptr, 10),
        std::strtoull(argv[i + 1], nullptr, 10), std::atoi(argv[i + 2]));
  }
  return 0;
}

}  // namespace usher
