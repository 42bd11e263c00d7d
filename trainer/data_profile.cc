#include "trainer/data_profile.h"

#include "absl/strings/str_cat.h"

namespace usher {
namespace {

constexpr float kCollaborativeScale = 10.0f;
constexpr float kCollaborativePopularity = -0.01f;

}  // namespace

DataProfile ProfileOf(const Catalog& catalog) {
  DataProfile profile;
  profile.events = static_cast<int64_t>(catalog.num_events());
  profile.users = static_cast<int64_t>(catalog.num_users());
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    const EventColumns& event = catalog.events.columns[row];
    profile.timed_events += event.start != kNoTime;
    profile.placed_events += event.location.known();
    profile.organized_events += event.organizer != kNoOrganizer;
    profile.described_events += event.series >= 0 || event.category >= 0 ||
                                !catalog.events.tags[row].empty();
  }
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    profile.placed_users += catalog.users.columns[row].location.known();
    profile.follows += static_cast<int64_t>(catalog.users.follows[row].size());
    for (const Action& action : catalog.users.history[row]) {
      ++profile.actions;
      profile.dated_actions += action.time != kNoTime;
    }
  }
  return profile;
}

RankingPolicy DefaultPolicyFor(const DataProfile& profile) {
  RankingPolicy policy;
  if (!profile.purely_collaborative()) return policy;
  policy.weights.fill(0);
  policy.weight(Feature::kAlsEvent) = kCollaborativeScale;
  policy.weight(Feature::kYesRank) = kCollaborativePopularity;
  return policy;
}

std::vector<std::string> Describe(const DataProfile& profile) {
  std::vector<std::string> lines;
  lines.push_back(absl::StrCat(profile.users, " users, ", profile.events,
                               " events, ", profile.actions, " interactions (",
                               profile.dated_actions, " dated)"));
  lines.push_back(absl::StrCat(
      "events: ", profile.timed_events, " with a start, ",
      profile.organized_events, " with an organizer, ", profile.placed_events,
      " with a place, ", profile.described_events, " with a text"));
  lines.push_back(absl::StrCat("users: ", profile.placed_users,
                               " with a place, ", profile.follows,
                               " followed organizers in all"));
  if (profile.purely_collaborative()) {
    lines.push_back(
        "purely collaborative: ranked by the factorization of users x events "
        "alone");
  }
  return lines;
}

}  // namespace usher
