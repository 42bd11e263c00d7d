// Speed and quality of implicit ALS on a split file or on made-up data.
//
//   usher-bench als --split=split.csv.gz --evaluate=test --dim=128
//   usher-bench als --users=138000 --items=27000 --entries=18700000 --dim=64
//
// A split file is a gzip CSV: user_id,event_id,part with part train, valid or
// test. With --evaluate=valid the fit sees train; with test, train and valid.
// Ranking is full: all items but those the fit saw of the user.
//
// A sweep's useful operations are those of the textbook, a multiplication and
// an addition counted as two: 4 dim for each stored pair and product with a
// row's matrix (conjugate gradients: one product more than there are steps), or
// dim (dim + 1) for each stored pair and dim^3 / 3 for each row (Cholesky); for
// both, dim (dim + 1) for each row of the Gram matrices. What is computed
// beside, like the turning of the basis, does not count.
#include "trainer/algorithms/als.h"

#include <zlib.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "index/base/cpu.h"
#include "index/base/hash.h"
#include "index/base/parallel.h"
#include "tests/bench/ceilings.h"
#include "tests/bench/workloads.h"

ABSL_FLAG(std::string, split, "", "Gzip CSV; empty makes up data.");
ABSL_FLAG(std::string, evaluate, "", "valid, test or empty.");
ABSL_FLAG(int, judge_every, 1, "Judge one user in so many.");
ABSL_FLAG(std::string, dump, "", "Write the pairs seen, as int32, and stop.");
ABSL_FLAG(int, users, 138000, "Made-up users.");
ABSL_FLAG(int, items, 27000, "Made-up items.");
ABSL_FLAG(int64_t, entries, 18700000, "Made-up draws.");
ABSL_FLAG(int, dim, 64, "");
ABSL_FLAG(int, sweeps, 4, "");
ABSL_FLAG(double, degree_exponent, 0, "");
ABSL_FLAG(double, unobserved_weight, usher::AlsOptions().unobserved_weight, "");
ABSL_FLAG(double, regularization, usher::AlsOptions().regularization, "");
ABSL_FLAG(double, frequency_exponent, 1, "");
ABSL_FLAG(double, init_stddev, usher::AlsOptions().init_stddev, "");
ABSL_FLAG(std::string, solver, "cg", "cg, cholesky or subspaces.");
ABSL_FLAG(int, subspace_dim, usher::AlsOptions().subspace_dim, "");
ABSL_FLAG(int, cg_steps, usher::AlsOptions().cg_steps, "");
ABSL_FLAG(uint64_t, seed, usher::AlsOptions().seed, "");
ABSL_FLAG(int, threads, 0, "");
ABSL_FLAG(bool, objective, false, "Report the objective of each sweep.");
ABSL_FLAG(bool, last_objective, false, "Report that of the last sweep.");
ABSL_FLAG(std::string, judge, "",
          "Report the objective of the factors in this folder (users.f32, "
          "items.f32), and stop.");

