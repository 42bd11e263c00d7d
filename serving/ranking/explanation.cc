#include "serving/ranking/explanation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace usher {
namespace {

// A part of the score below this is no reason.
constexpr float kLeastPart = 0.05f;

// What has to be true, whatever the other events are like, before it is said.
constexpr float kSoonHours = 48;
constexpr float kNewHours = 72;
constexpr float kNearKm = 3;
constexpr float kManyAnswers = 5;         // Commitments, or answers of late.
constexpr float kAnAnswerOfLate = 0.35f;  // One, an hour ago.
constexpr float kLikeContent = 0.3f;      // A cosine.
constexpr float kUsualHour = 0.2f;        // Of the past.
constexpr float kUsualPlace = 3;          // A fifth of the past places.

// And how far in front of them it has to be: among so many, and among the first
// tenth.
constexpr int kTopRank = 20;
constexpr int kTopPart = 10;

float ValueOf(Feature feature, const RankedEvent& event) {
  return event.features[static_cast<size_t>(feature)];
}

// How many live events beat this one, from a rank feature.
int BeatenBy(Feature rank, const RankedEvent& event) {
  return static_cast<int>(std::lround(std::expm1(ValueOf(rank, event))));
}

bool IsOfTheFirst(Feature rank, const RankedEvent& event) {
  const int first = std::clamp(event.upcoming / kTopPart, 1, kTopRank);
  return BeatenBy(rank, event) < first;
}

// Answers, from a feature that is a logarithm of their number.
float Count(Feature feature, const RankedEvent& event) {
  return std::expm1(ValueOf(feature, event));
}

// Whether what TextOf() says of the feature is true.
bool IsTrue(Feature feature, const RankedEvent& event,
            const Snapshot& snapshot) {
  const size_t row = Index(event.event);
  const EventCounters& counters = snapshot.catalog.events.counters[row];
  switch (feature) {
    case Feature::kOwnOrganizer:
    case Feature::kOwnShare:
    case Feature::kOwnLast:
    case Feature::kFollowed:
    case Feature::kSeries:
    case Feature::kVenue:
    case Feature::kNeighbours:
    case Feature::kNeighbourOrganizer:
      return ValueOf(feature, event) > 0;
    case Feature::kAlsOrganizer:
      return snapshot.catalog.events.columns[row].organizer != kNoOrganizer;
    case Feature::kContent:
      return ValueOf(feature, event) >= kLikeContent;
    case Feature::kPlaceDensity:
      return ValueOf(feature, event) >= kUsualPlace;
    case Feature::kHourMatch:
      return ValueOf(feature, event) >= kUsualHour;
    case Feature::kDistance:
      return event.distance_km < kNearKm;
    case Feature::kLeadRank:
      return event.lead_hours <= kSoonHours &&
             BeatenBy(feature, event) < kTopRank;
    case Feature::kFreshRank:
      return event.fresh_hours <= kNewHours && IsOfTheFirst(feature, event);
    case Feature::kDayRank:
      return Count(Feature::kDayCount, event) >= kManyAnswers &&
             IsOfTheFirst(feature, event);
    case Feature::kYesRank:
      return static_cast<float>(counters.yes) >= kManyAnswers &&
             IsOfTheFirst(feature, event);
    case Feature::kAnswerRank:
      return Count(Feature::kHourCount, event) >= kAnAnswerOfLate &&
             IsOfTheFirst(feature, event);
    default:
      return true;
  }
}

// A feature whose best value is 0, so that its part is never positive where its
// weight is as it should be: it speaks for an event that is near the top.
bool IsBestAtZero(Feature feature) {
  switch (feature) {
    case Feature::kDistance:
    case Feature::kLeadRank:
    case Feature::kFreshRank:
    case Feature::kDayRank:
    case Feature::kYesRank:
    case Feature::kAnswerRank:
      return true;
    default:
      return false;
  }
}

// What is said once of an event, whichever feature says it.
enum class Topic { kOther, kOrganizer };

Topic TopicOf(Feature feature) {
  switch (feature) {
    case Feature::kOwnOrganizer:
    case Feature::kOwnShare:
    case Feature::kOwnLast:
    case Feature::kFollowed:
    case Feature::kAlsOrganizer:
    case Feature::kNeighbourOrganizer:
      return Topic::kOrganizer;
    default:
      return Topic::kOther;
  }
}

std::string OrganizerText(const RankedEvent& event,
                          absl::string_view organizer) {
  const bool follows = ValueOf(Feature::kFollowed, event) > 0;
  const bool went = ValueOf(Feature::kOwnOrganizer, event) > 0 ||
                    ValueOf(Feature::kOwnShare, event) > 0;
  if (follows && went) {
    return absl::StrCat("You follow ", organizer, " and go to its events");
  }
  if (follows) return absl::StrCat("You follow ", organizer);
  if (went) return absl::StrCat("You go to events of ", organizer);
  return absl::StrCat(ValueOf(Feature::kNeighbourOrganizer, event) > 0
                          ? "People who go where you go also go to "
                          : "People with your taste go to ",
                      organizer);
}

std::string TextOf(Feature feature, const RankedEvent& event,
                   absl::string_view organizer) {
  if (TopicOf(feature) == Topic::kOrganizer) {
    return OrganizerText(event, organizer);
  }
  switch (feature) {
    case Feature::kSeries:
      return "You go to dates of this series";
    case Feature::kVenue:
      return "You go to this venue";
    case Feature::kAlsEvent:
      return "People with your taste go to events like this";
    case Feature::kNeighbours:
      return "People who go where you go said yes";
    case Feature::kContent:
      return "Its topic is like what you go to";
    case Feature::kPlaceDensity:
      return "It is where you usually go";
    case Feature::kHourMatch:
      return "It is at an hour when you usually go out";
    case Feature::kDistance:
      return absl::StrFormat("It is %.1f km away", event.distance_km);
    case Feature::kLeadRank:
      return "It begins soon";
    case Feature::kDayRank:
      return "Many people answered it lately";
    case Feature::kYesRank:
      return "It is popular";
    case Feature::kAnswerRank:
      return "Somebody has just answered it";
    case Feature::kFreshRank:
      return "It is new";
    default:
      return "";
  }
}

TreeRanker::PartsOfRow PartsOf(const RankedEvent& event,
                               const RankingPolicy& policy) {
  if (policy.trees != nullptr) {
    return policy.trees->Parts(event.features, policy.weights);
  }
  TreeRanker::PartsOfRow parts;
  for (size_t f = 0; f < kNumFeatures; ++f) {
    parts[f] = policy.weights[f] * event.features[f];
  }
  return parts;
}

std::vector<Reason> ReasonsFrom(const TreeRanker::PartsOfRow& parts,
                                const RankedEvent& event,
                                const RankingPolicy& policy,
                                const Snapshot& snapshot, int limit) {
  const OrganizerRow organizer =
      snapshot.catalog.events.columns[Index(event.event)].organizer;
  const absl::string_view name =
      organizer == kNoOrganizer ? "its organizer"
                                : snapshot.catalog.OrganizerName(organizer);
  std::vector<Reason> reasons;
  reasons.reserve(static_cast<size_t>(std::max(0, limit)));
  bool organizer_told = false;
  const auto add = [&](Feature feature) {
    if (static_cast<int>(reasons.size()) >= limit) return;
    if (!IsTrue(feature, event, snapshot)) return;
    const bool of_organizer = TopicOf(feature) == Topic::kOrganizer;
    if (of_organizer && organizer_told) return;
    std::string text = TextOf(feature, event, name);
    if (text.empty()) return;
    organizer_told |= of_organizer;
    reasons.push_back(
        {FeatureName(feature), std::move(text), ValueOf(feature, event)});
  };
  // The largest first; of equal ones the first feature.
  std::array<Feature, kNumFeatures> in_favour;
  size_t count = 0;
  for (size_t f = 0; f < kNumFeatures; ++f) {
    const Feature feature = static_cast<Feature>(f);
    if (!(parts[f] >= kLeastPart) || IsBestAtZero(feature)) continue;
    size_t place = count++;
    for (; place > 0; --place) {
      const Feature before = in_favour[place - 1];
      if (parts[static_cast<size_t>(before)] >= parts[f]) break;
      in_favour[place] = before;
    }
    in_favour[place] = feature;
  }
  for (size_t i = 0; i < count; ++i) add(in_favour[i]);
  for (size_t f = 0; f < kNumFeatures; ++f) {
    const Feature feature = static_cast<Feature>(f);
    if (policy.weights[f] < 0 && IsBestAtZero(feature)) add(feature);
  }
  return reasons;
}

}  // namespace

