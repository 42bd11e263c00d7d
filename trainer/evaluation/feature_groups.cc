#include "trainer/evaluation/feature_groups.h"

namespace usher {

absl::Span<const FeatureGroup> FeatureGroups() {
  static const auto* const groups = new std::vector<FeatureGroup>{
      {"own organizers",
       {Feature::kOwnOrganizer, Feature::kOwnShare, Feature::kOwnLast,
        Feature::kOrganizerNo, Feature::kSeries}},
      {"followed organizers", {Feature::kFollowed, Feature::kFollowedLast}},
      {"factors", {Feature::kAlsOrganizer, Feature::kAlsEvent}},
      {"neighbours", {Feature::kNeighbours, Feature::kNeighbourOrganizer}},
      {"who asks", {Feature::kHistory, Feature::kFollows, Feature::kIdle}},
      {"when and how", {Feature::kNowHour, Feature::kNowDay, Feature::kDevice}},
      {"content", {Feature::kContent, Feature::kContentLast}},
      {"place", {Feature::kVenue, Feature::kPlaceDensity, Feature::kDistance}},
      {"hours",
       {Feature::kHourMatch, Feature::kConflict, Feature::kStartHour,
        Feature::kStartDay}},
      {"ranks",
       {Feature::kLeadRank, Feature::kDayRank, Feature::kYesRank,
        Feature::kAnswerRank, Feature::kFreshRank, Feature::kOrganizerNext,
        Feature::kOrganizerYes}},
      {"popularity",
       {Feature::kHourCount, Feature::kDayCount, Feature::kWeekCount,
        Feature::kFill, Feature::kUsualYes, Feature::kOrganizerDay,
        Feature::kOrganizerWeek, Feature::kOrganizerMonth, Feature::kLead,
        Feature::kLastAnswer, Feature::kYes, Feature::kOrganizerEvents}},
  };
  return *groups;
}

}  // namespace usher
