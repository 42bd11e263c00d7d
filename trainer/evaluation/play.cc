#include "trainer/evaluation/play.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "index/base/parallel.h"
#include "serving/ranking/live_view.h"
#include "serving/ranking/rank_events.h"

namespace usher {
namespace {

// Applies steps to a snapshot.
class Writer {
 public:
  Writer(const Replay& replay, Snapshot& snapshot)
      : replay_(replay), snapshot_(snapshot) {}

  void Apply(const ReplayStep& step) {
    Catalog& catalog = snapshot_.catalog;
    if (step.kind == ReplayStep::Kind::kAnnounce) {
      snapshot_.RefreshVectors(catalog.UpsertEvent(replay_.events[step.index]));
      return;
    }
    const UserRow row = catalog.UserRowOf(replay_.users[step.user]);
    if (step.kind == ReplayStep::Kind::kJoin) {
      User user = catalog.GetUser(row);
      user.groups.push_back({step.id, step.time});
      catalog.UpsertUser(user);
    } else {
      const EventRow event = catalog.EventRowOf(step.id);
      catalog.Apply(row, event, step.answer,
                    std::numeric_limits<float>::quiet_NaN(), step.time);
      if (Index(event) >= snapshot_.vectors.size()) {
        snapshot_.RefreshVectors(event);
      }
    }
  }

 private:
  const Replay& replay_;
  Snapshot& snapshot_;
};

// A query with what was known when it was asked, and its answer.
struct Asked {
  const ReplayQuery* query;
  Micros now;
  Snapshot snapshot;
  Ranking ranking;

  void Answer(const Replay& replay, const RankingPolicy& policy, int limit) {
    Query asked;
    asked.user_id = replay.users[query->user];
    asked.now = now;
    asked.limit = limit;
    asked.filter.start_before = query->start_before;
    const LiveView view = BuildLiveView(snapshot, policy, now, 0);
    ranking = RankEvents(asked, policy, view, snapshot);
  }
};

// Queries that are answered side by side.
constexpr size_t kBatch = 64;

// The state of the rule, by event id.
struct RuleEvent {
  Micros start = 0;
  std::string organizer;
  int yes = 0;
};

class OrganizerRule {
 public:
  explicit OrganizerRule(const Replay& replay) : replay_(replay) {
    for (size_t i = 0; i < replay.training.described_events; ++i) {
      Announce(replay.training.events[i]);
    }
    for (const InteractionRecord& row : replay.training.interactions) {
      Reveal(replay.training.users[row.user].id,
             replay.training.events[row.event].id, row.kind);
    }
  }

  void Apply(const ReplayStep& step) {
    if (step.kind == ReplayStep::Kind::kAnnounce) {
      Announce(replay_.events[step.index]);
    } else if (step.kind == ReplayStep::Kind::kReveal) {
      Reveal(replay_.users[step.user], step.id, step.answer);
    }
  }

  std::vector<std::string> Answer(const ReplayQuery& query, Micros now,
                                  bool personal, int k) {
    using Key = std::tuple<int, int, Micros, absl::string_view>;
    const std::string& user = replay_.users[query.user];
    const auto& own = organizers_[user];
    const auto& answered = answered_[user];
    std::vector<Key> keys;
    for (const auto& [id, event] : events_) {
      if (event.start <= now || event.start >= query.start_before) continue;
      if (answered.contains(id)) continue;
      const auto times = own.find(event.organizer);
      keys.emplace_back(personal && times != own.end() ? -times->second : 0,
                        -event.yes, event.start, id);
    }
    const size_t kept = std::min(keys.size(), static_cast<size_t>(k));
    std::partial_sort(keys.begin(), keys.begin() + kept, keys.end());
    std::vector<std::string> list;
    for (size_t i = 0; i < kept; ++i) list.emplace_back(std::get<3>(keys[i]));
    return list;
  }

 private:
  void Announce(const Event& event) {
    events_[event.id] = {event.start_time,
                         event.organizer.empty() ? event.id : event.organizer,
                         0};
  }
  void Reveal(const std::string& user, const std::string& event,
              InteractionKind kind) {
    if (!IsAnswer(kind)) return;
    answered_[user].insert(event);
    const auto answered = events_.find(event);
    if (kind != InteractionKind::kRsvpYes || answered == events_.end()) return;
    ++answered->second.yes;
    ++organizers_[user][answered->second.organizer];
  }

  const Replay& replay_;
  absl::flat_hash_map<std::string, RuleEvent> events_;
  absl::flat_hash_map<std::string, absl::flat_hash_set<std::string>> answered_;
  absl::flat_hash_map<std::string, absl::flat_hash_map<std::string, int>>
      organizers_;
};

}  // namespace

void PlayRankings(const Replay& replay, const RankingPolicy& policy,
                  const PlayOptions& options, Snapshot& snapshot,
                  const RankingSink& sink) {
  Writer writer(replay, snapshot);
  std::vector<Asked> batch;
  const auto answer = [&] {
    ParallelFor(static_cast<int64_t>(batch.size()), 1, options.threads,
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    batch[i].Answer(replay, policy, options.limit);
                  }
                });
    for (const Asked& asked : batch) {
      sink(*asked.query, asked.ranking, asked.snapshot.catalog);
    }
    batch.clear();
  };
  for (const ReplayStep& step : replay.steps) {
    if (step.kind != ReplayStep::Kind::kQuery) {
      writer.Apply(step);
      continue;
    }
    const ReplayQuery& query = replay.queries[step.index];
    if (query.number % options.every != 0) continue;
    batch.push_back({&query, step.time, snapshot.Share(), {}});
    if (batch.size() == kBatch) answer();
  }
  answer();
}

void PlayRanker(const Replay& replay, const RankingPolicy& policy, int k,
                Snapshot& snapshot, const AnswerSink& sink) {
  PlayOptions options;
  options.limit = k;
  options.threads = 0;
  PlayRankings(replay, policy, options, snapshot,
               [&](const ReplayQuery& query, const Ranking& ranking,
                   const Catalog& catalog) {
                 std::vector<std::string> list;
                 for (const RankedEvent& event : ranking.results) {
                   list.emplace_back(catalog.EventId(event.event));
                 }
                 sink(query, list);
               });
}

void PlayOwnOrganizerRule(const Replay& replay, bool personal, int k,
                          const AnswerSink& sink) {
  OrganizerRule rule(replay);
  for (const ReplayStep& step : replay.steps) {
    if (step.kind != ReplayStep::Kind::kQuery) {
      rule.Apply(step);
      continue;
    }
    const ReplayQuery& asked = replay.queries[step.index];
    sink(asked, rule.Answer(asked, step.time, personal, k));
  }
}

}  // namespace usher
