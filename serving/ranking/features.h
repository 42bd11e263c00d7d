// The named figures that a ranking is made of.
#ifndef USHER_SERVING_RANKING_FEATURES_H_
#define USHER_SERVING_RANKING_FEATURES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/artifact/snapshot.h"
#include "index/catalog/live_columns.h"
#include "serving/ranking/user_state.h"

namespace usher {

// A figure that is not known is 0. All are as of the query's instant.
enum class Feature : uint8_t {
  // What the user did with the organizer.
  kOwnOrganizer,  // ln(1 + commitments fading over 60 days).
  kOwnShare,      // Part of the user's commitments.
  kOwnLast,       // 1 / (1 + weeks since the latest commitment); 0: none.
  kFollowed,      // 1 when the user follows the organizer.
  kFollowedLast,  // 1 / (1 + weeks since they began to); 0: not known.
  kOrganizerNo,   // ln(1 + refusals).
  kSeries,        // ln(1 + commitments to the same series).
  kVenue,         // ln(1 + commitments at the same venue).
  // What others did.
  kAlsOrganizer,        // Inner product of the organizer parts.
  kAlsEvent,            // Inner product of the event parts.
  kNeighbours,          // ln(1 + weight of like-minded users who said yes).
  kNeighbourOrganizer,  // ln(1 + weight of their other commitments to the
                        // organizer).
  // Who asks: the same for all events of a list.
  kHistory,  // ln(1 + commitments).
  kFollows,  // ln(1 + followed organizers).
  kIdle,     // ln(1 + hours since the latest commitment).
  // When and how they ask: the same for all events of a list.
  kNowHour,  // Hour of the day (UTC).
  kNowDay,   // Day of the week, Monday 0.
  kDevice,   // The number of the kind of device; 0: not known.
  // What it is about.
  kContent,      // Cosine with the mean content of the user's history,
  kContentLast,  // with that of the latest commitment.
  // Place.
  kPlaceDensity,  // ln of the density of the user's past places around it.
  kDistance,      // ln(1 + km) from the user.
  // Time.
  kHourMatch,  // How well it fits the user's usual hours of the week.
  kConflict,   // 1 when the user has an event within two hours.
  // Popularity and urgency: ranks and figures of index/catalog/live_columns.h.
  kLeadRank,
  kDayRank,
  kYesRank,
  kAnswerRank,
  kFreshRank,
  kOrganizerNext,
  kOrganizerYes,
  kHourCount,        // ln(1 + positive answers fading over an hour),
  kDayCount,         // ... a day,
  kWeekCount,        // ... a week.
  kFill,             // Commitments / capacity.
  kUsualYes,         // ln(1 + commitments an event of the organizer).
  kOrganizerDay,     // ln(1 + positive answers to the organizer's events,
  kOrganizerWeek,    // fading over a day, a week,
  kOrganizerMonth,   // 30 days).
  kLead,             // ln(1 + hours to the start).
  kLastAnswer,       // ln(1 + hours since the last answer).
  kYes,              // ln(1 + commitments).
  kStartHour,        // Hour of the day (UTC) of the start.
  kStartDay,         // Day of the week, Monday 0.
  kOrganizerEvents,  // ln(1 + events of the organizer).
  kNumFeatures,
};
inline constexpr size_t kNumFeatures =
    static_cast<size_t>(Feature::kNumFeatures);
// From here on a feature does not depend on the user: it is part of the live
// bias that candidates are retrieved with.
inline constexpr Feature kFirstLiveFeature = Feature::kLeadRank;

// And from here on it stands in a slot as it is.
inline constexpr Feature kFirstPlainFeature = Feature::kOrganizerNext;

// "own_organizer", ...: what users see in contributions and configurations.
absl::string_view FeatureName(Feature feature);
std::optional<Feature> FeatureFromName(absl::string_view name);

// The value of a live feature in a slot. Requires feature >= kFirstLiveFeature.
float LiveFeature(const LiveColumns& live, Feature feature, size_t slot);

// From kFirstPlainFeature on, one behind the other.
inline const float* PlainLiveFeatures(const LiveSlot& slot) {
  return &slot.organizer_next;
}

// Single figures, for whom they are worth more than a row: ComputeFeatures()
// itself has them from here.
float OwnOrganizer(const OrganizerPast& past);
// `commitments` are all of the user's.
float OwnShare(const OrganizerPast& past, float commitments);
float LogDistance(float km);
// Inner products of the parts [0, split) and [split, size) of hybrid vectors;
// zeros when one of the two is not known.
struct VectorProducts {
  float by_event = 0;
  float by_organizer = 0;
};
VectorProducts ProductsOf(absl::Span<const float> user,
                          absl::Span<const float> event, size_t split);

// A column a feature, a row a candidate. Columns are contiguous: what is done
// with a feature is done for many candidates at once.
class FeatureMatrix {
 public:
  using Values = std::array<float, kNumFeatures>;

  // Zeros.
  explicit FeatureMatrix(size_t rows)
      : rows_(rows), stride_(StrideOf(rows)), values_(stride_ * kNumFeatures) {}

  size_t rows() const { return rows_; }
  // Floats from a column to the next.
  size_t stride() const { return stride_; }
  float& at(size_t row, Feature feature) {
    return values_[static_cast<size_t>(feature) * stride_ + row];
  }
  absl::Span<const float> Column(Feature feature) const {
    return {values_.data() + static_cast<size_t>(feature) * stride_, rows_};
  }
  absl::Span<float> MutableColumn(Feature feature) {
    return {&at(0, feature), rows_};
  }
  Values Row(size_t row) const {
    Values values;
    for (size_t f = 0; f < kNumFeatures; ++f) {
      values[f] = Column(static_cast<Feature>(f))[row];
    }
    return values;
  }
  void SetRow(size_t row, const Values& values) {
    for (size_t f = 0; f < kNumFeatures; ++f) {
      at(row, static_cast<Feature>(f)) = values[f];
    }
  }

 private:
  // An odd number of cache lines: the columns of a row do not crowd in a few
  // sets of the cache.
  static size_t StrideOf(size_t rows) {
    constexpr size_t kLineFloats = 16;
    return ((rows + kLineFloats - 1) / kLineFloats | 1) * kLineFloats;
  }

  size_t rows_;
  size_t stride_;
  std::vector<float> values_;
};

// The features of `events` for this user. Every event must have a slot.
// The only place where features are computed: training, evaluation and serving
// all come here.
FeatureMatrix ComputeFeatures(absl::Span<const EventRow> events,
                              const UserState& user, const LiveColumns& live,
                              const Snapshot& snapshot);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_FEATURES_H_