namespace usher {
namespace {

struct Data {
  int32_t users = 0;
  int32_t items = 0;
  std::vector<SparseEntry> seen;
  std::vector<std::vector<int32_t>> wanted;  // By user.
};

Data ReadSplit(const std::string& path, const std::string& evaluate) {
  Data data;
  absl::flat_hash_map<std::string, int32_t> users, items;
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    std::fprintf(stderr, "usher-bench als: cannot open %s\n", path.c_str());
    std::exit(1);
  }
  char line[512];
  gzgets(file, line, sizeof(line));
  while (gzgets(file, line, sizeof(line)) != nullptr) {
    const std::vector<absl::string_view> fields =
        absl::StrSplit(absl::StripTrailingAsciiWhitespace(line), ',');
    if (fields.size() != 3) continue;
    const int32_t user =
        users.try_emplace(std::string(fields[0]), users.size()).first->second;
    const int32_t item =
        items.try_emplace(std::string(fields[1]), items.size()).first->second;
    data.wanted.resize(users.size());
    if (fields[2] == evaluate) {
      data.wanted[user].push_back(item);
    } else if (fields[2] == "train" ||
               (fields[2] == "valid" && evaluate == "test")) {
      data.seen.push_back({user, item, 1.0f});
    }
  }
  gzclose(file);
  data.users = static_cast<int32_t>(users.size());
  data.items = static_cast<int32_t>(items.size());
  return data;
}

// Users and items both fall off as a power of their rank. A pair that is drawn
// again counts once.
Data MakeUp(int32_t users, int32_t items, int64_t draws) {
  std::vector<std::pair<int32_t, int32_t>> pairs(draws);
  Random random(7);
  for (auto& [user, item] : pairs) {
    const double u = random.Uniform(), v = random.Uniform();
    user = static_cast<int32_t>(users * u * std::sqrt(u));
    item = static_cast<int32_t>(items * v * v * v);
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  Data data = {users, items, {}, {}};
  data.seen.reserve(pairs.size());
  for (const auto& [user, item] : pairs) data.seen.push_back({user, item, 1});
  return data;
}

// Of one user: {recall@20, ndcg@20}; clobbers `scores`.
std::pair<double, double> Judge(Eigen::Ref<Eigen::RowVectorXf> scores,
                                absl::Span<const int32_t> seen,
                                const std::vector<int32_t>& wanted) {
  constexpr int kTop = 20;
  for (const int32_t item : seen) scores[item] = -1e30f;
  std::vector<int32_t> order(scores.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int32_t>(i);
  std::partial_sort(
      order.begin(), order.begin() + kTop, order.end(),
      [&](int32_t a, int32_t b) { return scores[a] > scores[b]; });
  double hits = 0, gain = 0, best = 0;
  for (int i = 0; i < kTop; ++i) {
    const double discount = 1 / std::log2(i + 2.0);
    if (i < static_cast<int>(wanted.size())) best += discount;
    if (std::count(wanted.begin(), wanted.end(), order[i]) == 0) continue;
    ++hits;
    gain += discount;
  }
  return {hits / wanted.size(), gain / best};
}

void Evaluate(const Data& data, const SparseMatrix& seen,
              const AlsModel& model) {
  using Rows =
      Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const int64_t dim = model.users.dim();
  const Eigen::Map<const Rows> users(model.users.data(), data.users, dim);
  const Eigen::Map<const Rows> items(model.items.data(), data.items, dim);
  const int32_t step = std::max(1, absl::GetFlag(FLAGS_judge_every));
  std::vector<int32_t> asked;
  for (int32_t u = 0; u < data.users; u += step) {
    if (!data.wanted[u].empty()) asked.push_back(u);
  }
  std::vector<std::pair<double, double>> judged(asked.size());
  const int64_t count = static_cast<int64_t>(asked.size());
  ParallelFor(count, 128, 0, [&](int64_t begin, int64_t end) {
    Rows block(end - begin, dim);
    for (int64_t i = begin; i < end; ++i) {
      block.row(i - begin) = users.row(asked[i]);
    }
    Rows scores = block * items.transpose();
    for (int64_t i = begin; i < end; ++i) {
      judged[i] = Judge(scores.row(i - begin), seen.RowColumns(asked[i]),
                        data.wanted[asked[i]]);
    }
  });
  double recall = 0, ndcg = 0;
  for (const auto& [one_recall, one_ndcg] : judged) {
    recall += one_recall;
    ndcg += one_ndcg;
  }
  std::printf("recall@20 %.4f ndcg@20 %.4f users %ld\n", recall / count,
              ndcg / count, static_cast<long>(count));
}

void Dump(const SparseMatrix& seen, const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return;
  for (int32_t row = 0; row < seen.rows(); ++row) {
    for (const int32_t column : seen.RowColumns(row)) {
      const int32_t pair[2] = {row, column};
      std::fwrite(pair, sizeof(pair), 1, file);
    }
  }
  std::fclose(file);
}

Factors ReadFactors(const std::string& path, int64_t rows, int dim) {
  Factors factors(rows, dim);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(factors.mutable_data()),
                 static_cast<std::streamsize>(rows * dim * sizeof(float)))) {
    std::fprintf(stderr, "usher-bench als: %s is not %ld x %d floats\n",
                 path.c_str(), static_cast<long>(rows), dim);
    std::exit(1);
  }
  return factors;
}

// Of one sweep, as the head of this file counts them; 0 for subspaces.
double UsefulFlops(const SparseMatrix& seen, const AlsOptions& options) {
  const double dim = options.dim, entries = seen.entries();
  const double rows = seen.rows() + seen.columns();
  const double grams = rows * dim * (dim + 1);
  switch (options.solver) {
    case AlsSolver::kConjugateGradient:
      return 2 * entries * 4 * dim * (options.cg_steps + 1) + grams;
    case AlsSolver::kCholesky:
      return 2 * entries * dim * (dim + 1) + rows * dim * dim * dim / 3 + grams;
    case AlsSolver::kSubspaces:
      break;
  }
  return 0;
}

AlsOptions OptionsFromFlags() {
  AlsOptions options;
  options.dim = absl::GetFlag(FLAGS_dim);
  options.sweeps = absl::GetFlag(FLAGS_sweeps);
  options.unobserved_weight = absl::GetFlag(FLAGS_unobserved_weight);
  options.regularization = absl::GetFlag(FLAGS_regularization);
  options.degree_exponent = absl::GetFlag(FLAGS_degree_exponent);
  options.frequency_exponent = absl::GetFlag(FLAGS_frequency_exponent);
  options.init_stddev = absl::GetFlag(FLAGS_init_stddev);
  const std::string solver = absl::GetFlag(FLAGS_solver);
  options.solver = solver == "cholesky"    ? AlsSolver::kCholesky
                   : solver == "subspaces" ? AlsSolver::kSubspaces
                                           : AlsSolver::kConjugateGradient;
  options.subspace_dim = absl::GetFlag(FLAGS_subspace_dim);
  options.cg_steps = absl::GetFlag(FLAGS_cg_steps);
  options.seed = absl::GetFlag(FLAGS_seed);
  options.threads = absl::GetFlag(FLAGS_threads);
  options.report_objective = absl::GetFlag(FLAGS_objective);
  return options;
}

int Run() {
  const std::string split = absl::GetFlag(FLAGS_split);
  const Data data =
      split.empty()
          ? MakeUp(absl::GetFlag(FLAGS_users), absl::GetFlag(FLAGS_items),
                   absl::GetFlag(FLAGS_entries))
          : ReadSplit(split, absl::GetFlag(FLAGS_evaluate));
  const SparseMatrix seen =
      *SparseMatrix::FromEntries(data.users, data.items, data.seen);
  std::printf("%d x %d, %ld entries, %s\n", seen.rows(), seen.columns(),
              static_cast<long>(seen.entries()),
              std::string(InstructionSetName(ActiveInstructionSet())).c_str());
  if (const std::string dump = absl::GetFlag(FLAGS_dump); !dump.empty()) {
    Dump(seen, dump);
    return 0;
  }
  const AlsOptions options = OptionsFromFlags();
  if (const std::string judge = absl::GetFlag(FLAGS_judge); !judge.empty()) {
    const AlsModel model = {
        ReadFactors(absl::StrCat(judge, "/users.f32"), data.users, options.dim),
        ReadFactors(absl::StrCat(judge, "/items.f32"), data.items,
                    options.dim)};
    std::printf("objective %.8e\n", AlsObjective(seen, model, options));
    return 0;
  }
  const double flops = UsefulFlops(seen, options);
  double last = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  const absl::StatusOr<AlsModel> model =
      TrainAls(seen, options, [&](const AlsProgress& progress) {
        const double cpu = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
        std::printf(
            "sweep %d seconds %.4f cpu %.4f gflops %.1f objective %.8e\n",
            progress.sweep, progress.seconds, cpu - last,
            flops / (cpu - last) / 1e9, progress.objective.value_or(0));
        std::fflush(stdout);
        last = cpu;
      });
  if (!model.ok()) {
    std::fprintf(stderr, "%s\n", model.status().ToString().c_str());
    return 1;
  }
  std::printf("multiply-adds of one core: gflops %.1f\n", PeakFlops() / 1e9);
  if (absl::GetFlag(FLAGS_last_objective)) {
    std::printf("objective %.8e\n", AlsObjective(seen, *model, options));
  }
  if (!absl::GetFlag(FLAGS_evaluate).empty()) Evaluate(data, seen, *model);
  return 0;
}

}  // namespace

int AlsWorkload(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return Run();
}

}  // namespace usher
