#include <numeric>
#include <vector>

#include "index/base/parallel.h"
#include "trainer/algorithms/als.h"

namespace usher {
namespace {

double Dot(absl::Span<const float> a, absl::Span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// Sums `term(row)` over rows; the same at any thread count.
double SumRows(int64_t rows, int threads,
               absl::FunctionRef<double(int64_t row)> term) {
  constexpr int64_t kBlock = 256;
  std::vector<double> sums((rows + kBlock - 1) / kBlock, 0.0);
  ParallelFor(rows, kBlock, threads, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      sums[begin / kBlock] += term(row);
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

std::vector<double> Gram(const Factors& factors) {
  const size_t dim = factors.dim();
  std::vector<double> gram(dim * dim, 0.0);
  for (size_t row = 0; row < factors.rows(); ++row) {
    const absl::Span<const float> f = factors.Row(row);
    for (size_t i = 0; i < dim; ++i) {
      for (size_t j = 0; j < dim; ++j) {
        gram[i * dim + j] += static_cast<double>(f[i]) * f[j];
      }
    }
  }
  return gram;
}

}  // namespace

double AlsObjective(const SparseMatrix& user_item, const AlsModel& model,
                    const AlsOptions& options) {
  if (options.degree_exponent > 0) {
    AlsOptions plain = options;
    plain.degree_exponent = 0;
    return AlsObjective(user_item.WeightedByDegree(options.degree_exponent),
                        model, plain);
  }
  const double users =
      SumRows(user_item.rows(), options.threads, [&](int64_t u) {
        const absl::Span<const float> x = model.users.Row(u);
        const absl::Span<const int32_t> columns = user_item.RowColumns(u);
        const absl::Span<const float> weights = user_item.RowValues(u);
        double loss = 0.0;
        for (size_t i = 0; i < columns.size(); ++i) {
          const double miss = 1.0 - Dot(x, model.items.Row(columns[i]));
          loss += weights[i] * miss * miss;
        }
        return loss + Dot(x, x) * AlsRidge(options, columns.size(),
                                           user_item.columns());
      });
  std::vector<int64_t> counts(user_item.columns(), 0);
  for (int32_t u = 0; u < user_item.rows(); ++u) {
    for (const int32_t i : user_item.RowColumns(u)) ++counts[i];
  }
  const double items =
      SumRows(user_item.columns(), options.threads, [&](int64_t i) {
        const absl::Span<const float> y = model.items.Row(i);
        return Dot(y, y) * AlsRidge(options, counts[i], user_item.rows());
      });
  const std::vector<double> x = Gram(model.users);
  const std::vector<double> y = Gram(model.items);
  return users + items +
         options.unobserved_weight *
             std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}

}  // namespace usher
