#include "trainer/algorithms/als.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/cpu.h"
#include "index/base/hash.h"
#include "index/model/factor_space.h"
#include "trainer/algorithms/als_kernels.h"

namespace usher {
namespace {

using ::testing::Each;
using ::testing::FloatEq;
using ::testing::HasSubstr;

void Ignore(const AlsProgress&) {}

// Random weights in (0, 2); every row has at least one, but for `empty`.
SparseMatrix RandomMatrix(int rows, int columns, int entries, uint64_t seed,
                          int empty = -1) {
  Random random(seed);
  std::vector<SparseEntry> list;
  for (int i = 0; i < entries; ++i) {
    const int row = i < rows ? i : static_cast<int>(random.Below(rows));
    const int column = static_cast<int>(random.Below(columns));
    if (row == empty) continue;
    list.push_back({row, column, static_cast<float>(2 * random.Uniform())});
  }
  return *SparseMatrix::FromEntries(rows, columns, list);
}

AlsOptions SmallOptions(int dim = 12) {
  AlsOptions options;
  options.dim = dim;
  options.sweeps = 4;
  options.unobserved_weight = 0.05f;
  options.regularization = 0.01f;
  options.threads = 1;
  return options;
}

// Largest difference over the largest magnitude.
double Distance(const Factors& a, const Factors& b) {
  EXPECT_EQ(a.rows(), b.rows());
  EXPECT_EQ(a.dim(), b.dim());
  double difference = 0.0, size = 0.0;
  for (size_t i = 0; i < a.rows() * a.dim(); ++i) {
    difference =
        std::max<double>(difference, std::abs(a.data()[i] - b.data()[i]));
    size = std::max<double>(size, std::abs(a.data()[i]));
  }
  return difference / size;
}

double Score(const AlsModel& model, int user, int item) {
  double score = 0.0;
  for (size_t d = 0; d < model.users.dim(); ++d) {
    score += model.users.Row(user)[d] * model.items.Row(item)[d];
  }
  return score;
}

// Residual of a row's normal equations, in double, over the right side.
double Residual(const SparseMatrix& matrix, int row, const Factors& x,
                const Factors& y, const AlsOptions& options) {
  const int dim = static_cast<int>(x.dim());
  Eigen::MatrixXd system = Eigen::MatrixXd::Zero(dim, dim);
  Eigen::VectorXd right = Eigen::VectorXd::Zero(dim);
  const auto factor = [dim](const Factors& factors, size_t at) {
    return Eigen::VectorXd(
        Eigen::Map<const Eigen::VectorXf>(factors.Row(at).data(), dim)
            .cast<double>());
  };
  for (size_t i = 0; i < y.rows(); ++i) {
    const Eigen::VectorXd yi = factor(y, i);
    system += options.unobserved_weight * yi * yi.transpose();
  }
  for (int64_t i = 0; i < matrix.RowSize(row); ++i) {
    const Eigen::VectorXd yi = factor(y, matrix.RowColumns(row)[i]);
    const double weight = matrix.RowValues(row)[i];
    system += weight * yi * yi.transpose();
    right += weight * yi;
  }
  const double frequency = static_cast<double>(matrix.RowSize(row)) +
                           options.unobserved_weight * matrix.columns();
  system.diagonal().array() +=
      options.regularization * std::pow(frequency, options.frequency_exponent);
  return (system * factor(x, row) - right).norm() / right.norm();
}

class AlsDimTest : public testing::TestWithParam<int> {};

// Items are solved last, against the users that are returned.
TEST_P(AlsDimTest, SolvedRowsSatisfyTheirNormalEquations) {
  for (const float exponent : {0.0f, 0.5f, 1.0f}) {
    AlsOptions options = SmallOptions(GetParam());
    options.solver = AlsSolver::kCholesky;
    options.frequency_exponent = exponent;
    const SparseMatrix matrix = RandomMatrix(80, 50, 900, 2);
    const AlsModel model = *TrainAls(matrix, options, Ignore);
    const SparseMatrix transposed = matrix.Transposed();
    for (int item = 0; item < 50; ++item) {
      EXPECT_LT(Residual(transposed, item, model.items, model.users, options),
                2e-4)
          << item;
    }
  }
}

TEST_P(AlsDimTest, ManyConjugateGradientStepsEqualCholesky) {
  AlsOptions options = SmallOptions(GetParam());
  const SparseMatrix matrix = RandomMatrix(80, 50, 900, 3);
  options.solver = AlsSolver::kCholesky;
  const AlsModel exact = *TrainAls(matrix, options, Ignore);
  options.solver = AlsSolver::kConjugateGradient;
  options.cg_steps = 100;
  const AlsModel iterated = *TrainAls(matrix, options, Ignore);
  EXPECT_LT(Distance(exact.users, iterated.users), 2e-3);
  EXPECT_LT(Distance(exact.items, iterated.items), 2e-3);
}

INSTANTIATE_TEST_SUITE_P(Dims, AlsDimTest,
                         testing::Values(1, 3, 8, 13, 16, 33, 64, 100));

TEST(AlsTest, SubspacesNeverRaiseTheObjectiveAndEndNearTheExactSolver) {
  AlsOptions options = SmallOptions(40);
  options.sweeps = 12;
  options.report_objective = true;
  const SparseMatrix matrix = RandomMatrix(80, 50, 900, 2);
  std::vector<double> exact, told;
  options.solver = AlsSolver::kCholesky;
  ASSERT_TRUE(TrainAls(matrix, options, [&](const AlsProgress& at) {
                exact.push_back(*at.objective);
              }).ok());
  options.solver = AlsSolver::kSubspaces;
  options.subspace_dim = 16;
  ASSERT_TRUE(TrainAls(matrix, options, [&](const AlsProgress& at) {
                told.push_back(*at.objective);
              }).ok());
  for (size_t i = 1; i < told.size(); ++i) {
    EXPECT_LE(told[i], told[i - 1] * (1 + 1e-6));
  }
  EXPECT_NEAR(told.back(), exact.back(), 0.02 * exact.back());
}

TEST(AlsTest, AFoldInIsTheRowThatTrainingSolved) {
  AlsOptions options = SmallOptions(8);
  options.solver = AlsSolver::kCholesky;
  for (const float exponent : {0.0f, 0.3f}) {
    options.degree_exponent = exponent;
    const SparseMatrix matrix = RandomMatrix(80, 50, 900, 2);
    const AlsModel model = *TrainAls(matrix, options, Ignore);
    // Items are solved last: here they are the rows.
    const SparseMatrix items = matrix.Transposed();
    std::vector<float> observations;
    for (int user = 0; user < matrix.rows(); ++user) {
      observations.push_back(static_cast<float>(matrix.RowSize(user)));
    }
    const FactorSpace space(Factors(), model.users, observations,
                            FoldInOptions(items, options));
    for (int item = 0; item < items.rows(); ++item) {
      std::vector<WeightedItem> history;
      for (int64_t i = 0; i < items.RowSize(item); ++i) {
        history.push_back(
            {items.RowColumns(item)[i], items.RowValues(item)[i]});
      }
      const std::vector<float> folded = space.FoldIn(history);
      for (size_t d = 0; d < folded.size(); ++d) {
        EXPECT_NEAR(folded[d], model.items.Row(item)[d], 2e-3) << item;
      }
    }
  }
}

TEST(AlsTest, WeightsByDegreeAreThoseOfAWeightedMatrix) {
  AlsOptions options = SmallOptions(8);
  options.report_objective = true;
  const SparseMatrix matrix = RandomMatrix(80, 50, 900, 2);
  std::vector<double> told;
  const auto keep = [&](const AlsProgress& at) {
    told.push_back(*at.objective);
  };
  const AlsModel by_hand =
      *TrainAls(matrix.WeightedByDegree(0.3f), options, keep);
  options.degree_exponent = 0.3f;
  const AlsModel model = *TrainAls(matrix, options, Ignore);
  EXPECT_EQ(Distance(by_hand.items, model.items), 0);
  EXPECT_EQ(AlsObjective(matrix, model, options), told.back());
}

TEST(AlsTest, CholeskyNeverRaisesTheObjective) {
  AlsOptions options = SmallOptions();
  options.solver = AlsSolver::kCholesky;
  options.sweeps = 12;
  options.report_objective = true;
  double last = INFINITY;
  int sweeps = 0;
  ASSERT_TRUE(TrainAls(RandomMatrix(200, 90, 2500, 4), options,
                       [&](const AlsProgress& progress) {
                         EXPECT_EQ(progress.sweep, ++sweeps);
                         ASSERT_TRUE(progress.objective.has_value());
                         EXPECT_LE(*progress.objective, last * (1 + 1e-7));
                         last = *progress.objective;
                       })
                  .ok());
  EXPECT_EQ(sweeps, 12);
}

TEST(AlsTest, ObjectiveEqualsTheSumOverAllPairs) {
  AlsOptions options = SmallOptions(5);
  const SparseMatrix matrix = RandomMatrix(20, 15, 60, 5);
  const AlsModel model = *TrainAls(matrix, options, Ignore);
  double expected = 0.0;
  std::vector<int> seen(15, 0);
  for (int u = 0; u < 20; ++u) {
    for (int i = 0; i < 15; ++i) {
      expected += options.unobserved_weight * std::pow(Score(model, u, i), 2);
    }
    for (int64_t e = 0; e < matrix.RowSize(u); ++e) {
      const int i = matrix.RowColumns(u)[e];
      ++seen[i];
      expected += matrix.RowValues(u)[e] * std::pow(1 - Score(model, u, i), 2);
    }
    for (const float x : model.users.Row(u)) {
      expected += x * x * 0.01 * (matrix.RowSize(u) + 0.05 * 15);
    }
  }
  for (int i = 0; i < 15; ++i) {
    for (const float y : model.items.Row(i)) {
      expected += y * y * 0.01 * (seen[i] + 0.05 * 20);
    }
  }
  EXPECT_NEAR(AlsObjective(matrix, model, options), expected, 1e-5 * expected);
}

TEST(AlsTest, SameSeedGivesSameBitsAtAnyThreadCount) {
  const SparseMatrix matrix = RandomMatrix(700, 300, 9000, 6);
  for (const AlsSolver solver : {AlsSolver::kConjugateGradient,
                                 AlsSolver::kCholesky, AlsSolver::kSubspaces}) {
    AlsOptions options = SmallOptions(40);
    options.subspace_dim = 16;
    options.solver = solver;
    const AlsModel one = *TrainAls(matrix, options, Ignore);
    for (const int threads : {2, 3}) {
      options.threads = threads;
      const AlsModel many = *TrainAls(matrix, options, Ignore);
      EXPECT_EQ(std::memcmp(one.users.data(), many.users.data(),
                            700 * 40 * sizeof(float)),
                0);
      EXPECT_EQ(std::memcmp(one.items.data(), many.items.data(),
                            300 * 20 * sizeof(float)),
                0);
    }
    options.seed = 2;
    EXPECT_GT(Distance(one.users, TrainAls(matrix, options, Ignore)->users),
              0.01);
  }
}

// At this width the cache holds fewer factors than most users have entries.
TEST(AlsTest, RowsSolvedTogetherHaveTheSameBitsAtAnyThreadCount) {
  const SparseMatrix matrix = RandomMatrix(40, 900, 40000, 6);
  AlsOptions options = SmallOptions(500);
  options.sweeps = 1;
  const AlsModel one = *TrainAls(matrix, options, Ignore);
  options.threads = 3;
  const AlsModel many = *TrainAls(matrix, options, Ignore);
  EXPECT_EQ(Distance(one.users, many.users), 0);
  EXPECT_EQ(Distance(one.items, many.items), 0);
}

TEST(AlsTest, RowsWithoutEntriesAreZero) {
  const SparseMatrix matrix = RandomMatrix(60, 500, 200, 7, /*empty=*/17);
  const AlsModel model = *TrainAls(matrix, SmallOptions(), Ignore);
  EXPECT_THAT(model.users.Row(17), Each(0.0f));
  const SparseMatrix transposed = matrix.Transposed();
  int empty = 0;
  for (int item = 0; item < 500; ++item) {
    if (transposed.RowSize(item) > 0) continue;
    ++empty;
    EXPECT_THAT(model.items.Row(item), Each(0.0f));
  }
  EXPECT_GT(empty, 0);
}

// One user, one item, one factor: x and y solve
// (a y^2 + w y^2 + r) x = w y, by hand.
TEST(AlsTest, SingleEntrySolvesTheScalarEquation) {
  AlsOptions options = SmallOptions(1);
  options.sweeps = 200;
  options.regularization = 0.3f;
  const SparseMatrix matrix = *SparseMatrix::FromEntries(1, 1, {{0, 0, 2.0f}});
  const double ridge = 0.3 * (1 + 0.05);
  // Conjugate gradients read factors in half precision, 2^-11 off at most.
  for (const auto& [solver, error] :
       {std::pair(AlsSolver::kCholesky, 1e-4),
        std::pair(AlsSolver::kConjugateGradient, 3e-4)}) {
    options.solver = solver;
    const AlsModel model = *TrainAls(matrix, options, Ignore);
    // Symmetric in x and y, so x y = (w - r) / (a + w) at the minimum.
    EXPECT_NEAR(Score(model, 0, 0), (2.0 - ridge) / 2.05, error);
  }
}

TEST(AlsTest, DoublingAllWeightsAndDoublingAllTermsIsTheSameFit) {
  AlsOptions options = SmallOptions();
  options.frequency_exponent = 0.0f;
  options.solver = AlsSolver::kCholesky;
  const SparseMatrix once = RandomMatrix(60, 40, 500, 8);
  std::vector<SparseEntry> entries;
  for (int row = 0; row < 60; ++row) {
    for (int64_t i = 0; i < once.RowSize(row); ++i) {
      entries.push_back(
          {row, once.RowColumns(row)[i], 2 * once.RowValues(row)[i]});
    }
  }
  const SparseMatrix twice = *SparseMatrix::FromEntries(60, 40, entries);
  const AlsModel a = *TrainAls(once, options, Ignore);
  options.unobserved_weight *= 2;
  options.regularization *= 2;
  EXPECT_LT(Distance(a.users, TrainAls(twice, options, Ignore)->users), 1e-3);
}

// Users of a block saw a random half of its items; the rest must be scored
// above every item of the other blocks.
TEST(AlsTest, PlantedBlocksAreRecovered) {
  constexpr int kBlocks = 4, kUsers = 100, kItems = 40;
  Random random(9);
  std::vector<SparseEntry> entries;
  for (int u = 0; u < kUsers; ++u) {
    for (int i = 0; i < kItems; ++i) {
      if (u % kBlocks == i % kBlocks && random.Uniform() < 0.5) {
        entries.push_back({u, i, 1.0f});
      }
    }
  }
  AlsOptions options = SmallOptions(kBlocks);
  options.sweeps = 10;
  const AlsModel model = *TrainAls(
      *SparseMatrix::FromEntries(kUsers, kItems, entries), options, Ignore);
  for (int u = 0; u < kUsers; ++u) {
    double worst_inside = 1.0, best_outside = 0.0;
    for (int i = 0; i < kItems; ++i) {
      const double score = Score(model, u, i);
      if (u % kBlocks == i % kBlocks) {
        worst_inside = std::min(worst_inside, score);
      } else {
        best_outside = std::max(best_outside, score);
      }
    }
    EXPECT_GT(worst_inside, best_outside + 0.5) << u;
  }
}

TEST(AlsTest, BadOptionsAreRejectedByName) {
  const SparseMatrix matrix = RandomMatrix(10, 10, 30, 10);
  const auto message = [&](auto change) {
    AlsOptions options = SmallOptions();
    change(options);
    return std::string(TrainAls(matrix, options, Ignore).status().message());
  };
  EXPECT_THAT(message([](AlsOptions& o) { o.dim = 0; }),
              HasSubstr("dim is 0; it must be 1 to 512"));
  EXPECT_THAT(message([](AlsOptions& o) { o.sweeps = 0; }),
              HasSubstr("sweeps"));
  EXPECT_THAT(message([](AlsOptions& o) { o.unobserved_weight = -1; }),
              HasSubstr("unobserved_weight is -1"));
  EXPECT_THAT(message([](AlsOptions& o) { o.regularization = 0; }),
              HasSubstr("regularization is 0"));
  EXPECT_THAT(message([](AlsOptions& o) { o.regularization = NAN; }),
              HasSubstr("regularization is nan"));
  EXPECT_THAT(message([](AlsOptions& o) { o.frequency_exponent = 3; }),
              HasSubstr("frequency_exponent"));
  EXPECT_THAT(message([](AlsOptions& o) { o.cg_steps = 0; }),
              HasSubstr("cg_steps"));
  EXPECT_THAT(message([](AlsOptions& o) { o.subspace_dim = 24; }),
              HasSubstr("subspace_dim is 24"));
  EXPECT_THAT(message([](AlsOptions& o) { o.degree_exponent = -1; }),
              HasSubstr("degree_exponent"));
  EXPECT_THAT(message([](AlsOptions& o) { o.init_stddev = 0; }),
              HasSubstr("init_stddev"));
  EXPECT_THAT(message([](AlsOptions& o) { o.threads = -1; }),
              HasSubstr("threads is -1"));
  EXPECT_THAT(
      TrainAls(SparseMatrix(), SmallOptions(), Ignore).status().message(),
      HasSubstr("has no entries"));
}

// Of a number in half precision.
float FloatOf(uint16_t half) {
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  const double size = exponent == 0
                          ? std::ldexp(fraction, -24)
                          : std::ldexp(1024 + fraction, exponent - 25);
  return static_cast<float>(half >> 15 ? -size : size);
}

// One row's problem over random factors, for the kernels alone.
struct RowProblem {
  RowProblem(int stride, int count, uint64_t seed) : stride(stride) {
    Random random(seed);
    for (int i = 0; i < 400 * stride; ++i) {
      factors.push_back(static_cast<float>(random.Normal()));
    }
    for (int d = 0; d < stride; ++d) {
      spectrum.push_back(400 * static_cast<float>(random.Uniform()));
    }
    for (int i = 0; i < count; ++i) {
      columns.push_back(static_cast<int32_t>(random.Below(400)));
      roots.push_back(static_cast<float>(random.Uniform()));
    }
    PackFactors();
    block.resize(AlsScratchFloats(stride));
    vectors.resize(8 * stride);
    matrix.resize(stride * stride);
  }
  // Rounds the factors to what half precision holds.
  void PackFactors() {
    constexpr float kUnit = 0x1p-10f;
    halves.resize(factors.size());
    norms.resize(400);
    AlsKernelsFor(InstructionSet::kPortable)
        .pack(factors.data(), 400, stride, kUnit, halves.data(), norms.data());
    for (size_t i = 0; i < factors.size(); ++i) {
      factors[i] = kUnit * FloatOf(halves[i]);
    }
  }
  AlsRowSystem System() const {
    float trace = 0;
    for (const float value : spectrum) trace += value;
    return {factors.data(),
            halves.data(),
            norms.data(),
            0x1p-10f,
            spectrum.data(),
            columns.data(),
            roots.data(),
            static_cast<int64_t>(columns.size()),
            stride,
            0.1f,
            2.0f,
            trace,
            nullptr,
            0,
            nullptr};
  }
  AlsScratch Scratch() { return {block.data(), vectors.data(), matrix.data()}; }

