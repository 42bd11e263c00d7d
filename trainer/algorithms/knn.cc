#include "trainer/algorithms/knn.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr int kMostNeighbours = 10'000;
constexpr int64_t kKnnBlock = 64;

std::vector<WeightedRow> RowsOf(const SparseMatrix& matrix) {
  std::vector<WeightedRow> rows(matrix.rows());
  for (int32_t row = 0; row < matrix.rows(); ++row) {
    const absl::Span<const int32_t> columns = matrix.RowColumns(row);
    const absl::Span<const float> values = matrix.RowValues(row);
    for (size_t i = 0; i < columns.size(); ++i) {
      rows[row].push_back({columns[i], values[i]});
    }
  }
  return rows;
}

std::vector<WeightedRow> ScaledRows(const LikenessScale& scale,
                                    const std::vector<WeightedRow>& rows) {
  std::vector<WeightedRow> scaled;
  scaled.reserve(rows.size());
  for (const WeightedRow& row : rows) scaled.push_back(scale.Scaled(row));
  return scaled;
}

float Sum(const WeightedRow& row) {
  float sum = 0;
  for (const WeightedItem& entry : row) sum += entry.weight;
  return sum;
}

absl::Status CheckKnn(const SparseMatrix& matrix, const KnnOptions& options) {
  RETURN_IF_ERROR(ValidateKnnOptions(options));
  if (matrix.entries() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "knn: the matrix is empty: nobody liked anything");
}

}  // namespace

absl::Status ValidateKnnOptions(const KnnOptions& options) {
  if (options.neighbours < 1 || options.neighbours > kMostNeighbours) {
    return absl::InvalidArgumentError(
        absl::StrCat("knn: neighbours is ", options.neighbours,
                     "; choose 1 to ", kMostNeighbours));
  }
  if (!(options.k1 > 0) || !(options.b >= 0 && options.b <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("knn: k1 is ", options.k1, " and b ", options.b,
                     "; choose k1 above 0 and b from 0 to 1"));
  }
  return absl::OkStatus();
}

absl::StatusOr<NeighbourParts> TrainItemKnn(const SparseMatrix& user_item,
                                            const KnnOptions& options) {
  RETURN_IF_ERROR(CheckKnn(user_item, options));
  const std::vector<WeightedRow> items = RowsOf(user_item.Transposed());
  const LikenessScale scale =
      LikenessScale::Of(options.likeness, options.k1, options.b, items,
                        static_cast<size_t>(user_item.rows()));
  const std::vector<WeightedRow> scaled = ScaledRows(scale, items);
  std::vector<float> sums;
  std::vector<WeightedRow> having(user_item.rows());
  for (size_t item = 0; item < scaled.size(); ++item) {
    sums.push_back(Sum(scaled[item]));
    for (const WeightedItem& entry : scaled[item]) {
      having[entry.item].push_back({static_cast<int32_t>(item), entry.weight});
    }
  }
  NeighbourParts parts;
  parts.items = static_cast<uint32_t>(items.size());
  parts.rows.resize(items.size());
  ParallelFor(
      static_cast<int64_t>(items.size()), kKnnBlock, options.threads,
      [&](int64_t begin, int64_t end) {
        std::vector<float> products(items.size(), 0.0f);
        std::vector<int32_t> touched;
        for (int64_t item = begin; item < end; ++item) {
          for (const WeightedItem& user : scaled[item]) {
            for (const WeightedItem& other : having[user.item]) {
              if (products[other.item] == 0) touched.push_back(other.item);
              products[other.item] += user.weight * other.weight;
            }
          }
          WeightedRow row;
          std::sort(touched.begin(), touched.end());
          touched.erase(std::unique(touched.begin(), touched.end()),
                        touched.end());
          for (const int32_t other : touched) {
            const float alike =
                scale.FromProduct(products[other], sums[item], sums[other]);
            if (alike > 0) row.push_back({other, alike});
            products[other] = 0;
          }
          touched.clear();
          const size_t kept = std::min<size_t>(row.size(), options.neighbours);
          std::partial_sort(row.begin(), row.begin() + kept, row.end(),
                            [](const WeightedItem& a, const WeightedItem& b) {
                              return a.weight != b.weight ? a.weight > b.weight
                                                          : a.item < b.item;
                            });
          row.resize(kept);
          parts.rows[item] = std::move(row);
        }
      });
  return parts;
}

absl::StatusOr<NeighbourParts> TrainUserKnn(const SparseMatrix& user_item,
                                            const KnnOptions& options) {
  RETURN_IF_ERROR(CheckKnn(user_item, options));
  NeighbourParts parts;
  parts.by_user = true;
  parts.neighbours = static_cast<uint32_t>(options.neighbours);
  parts.items = static_cast<uint32_t>(user_item.columns());
  parts.weights = RowsOf(user_item);
  parts.scale =
      LikenessScale::Of(options.likeness, options.k1, options.b, parts.weights,
                        static_cast<size_t>(user_item.columns()));
  parts.rows = ScaledRows(parts.scale, parts.weights);
  return parts;
}

}  // namespace usher
