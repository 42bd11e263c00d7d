// Nearest neighbours of items or of users, by what they have in common.
#ifndef USHER_INDEX_MODEL_NEIGHBOUR_MODEL_H_
#define USHER_INDEX_MODEL_NEIGHBOUR_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/model/factor_space.h"
#include "index/model/item_tastes.h"

namespace usher {

// How alike two rows of weights are. Values are stored in files; never
// renumber. With idf = ln(columns) - ln(1 + rows that have the column):
enum class Likeness : uint8_t {
  kCosine = 0,
  kPearson = 1,  // Correlation over all columns; what is absent is 0.
  kTfIdf = 2,    // Cosine of sqrt(weight) * idf.
  // Inner product of weight (k1 + 1) / (k1 length + weight) * idf, with
  // length = 1 - b + b * sum of the row / mean sum (Robertson and Walker 1994).
  kBm25 = 3,
};
inline constexpr int kNumLikenesses = 4;

// Weights as rows, columns ascending.
using WeightedRow = std::vector<WeightedItem>;

// Turns rows of weights into rows whose inner products are likenesses, apart
// from the mean that Pearson takes off. A value.
struct LikenessScale {
  Likeness likeness = Likeness::kCosine;
  float k1 = 100;
  float b = 0.8f;
  float mean_sum = 1;      // Of the rows that it was made of.
  std::vector<float> idf;  // By column; columns() of them.

  static LikenessScale Of(Likeness likeness, float k1, float b,
                          absl::Span<const WeightedRow> rows, size_t columns);

  WeightedRow Scaled(WeightedRow row) const;
  // Of two scaled rows, from their inner product and their sums.
  float FromProduct(float product, float sum_a, float sum_b) const;
};

struct NeighbourParts {
  ItemKind items_are = ItemKind::kEvent;
  bool by_user = false;     // Else by item.
  uint32_t neighbours = 0;  // By user: how many are asked.
  uint32_t items = 0;
  // By item: row j holds the items that j speaks for, and how alike they are.
  // By user: each trained user's scaled row, and their weights as they were.
  std::vector<WeightedRow> rows;
  std::vector<WeightedRow> weights;
  LikenessScale scale;  // By user.
};

// Immutable and thread-safe; copies share everything.
class NeighbourModel {
 public:
  NeighbourModel() = default;  // Empty: there is none.

  // InvalidArgument when the parts do not fit each other.
  static absl::StatusOr<NeighbourModel> FromParts(NeighbourParts parts);
  // DataLoss for anything that Serialize() cannot have written.
  static absl::StatusOr<NeighbourModel> FromBytes(
      absl::string_view bytes, std::shared_ptr<const void> keep);
  // A flat block (flat_bytes.h): kind of items, by_user, neighbours, items,
  // likeness; k1, b, mean_sum and idf as an array with its count; then rows and
  // weights, each: count of rows, of entries, ends, items, weights.
  std::string Serialize() const;

  bool empty() const { return body_ == nullptr; }
  // Requires !empty().
  const NeighbourParts& parts() const;

  // Items and their scores, each once, all above 0: sum of taste * likeness to
  // what the user knows, or sum over the nearest users of likeness * weight.
  // `self` is a row of training that is no neighbour, or -1.
  std::vector<WeightedItem> Scores(absl::Span<const WeightedItem> tastes,
                                   int32_t self) const;

 private:
  struct Body;
  std::shared_ptr<const Body> body_;
};

}  // namespace usher

#endif  // USHER_INDEX_MODEL_NEIGHBOUR_MODEL_H_