  int stride;
  std::vector<float> factors, norms, spectrum, roots, block, vectors, matrix;
  std::vector<uint16_t> halves;
  std::vector<int32_t> columns;
};

std::vector<InstructionSet> SetsOfThisMachine() {
  std::vector<InstructionSet> sets;
  for (const InstructionSet set :
       {InstructionSet::kPortable, InstructionSet::kAvx2,
        InstructionSet::kAvx512}) {
    if (set <= ActiveInstructionSet()) sets.push_back(set);
  }
  return sets;
}

struct ExactSystem {
  Eigen::MatrixXd matrix;
  Eigen::VectorXd right;
};

ExactSystem SystemOf(const RowProblem& row, int stride, int count) {
  ExactSystem system = {Eigen::MatrixXd::Zero(stride, stride),
                        Eigen::VectorXd::Zero(stride)};
  for (int d = 0; d < stride; ++d) {
    system.matrix(d, d) = 0.1 * row.spectrum[d] + 2.0;
  }
  for (int i = 0; i < count; ++i) {
    const Eigen::VectorXd f =
        Eigen::Map<const Eigen::VectorXf>(
            row.factors.data() + row.columns[i] * stride, stride)
            .cast<double>();
    const double root = row.roots[i];
    system.matrix += root * root * f * f.transpose();
    system.right += root * root * f;
  }
  return system;
}

TEST(AlsKernelsTest, EveryInstructionSetSolvesEveryRowLength) {
  for (const InstructionSet set : SetsOfThisMachine()) {
    const AlsKernels& kernels = AlsKernelsFor(set);
    for (const int stride : {16, 32, 48, 64, 112, 256}) {
      for (const int count : {1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 203, 517}) {
        RowProblem row(stride, count, stride + count);
        const ExactSystem system = SystemOf(row, stride, count);
        const Eigen::VectorXd exact = system.matrix.llt().solve(system.right);
        const auto error = [&](const std::vector<float>& x) {
          return (Eigen::Map<const Eigen::VectorXf>(x.data(), stride)
                      .cast<double>() -
                  exact)
                     .norm() /
                 exact.norm();
        };
        std::vector<float> x(stride, 0.5f);
        EXPECT_TRUE(kernels.cholesky(row.System(), row.Scratch(), x.data()));
        EXPECT_LT(error(x), 1e-4)
            << InstructionSetName(set) << " " << stride << " " << count;
        x.assign(stride, 0.05f);
        kernels.conjugate_gradient(row.System(), 200, row.Scratch(), x.data());
        EXPECT_LT(error(x), 1e-4)
            << InstructionSetName(set) << " " << stride << " " << count;
      }
    }
  }
}

// With more factors than a batch passes over at once, at the widest.
TEST(AlsKernelsTest, ABatchSolvesEachOfItsRows) {
  for (const InstructionSet set : SetsOfThisMachine()) {
    for (const int stride : {16, 48, 256, 512}) {
      std::vector<RowProblem> rows;
      for (const int count : {1, 4, 5, 8, 9, 31, 203, 517}) {
        rows.emplace_back(stride, count, stride);
        std::sort(rows.back().columns.begin(), rows.back().columns.end());
      }
      std::vector<AlsRowSystem> systems;
      std::vector<std::vector<float>> x(rows.size(),
                                        std::vector<float>(stride, 0.05f));
      std::vector<float*> at;
      for (size_t i = 0; i < rows.size(); ++i) {
        systems.push_back(rows[i].System());
        systems.back().factors = rows[0].factors.data();
        systems.back().norms = rows[0].norms.data();
        systems.back().spectrum = rows[0].spectrum.data();
        at.push_back(x[i].data());
      }
      AlsKernelsFor(set).conjugate_gradients(systems.data(), at.data(),
                                             static_cast<int>(rows.size()), 200,
                                             rows[0].Scratch());
      for (size_t i = 0; i < rows.size(); ++i) {
        const ExactSystem exact =
            SystemOf(rows[i], stride, static_cast<int>(rows[i].columns.size()));
        const Eigen::VectorXd expected = exact.matrix.llt().solve(exact.right);
        EXPECT_LT((Eigen::Map<const Eigen::VectorXf>(x[i].data(), stride)
                       .cast<double>() -
                   expected)
                      .norm(),
                  1e-4 * expected.norm())
            << InstructionSetName(set) << " " << stride << " " << i;
      }
    }
  }
}

TEST(AlsKernelsTest, PackRoundsToTheNearestHalf) {
  constexpr int kStride = 16;
  std::vector<float> rows;
  for (int half = 0; half < 0x7bff; ++half) {
    const float low = FloatOf(half), high = FloatOf(half + 1);
    const float middle = (low + high) / 2;
    rows.insert(rows.end(), {low, -low, std::nextafter(middle, low),
                             std::nextafter(middle, high)});
  }
  rows.resize(rows.size() / kStride * kStride);
  const int64_t count = static_cast<int64_t>(rows.size()) / kStride;
  for (const InstructionSet set : SetsOfThisMachine()) {
    std::vector<uint16_t> halves(rows.size());
    std::vector<float> norms(count);
    AlsKernelsFor(set).pack(rows.data(), count, kStride, 1.0f, halves.data(),
                            norms.data());
    for (size_t i = 0; i < rows.size(); i += 4) {
      const int half = static_cast<int>(i / 4);
      ASSERT_EQ(halves[i], half) << InstructionSetName(set);
      ASSERT_EQ(halves[i + 1], half | 0x8000) << InstructionSetName(set);
      ASSERT_EQ(halves[i + 2], half) << InstructionSetName(set);
      ASSERT_EQ(halves[i + 3], half + 1) << InstructionSetName(set);
    }
    for (int64_t i = 0; i < count; ++i) {
      double norm = 0;
      for (int d = 0; d < kStride; ++d) {
        norm += std::pow(rows[i * kStride + d], 2);
      }
      EXPECT_NEAR(norms[i], norm, 1e-5 * norm);
    }
  }
}

TEST(AlsKernelsTest, APassOverSubspacesIsABlockGaussSeidelStep) {
  for (const InstructionSet set : SetsOfThisMachine()) {
    for (const auto& [stride, width] :
         {std::pair(32, 16), std::pair(48, 16), std::pair(112, 32),
          std::pair(256, 64), std::pair(32, 32)}) {
      for (const int count : {1, 4, 7, 64, 203, 517}) {
        RowProblem row(stride, count, stride + count);
        const ExactSystem exact = SystemOf(row, stride, count);
        Eigen::VectorXd expected = Eigen::VectorXd::Constant(stride, 0.05);
        for (int first = 0; first < stride; first += width) {
          const int size = std::min(width, stride - first);
          const Eigen::VectorXd miss = exact.right - exact.matrix * expected;
          expected.segment(first, size) +=
              exact.matrix.block(first, first, size, size)
                  .llt()
                  .solve(miss.segment(first, size));
        }
        std::vector<float> x(stride, 0.05f);
        EXPECT_TRUE(AlsKernelsFor(set).subspaces(row.System(), width,
                                                 row.Scratch(), x.data()));
        for (int d = 0; d < stride; ++d) {
          EXPECT_NEAR(x[d], expected[d], 1e-4 * expected.norm())
              << InstructionSetName(set) << " " << stride << " " << count;
        }
      }
    }
  }
}

TEST(AlsKernelsTest, InstructionSetsAgreeWithinRounding) {
  for (const InstructionSet set : SetsOfThisMachine()) {
    for (const int count : {3, 40, 300}) {
      RowProblem row(64, count, count);
      std::vector<float> a(64, 0.1f), b(64, 0.1f);
      AlsKernelsFor(InstructionSet::kPortable)
          .conjugate_gradient(row.System(), 3, row.Scratch(), a.data());
      AlsKernelsFor(set).conjugate_gradient(row.System(), 3, row.Scratch(),
                                            b.data());
      for (int d = 0; d < 64; ++d) EXPECT_NEAR(a[d], b[d], 2e-5);
    }
  }
}

TEST(AlsKernelsTest, CholeskyReportsASingularSystem) {
  RowProblem row(16, 0, 1);
  AlsRowSystem system = row.System();
  system.ridge = 0.0f;
  system.unobserved_weight = 0.0f;
  std::vector<float> x(16);
  EXPECT_FALSE(AlsKernelsFor(ActiveInstructionSet())
                   .cholesky(system, row.Scratch(), x.data()));
}

TEST(AlsKernelsTest, GramAndMultiplyEqualTheNaiveLoops) {
  for (const InstructionSet set : SetsOfThisMachine()) {
    for (const int rows : {1, 5, 97, 400}) {
      constexpr int kStride = 48;
      RowProblem row(kStride, 1, 3);
      std::vector<float> gram(kStride * kStride, 1.0f);
      AlsKernelsFor(set).gram(row.factors.data(), rows, kStride, gram.data());
      std::vector<float> panels(kStride * kStride);
      for (int i = 0; i < kStride; ++i) {
        for (int j = 0; j < kStride; ++j) {
          panels[j / kAlsLanes * kAlsLanes * kStride + i * kAlsLanes +
                 j % kAlsLanes] = row.factors[i * kStride + j];
        }
      }
      std::vector<float> product(rows * kStride);
      AlsKernelsFor(set).multiply(row.factors.data(), rows, kStride,
                                  panels.data(), product.data());
      for (int i = 0; i < kStride; ++i) {
        for (int j = i; j < kStride; ++j) {
          double sum = 1.0;
          for (int r = 0; r < rows; ++r) {
            sum += row.factors[r * kStride + i] * row.factors[r * kStride + j];
          }
          EXPECT_NEAR(gram[i * kStride + j], sum, 1e-3);
        }
        for (int r = 0; r < rows; ++r) {
          double sum = 0.0;
          for (int d = 0; d < kStride; ++d) {
            sum += row.factors[r * kStride + d] * row.factors[d * kStride + i];
          }
          EXPECT_NEAR(product[r * kStride + i], sum, 1e-4);
        }
      }
    }
  }
}

}  // namespace
}  // namespace usher
