#include "trainer/algorithms/logistic_mf.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr int64_t kLogisticBlock = 128;
// Of all pairs of a row, in one step.
constexpr int64_t kFewestDrawn = 32;
constexpr int64_t kMostDrawn = 512;
constexpr float kFirstSquares = 1e-8f;

float LogitOf(absl::Span<const float> a, absl::Span<const float> b) {
  float sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

float Logistic(float logit) { return 1 / (1 + std::exp(-logit)); }

double Softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

// One side of the alternation. Its constant column stays 1.
class LogisticSide {
 public:
  LogisticSide(size_t rows, size_t dim, size_t constant, uint64_t seed)
      : rows_(rows, dim + 2), squares_(rows, dim + 2), constant_(constant) {
    for (size_t row = 0; row < rows; ++row) {
      Random random(Mix64(seed ^ Mix64(row)));
      const absl::Span<float> values = rows_.MutableRow(row);
      for (size_t i = 0; i < dim; ++i) {
        values[i] = static_cast<float>(random.Normal()) / 10;
      }
      values[constant] = 1;
    }
  }

  void Step(const SparseMatrix& matrix, const LogisticSide& other,
            const LogisticMfOptions& options, uint64_t seed) {
    ParallelFor(matrix.rows(), kLogisticBlock, options.threads,
                [&](int64_t begin, int64_t end) {
                  for (int64_t row = begin; row < end; ++row) {
                    StepRow(matrix, static_cast<int32_t>(row), other.rows_,
                            options, seed);
                  }
                });
  }

  Factors Take() { return std::move(rows_); }

 private:
  void StepRow(const SparseMatrix& matrix, int32_t row, const Factors& others,
               const LogisticMfOptions& options, uint64_t seed) {
    const absl::Span<float> values = rows_.MutableRow(row);
    std::vector<float> slope(values.size(), 0.0f);
    const auto add = [&](size_t other, float weight, bool stored) {
      const absl::Span<const float> y = others.Row(other);
      const float p = Logistic(LogitOf(values, y));
      const float scale = stored ? weight * (1 - p) : -weight * p;
      for (size_t i = 0; i < slope.size(); ++i) slope[i] += scale * y[i];
    };
    const absl::Span<const int32_t> columns = matrix.RowColumns(row);
    const absl::Span<const float> weights = matrix.RowValues(row);
    for (size_t i = 0; i < columns.size(); ++i) {
      add(columns[i], options.confidence * weights[i], true);
    }
    Random random(Mix64(seed ^ Mix64(static_cast<uint64_t>(row))));
    const float all = options.negatives * static_cast<float>(matrix.entries()) /
                      static_cast<float>(matrix.rows());
    const int64_t drawn =
        std::clamp(2 * matrix.RowSize(row), kFewestDrawn, kMostDrawn);
    for (int64_t i = 0; i < drawn; ++i) {
      add(random.Below(others.rows()), all / static_cast<float>(drawn), false);
    }
    const absl::Span<float> squares = squares_.MutableRow(row);
    const size_t dim = values.size() - 2;
    for (size_t i = 0; i < values.size(); ++i) {
      if (i == constant_) continue;
      if (i < dim) slope[i] -= options.regularization * values[i];
      squares[i] += slope[i] * slope[i];
      values[i] +=
          options.rate * slope[i] / std::sqrt(kFirstSquares + squares[i]);
    }
  }

  Factors rows_;
  Factors squares_;
  size_t constant_;
};

}  // namespace

absl::Status ValidateLogisticMfOptions(const LogisticMfOptions& options) {
  if (options.dim < 1 || options.dim > 512 || options.sweeps < 1 ||
      options.sweeps > 1000) {
    return absl::InvalidArgumentError(
        absl::StrCat("logistic_mf: dim is ", options.dim, " and sweeps ",
                     options.sweeps, "; choose 1 to 512 and 1 to 1000"));
  }
  if (!(options.confidence > 0) || !(options.negatives > 0) ||
      !(options.negatives <= 1000) || !(options.rate > 0) ||
      !(options.regularization >= 0) ||
      !std::isfinite(options.confidence + options.regularization +
                     options.rate)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "logistic_mf: confidence ", options.confidence, ", negatives ",
        options.negatives, ", rate ", options.rate, ", regularization ",
        options.regularization,
        ": all must be finite, the first three above 0, negatives at most "
        "1000"));
  }
  return absl::OkStatus();
}

absl::StatusOr<LogisticMfModel> TrainLogisticMf(
    const SparseMatrix& user_item, const LogisticMfOptions& options,
    absl::FunctionRef<void(int sweep)> progress) {
  RETURN_IF_ERROR(ValidateLogisticMfOptions(options));
  if (user_item.entries() == 0) {
    return absl::InvalidArgumentError(
        "logistic_mf: the matrix is empty: nobody liked anything");
  }
  const SparseMatrix item_user = user_item.Transposed();
  const auto dim = static_cast<size_t>(options.dim);
  LogisticSide users(user_item.rows(), dim, dim, Mix64(options.seed));
  LogisticSide items(user_item.columns(), dim, dim + 1,
                     Mix64(options.seed + 1));
  for (int sweep = 1; sweep <= options.sweeps; ++sweep) {
    const uint64_t seed = Mix64(options.seed ^ Mix64(2 * sweep));
    users.Step(user_item, items, options, seed);
    items.Step(item_user, users, options, Mix64(seed));
    progress(sweep);
  }
  return LogisticMfModel{users.Take(), items.Take()};
}

float LogisticUnobserved(const SparseMatrix& user_item,
                         const LogisticMfOptions& options) {
  return options.negatives * static_cast<float>(user_item.entries()) /
         static_cast<float>(std::max(1, user_item.rows()));
}

double LogisticMfPosterior(const SparseMatrix& user_item,
                           const LogisticMfModel& model,
                           const LogisticMfOptions& options) {
  const double a = LogisticUnobserved(user_item, options) /
                   static_cast<double>(std::max(1, user_item.columns()));
  double sum = 0;
  for (int32_t user = 0; user < user_item.rows(); ++user) {
    const absl::Span<const float> x = model.users.Row(user);
    for (size_t item = 0; item < model.items.rows(); ++item) {
      sum -= a * Softplus(LogitOf(x, model.items.Row(item)));
    }
    const absl::Span<const int32_t> columns = user_item.RowColumns(user);
    for (size_t i = 0; i < columns.size(); ++i) {
      const double logit = LogitOf(x, model.items.Row(columns[i]));
      sum += options.confidence * user_item.RowValues(user)[i] *
             (logit - Softplus(logit));
    }
  }
  for (const Factors* side : {&model.users, &model.items}) {
    for (size_t row = 0; row < side->rows(); ++row) {
      const absl::Span<const float> values = side->Row(row);
      for (size_t i = 0; i + 2 < values.size(); ++i) {
        sum -= options.regularization / 2 * values[i] * values[i];
      }
    }
  }
  return sum;
}

}  // namespace usher
