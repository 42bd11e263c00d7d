#include "serving/ranking/explanation.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace usher {
namespace {

// A part of the score below this is no reason.
constexpr float kLeastPart = 0.05f;
// A rank this good is worth telling: among the first so many.
constexpr float kTopRank = 20;

// How many live events beat this one, from a rank feature.
int BeatenBy(float rank) {
  return static_cast<int>(std::lround(std::expm1(rank)));
}

std::string TextOf(Feature feature, const RankedEvent& event,
                   absl::string_view organizer) {
  switch (feature) {
    case Feature::kOwnOrganizer:
    case Feature::kOwnShare:
      return absl::StrCat("You went to events of ", organizer);
    case Feature::kFollowed:
      return absl::StrCat("You follow ", organizer);
    case Feature::kSeries:
      return "You went to earlier dates of this series";
    case Feature::kVenue:
      return "You have been to this venue";
    case Feature::kAlsOrganizer:
      return absl::StrCat("People with your taste go to ", organizer);
    case Feature::kAlsEvent:
      return "People with your taste go to events like this";
    case Feature::kNeighbours:
      return "People you often go out with said yes";
    case Feature::kContent:
      return "Its topic is like what you went to";
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

// True when a rank of the event is about something that has happened to it:
// with few live events, those that nobody answered are among the first, too.
bool HasRank(Feature feature, EventRow event, const Catalog& catalog) {
  const EventCounters& counters = catalog.events.counters[Index(event)];
  switch (feature) {
    case Feature::kLeadRank:
      return catalog.events.columns[Index(event)].start != kNoTime;
    case Feature::kYesRank:
      return counters.yes > 0;
    default:
      return counters.last_answer != kNoTime;
  }
}

// A feature whose best value is 0, so that its part is never positive: it
// speaks for the event when the event is near the top of it.
bool IsGoodRank(Feature feature, const RankedEvent& event,
                const Catalog& catalog) {
  switch (feature) {
    case Feature::kDistance:
      return event.distance_km < 3;
    case Feature::kLeadRank:
    case Feature::kDayRank:
    case Feature::kYesRank:
    case Feature::kAnswerRank:
      return HasRank(feature, event.event, catalog) &&
             BeatenBy(event.features[static_cast<size_t>(feature)]) < kTopRank;
    default:
      return false;
  }
}

}  // namespace

std::vector<Contribution> Contributions(const RankedEvent& event,
                                        const RankingPolicy& policy) {
  std::vector<Contribution> parts;
  for (size_t f = 0; f < kNumFeatures; ++f) {
    const float part = policy.weights[f] * event.features[f];
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
  const OrganizerRow organizer =
      snapshot.catalog.events.columns[Index(event.event)].organizer;
  const absl::string_view name =
      organizer == kNoOrganizer ? "its organizer"
                                : snapshot.catalog.OrganizerName(organizer);
  std::vector<Reason> reasons;
  const auto add = [&](Feature feature, float value) {
    const std::string text = TextOf(feature, event, name);
    const bool told =
        std::any_of(reasons.begin(), reasons.end(),
                    [&](const Reason& r) { return r.text == text; });
    if (text.empty() || told || static_cast<int>(reasons.size()) >= limit) {
      return;
    }
    reasons.push_back({std::string(FeatureName(feature)), text, value});
  };
  for (const Contribution& part : Contributions(event, policy)) {
    if (part.contribution >= kLeastPart) add(part.feature, part.value);
  }
  for (size_t f = 0; f < kNumFeatures; ++f) {
    const Feature feature = static_cast<Feature>(f);
    if (policy.weights[f] < 0 && IsGoodRank(feature, event, snapshot.catalog)) {
      add(feature, event.features[f]);
    }
  }
  return reasons;
}

}  // namespace usher
