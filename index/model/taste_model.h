// The taste that a single algorithm learned: vectors whose inner product is its
// score.
#ifndef USHER_INDEX_MODEL_TASTE_MODEL_H_
#define USHER_INDEX_MODEL_TASTE_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/catalog/catalog.h"
#include "index/model/content_encoder.h"
#include "index/model/factor_space.h"
#include "index/model/factors.h"
#include "index/model/item_tastes.h"

namespace usher {

// How what a user did becomes their vector. Values are stored in files; never
// renumber.
enum class UserFold : uint8_t {
  // FactorSpace::FoldIn() of the tastes. Numbers: unobserved_weight,
  // regularization, frequency_exponent, degree_exponent, mean_row.
  kRidge = 0,
  // Least squares of the user's ratings. An item is [q, 1, b] of its factors
  // and bias, the user becomes [p, mean + bias, 1]: the product is the rating.
  // Numbers: regularization of a rating, mean.
  kRatings = 1,
  // The mode of the posterior of logistic factorization. An item is [y, b, 1],
  // the user becomes [x, 1, b]. Numbers: confidence of a taste, weight
  // of all items together, regularization. Sizes: the items that stand for all
  // of them.
  kLogistic = 2,
  // Sum of taste * item.
  kSum = 3,
  // The mean content of the history, fading with age, at length 1. An event is
  // its content; there are no items. Numbers: the horizon in days. Sizes: dim.
  kContent = 4,
  // The mean of taste * input, through layers. The vector is [part that is
  // scaled number by number, what TwoLayers make of the rest, 1]. Numbers: the
  // scale, TwoLayers. Sizes: scaled part, hidden layer, output.
  kTowers = 5,
  // Inputs of the latest actions, in order of time, through a GatedUnit. The
  // vector is [hidden state, 1]. Numbers: GatedUnit. Sizes: hidden, actions.
  kRecurrent = 6,
};
inline constexpr int kNumUserFolds = 7;

// What a TasteModel is made of.
struct TasteParts {
  ItemKind items_are = ItemKind::kEvent;
  UserFold fold = UserFold::kRidge;
  Factors items;            // Items x dim.
  std::vector<float> seen;  // By item: what it was learned from; 0: nothing.
  Factors inputs;           // kTowers, kRecurrent: items x what goes in.
  std::vector<float> numbers;
  std::vector<uint32_t> sizes;
};

// Vectors of events and users of one algorithm. An event is the mean of its
// items that were learned, and zeros without: so an event that is new has the
// score of its organizer, venue, tags or content, where those are the items.
// Users are always folded in, by the same function after training and live.
// Immutable and thread-safe; copies share everything.
class TasteModel {
 public:
  TasteModel() = default;  // Empty: there is no such algorithm.

  // InvalidArgument when the parts do not fit each other.
  static absl::StatusOr<TasteModel> FromParts(TasteParts parts);
  // Borrows or copies as ContentEncoder::FromBytes() does. DataLoss for
  // anything that Serialize() cannot have written.
  static absl::StatusOr<TasteModel> FromBytes(absl::string_view bytes,
                                              std::shared_ptr<const void> keep);
  // A flat block (flat_bytes.h): kind of items, fold, counts of items, dim,
  // inputs, width of inputs, numbers, sizes; then items, seen, inputs, numbers,
  // sizes.
  std::string Serialize() const;

  bool empty() const { return body_ == nullptr; }
  size_t dim() const;
  // Requires !empty().
  const TasteParts& parts() const;

  std::vector<float> EventVector(const Catalog& catalog, EventRow row,
                                 absl::Span<const float> embedding) const;
  // Zeros when nothing is known of the user's taste.
  std::vector<float> UserVector(const Catalog& catalog,
                                const ContentEncoder& content,
                                absl::Span<const Action> history,
                                absl::Span<const Follow> follows,
                                absl::Span<const TasteSeed> seeds,
                                const Feedback& feedback = {}) const;

 private:
  struct Body;
  std::shared_ptr<const Body> body_;
};

// The latest `most` events that a user has liked, oldest first, undated ones
// before them; seeds are the latest.
std::vector<EventRow> LikedInOrder(absl::Span<const Action> history,
                                   absl::Span<const TasteSeed> seeds,
                                   const Feedback& feedback, size_t most);

}  // namespace usher

#endif  // USHER_INDEX_MODEL_TASTE_MODEL_H_