float BaseValue(const RankingPolicy& policy) {
  return policy.trees == nullptr ? 0 : policy.trees->base_value();
}

std::vector<Contribution> Contributions(const RankedEvent& event,
                                        const RankingPolicy& policy) {
  std::vector<Contribution> parts;
  const TreeRanker::PartsOfRow values = PartsOf(event, policy);
  for (size_t f = 0; f < kNumFeatures; ++f) {
    const float part = values[f];
    if (part != 0) {
      parts.push_back({static_cast<Feature>(f), event.features[f], part});
    }
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Contribution& a, const Contribution& b) {
                     return std::abs(a.contribution) > std::abs(b.contribution);
                   });
  return parts;
}

std::vector<Reason> Reasons(const RankedEvent& event,
                            const RankingPolicy& policy,
                            const Snapshot& snapshot, int limit) {
  return ReasonsFrom(PartsOf(event, policy), event, policy, snapshot, limit);
}

std::vector<std::vector<Reason>> ReasonsOfList(
    absl::Span<const RankedEvent> events, const RankingPolicy& policy,
    const Snapshot& snapshot, int limit) {
  std::vector<std::vector<Reason>> reasons;
  reasons.reserve(events.size());
  if (policy.trees == nullptr) {
    for (const RankedEvent& event : events) {
      reasons.push_back(Reasons(event, policy, snapshot, limit));
    }
    return reasons;
  }
  FeatureMatrix features(events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    features.SetRow(i, events[i].features);
  }
  const std::vector<TreeRanker::PartsOfRow> parts =
      policy.trees->Parts(features, policy.weights);
  for (size_t i = 0; i < events.size(); ++i) {
    reasons.push_back(
        ReasonsFrom(parts[i], events[i], policy, snapshot, limit));
  }
  return reasons;
}

}  // namespace usher
