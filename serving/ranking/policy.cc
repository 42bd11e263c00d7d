#include "serving/ranking/policy.h"

#include <cmath>

namespace usher {
namespace {

// What a hand would weigh: loyalty to the organizer first, then what one
// follows, then taste; an event far down in lead time, in recent answers or in
// its own organizer's list loses. Ranks grow like logarithms, so a weight of
// -0.2 halves nothing: it costs 0.2 for every e-fold of events that are better.
constexpr std::pair<Feature, float> kDefaultWeights[] = {
    {Feature::kOwnOrganizer, 3.0f},
    {Feature::kOwnShare, 1.0f},
    {Feature::kOwnLast, 0.0f},
    {Feature::kFollowed, 1.5f},
    {Feature::kFollowedLast, 0.0f},
    {Feature::kOrganizerNo, -0.2f},
    {Feature::kSeries, 0.5f},
    {Feature::kVenue, 0.1f},
    {Feature::kAlsOrganizer, 0.7f},
    {Feature::kAlsEvent, 0.3f},
    {Feature::kNeighbours, 1.0f},
    {Feature::kNeighbourOrganizer, 0.0f},
    {Feature::kHistory, 0.0f},
    {Feature::kFollows, 0.0f},
    {Feature::kIdle, 0.0f},
    {Feature::kNowHour, 0.0f},
    {Feature::kNowDay, 0.0f},
    {Feature::kDevice, 0.0f},
    {Feature::kContent, 0.6f},
    {Feature::kContentLast, 0.0f},
    {Feature::kPlaceDensity, 0.15f},
    {Feature::kDistance, -0.25f},
    {Feature::kHourMatch, 0.4f},
    {Feature::kConflict, -0.5f},
    {Feature::kLeadRank, -0.2f},
    {Feature::kDayRank, -0.3f},
    {Feature::kYesRank, -0.15f},
    {Feature::kAnswerRank, -0.15f},
    {Feature::kFreshRank, 0.0f},
    {Feature::kOrganizerNext, -0.35f},
    {Feature::kOrganizerYes, -0.25f},
    // Figures for a ranker that learns: the ranks above say as much to a hand.
    {Feature::kHourCount, 0.0f},
    {Feature::kDayCount, 0.0f},
    {Feature::kWeekCount, 0.0f},
    {Feature::kFill, 0.0f},
    {Feature::kUsualYes, 0.0f},
    {Feature::kOrganizerDay, 0.0f},
    {Feature::kOrganizerWeek, 0.0f},
    {Feature::kOrganizerMonth, 0.0f},
    {Feature::kLead, 0.0f},
    {Feature::kLastAnswer, 0.0f},
    {Feature::kYes, 0.0f},
    {Feature::kStartHour, 0.0f},
    {Feature::kStartDay, 0.0f},
    {Feature::kOrganizerEvents, 0.0f},
};
static_assert(std::size(kDefaultWeights) == kNumFeatures);

}  // namespace

float Calibration::Probability(float score) const {
  return 1 / (1 + std::exp(-(slope * score + intercept)));
}

RankingPolicy::RankingPolicy() : weights{} {
  for (const auto& [feature, value] : kDefaultWeights) weight(feature) = value;
}

}  // namespace usher
