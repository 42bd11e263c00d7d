#include "trainer/evaluation/protocols.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "index/base/hash.h"

namespace usher {
namespace {

constexpr double kTestShare = 0.2;

// Puts what every user is to find into one query each, asked at `now`.
void AskOnce(Micros now, std::vector<ReplayQuery> queries, Replay& replay) {
  for (ReplayQuery& query : queries) {
    query.number = static_cast<int32_t>(replay.queries.size());
    replay.steps.push_back(
        {ReplayStep::Kind::kQuery, {}, now, query.number, query.user, ""});
    replay.queries.push_back(std::move(query));
  }
}

Event Timeless(Event event) {
  event.start_time = event.end_time = event.announce_time = kNoTime;
  event.status = EventStatus::kScheduled;
  return event;
}

// What one user has on either side of the split.
struct UserSides {
  std::vector<const InteractionRecord*> train;
  std::vector<const InteractionRecord*> test;
};

ReplayQuery QueryOf(const Dataset& data, int32_t user, const UserSides& sides) {
  ReplayQuery query;
  query.user = user;
  query.new_organizer = true;
  absl::flat_hash_map<absl::string_view, bool> organizers;
  const auto organizer_of = [&](const InteractionRecord& row) {
    const Event& event = data.events[row.event];
    return absl::string_view(event.organizer.empty() ? event.id
                                                     : event.organizer);
  };
  for (const InteractionRecord* row : sides.train) {
    query.masked.push_back(data.events[row->event].id);
    if (!IsCommitment(row->kind)) continue;
    ++query.history;
    organizers[organizer_of(*row)] = true;
  }
  query.warm_user = query.history > 0;
  for (const InteractionRecord* row : sides.test) {
    if (!(TasteWeight(row->kind, row->value) > 0)) continue;
    const std::string& id = data.events[row->event].id;
    if (absl::string_view(id).empty() ||
        std::find(query.relevant.begin(), query.relevant.end(), id) !=
            query.relevant.end() ||
        std::find(query.masked.begin(), query.masked.end(), id) !=
            query.masked.end()) {
      continue;
    }
    query.relevant.push_back(id);
    query.new_organizer &= !organizers.contains(organizer_of(*row));
  }
  return query;
}

}  // namespace

Replay LearningFromLatest(const Replay& replay, double share) {
  Replay part = replay;
  if (share >= 1) return part;
  // By time, undated ones first.
  std::vector<InteractionRecord>& rows = part.training.interactions;
  const auto dated = std::find_if(
      rows.begin(), rows.end(),
      [](const InteractionRecord& row) { return row.time != kNoTime; });
  const auto kept =
      static_cast<int64_t>(std::ceil(share * (rows.end() - dated)));
  rows.erase(rows.begin(), rows.end() - kept);
  part.training.fingerprint = Mix64(replay.training.fingerprint ^ kept);
  return part;
}

Replay SnapshotReplay(Replay replay) {
  Replay once;
  once.training = std::move(replay.training);
  once.users = std::move(replay.users);
  once.events = std::move(replay.events);
  once.cut = replay.cut;
  once.undated_rows = replay.undated_rows;
  once.repeated_answers = replay.repeated_answers;
  for (size_t i = 0; i < once.events.size(); ++i) {
    once.events[i].announce_time = once.cut;
    once.steps.push_back({ReplayStep::Kind::kAnnounce,
                          {},
                          once.cut,
                          static_cast<int32_t>(i),
                          0,
                          once.events[i].id});
  }
  absl::flat_hash_map<int32_t, size_t> place;
  std::vector<ReplayQuery> queries;
  for (const ReplayQuery& query : replay.queries) {
    const auto [found, added] = place.try_emplace(query.user, queries.size());
    if (added) {
      queries.push_back(query);
      queries.back().start_before = std::numeric_limits<Micros>::max();
      queries.back().lead_hours = std::numeric_limits<double>::quiet_NaN();
      queries.back().location = {};
      queries.back().device = Device::kUnknown;
      continue;
    }
    ReplayQuery& all = queries[found->second];
    all.relevant.insert(all.relevant.end(), query.relevant.begin(),
                        query.relevant.end());
    all.new_event = all.new_event && query.new_event;
    all.new_organizer = all.new_organizer && query.new_organizer;
  }
  AskOnce(once.cut, std::move(queries), once);
  return once;
}

SplitPart PartByHash(absl::string_view user_id, absl::string_view event_id,
                     uint64_t seed) {
  const uint64_t hash = Hash64(event_id, Hash64(user_id, seed));
  return static_cast<double>(hash >> 11) * 0x1.0p-53 < kTestShare
             ? SplitPart::kTest
             : SplitPart::kTrain;
}

absl::StatusOr<Holdout> HoldoutReplay(const Dataset& dataset,
                                      const PartOfPair& part) {
  Holdout holdout;
  Replay& replay = holdout.replay;
  DatasetBuilder builder(std::nullopt, UnknownEvents::kAbsent);
  for (size_t e = 0; e < dataset.described_events; ++e) {
    builder.AddEvent(Timeless(dataset.events[e]));
  }
  for (const User& user : dataset.users) {
    builder.AddUser(user);
    replay.users.push_back(user.id);
  }
  std::vector<UserSides> sides(dataset.users.size());
  Micros latest = 0;
  int64_t kept = 0;
  for (const InteractionRecord& row : dataset.interactions) {
    const std::string& user = dataset.users[row.user].id;
    const std::string& event = dataset.events[row.event].id;
    if (row.time != kNoTime) latest = std::max(latest, row.time);
    const SplitPart of = part(user, event);
    if (of != SplitPart::kTest) {
      builder.AddInteraction(user, event, row, "");
      sides[row.user].train.push_back(&row);
      ++kept;
      continue;
    }
    sides[row.user].test.push_back(&row);
    if (row.kind == InteractionKind::kRating && std::isfinite(row.value)) {
      holdout.ratings.push_back({row.user, event, row.value});
    }
  }
  if (kept == 0) {
    return absl::InvalidArgumentError(
        "holdout: every interaction is in the part \"test\" of the split");
  }
  std::vector<ReplayQuery> queries;
  for (size_t user = 0; user < sides.size(); ++user) {
    ReplayQuery query =
        QueryOf(dataset, static_cast<int32_t>(user), sides[user]);
    if (!query.relevant.empty()) queries.push_back(std::move(query));
  }
  if (queries.empty()) {
    return absl::InvalidArgumentError(
        "holdout: no positive interaction is in the part \"test\" of the "
        "split: nothing is to be found");
  }
  replay.training = builder.Finish(dataset.fingerprint);
  replay.cut = latest + kDay;
  AskOnce(replay.cut, std::move(queries), replay);
  return holdout;
}

}  // namespace usher
