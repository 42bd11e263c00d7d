#include "trainer/evaluation/play.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/base/call_once.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "index/base/hash.h"
#include "index/base/parallel.h"
#include "index/catalog/device.h"
#include "index/catalog/filter.h"
#include "index/vector/dot.h"
#include "serving/ranking/candidates.h"
#include "serving/ranking/live_view.h"
#include "serving/ranking/rank_events.h"
#include "serving/ranking/user_state.h"

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

// The live view of queries of one minute between which nothing was written:
// made by the first of them.
class SharedView {
 public:
  const LiveView& Get(const Snapshot& snapshot, const RankingPolicy& policy,
                      Micros now) {
    absl::call_once(
        once_, [&] { view_.emplace(BuildLiveView(snapshot, policy, now, 0)); });
    return *view_;
  }

 private:
  absl::once_flag once_;
  std::optional<LiveView> view_;
};

// A query with what was known when it was asked, and its answer.
struct Asked {
  const ReplayQuery* query;
  Micros now;
  Device device;
  Snapshot snapshot;
  std::shared_ptr<SharedView> view;
  Ranking ranking;
  std::vector<int64_t> places;

  Query AsQuery(const Replay& replay, int limit) const {
    Query asked;
    asked.user_id = replay.users[query->user];
    asked.now = now;
    asked.limit = limit;
    asked.location = query->location;
    asked.device = device;
    asked.filter.start_before = query->start_before;
    asked.filter.exclude_event_ids = query->masked;
    return asked;
  }
  // Fills `places`.
  void Retrieve(const Replay& replay, const RankingPolicy& policy) {
    const Query asked = AsQuery(replay, 0);
    const LiveView& live = view->Get(snapshot, policy, now);
    const UserState user = BuildUserState(asked, snapshot, *live.columns);
    const std::vector<float> wanted = RetrievalQuery(policy, user, snapshot);
    const CompiledFilter filter(asked.filter, snapshot.catalog, user.place);
    std::vector<std::pair<float, EventRow>> scores;
    live.columns->upcoming().ForEach([&](size_t row) {
      const EventRow event{static_cast<int32_t>(row)};
      if (!filter.Matches(event)) return;
      if (absl::c_binary_search(user.answered, event)) return;
      const absl::Span<const float> vector = snapshot.vectors.Row(row);
      float score = live.bias[row];
      if (vector.size() == wanted.size()) {
        score += Dot(wanted.data(), vector.data(), wanted.size());
      }
      scores.emplace_back(-score, event);
    });
    absl::c_sort(scores);
    for (const std::string& id : query->relevant) {
      const EventRow row = snapshot.catalog.FindEvent(id);
      const auto found = absl::c_find_if(
          scores, [&](const auto& scored) { return scored.second == row; });
      places.push_back(found == scores.end() ? -1 : found - scores.begin());
    }
  }
  void Answer(const Replay& replay, const RankingPolicy& policy, int limit) {
    ranking = RankEvents(AsQuery(replay, limit), policy,
                         view->Get(snapshot, policy, now), snapshot);
  }
};

// Queries that are answered side by side.
constexpr size_t kBatch = 64;

// Calls `answer` for each asked query, on the threads, and `sink` after it, in
// order.
class Asking {
 public:
  Asking(const Replay& replay, const PlayOptions& options, Snapshot& snapshot,
         std::function<void(Asked&)> answer,
         std::function<void(const Asked&)> sink)
      : replay_(replay),
        options_(options),
        snapshot_(snapshot),
        answer_(std::move(answer)),
        sink_(std::move(sink)) {}

  void Play() {
    Writer writer(replay_, snapshot_);
    for (const ReplayStep& step : replay_.steps) {
      if (step.kind != ReplayStep::Kind::kQuery) {
        writer.Apply(step);
        view_ = nullptr;
        continue;
      }
      const ReplayQuery& query = replay_.queries[step.index];
      if (query.number % options_.every != 0) continue;
      if (view_ == nullptr || MinuteOf(step.time) != minute_) {
        view_ = std::make_shared<SharedView>();
        minute_ = MinuteOf(step.time);
      }
      batch_.push_back({&query,
                        step.time,
                        DeviceToSay(query),
                        snapshot_.Share(),
                        view_,
                        {},
                        {}});
      if (batch_.size() == kBatch) Flush();
    }
    Flush();
  }

 private:
  void Flush() {
    ParallelFor(static_cast<int64_t>(batch_.size()), 1, options_.threads,
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) answer_(batch_[i]);
                });
    for (const Asked& asked : batch_) sink_(asked);
    batch_.clear();
  }

  Device DeviceToSay(const ReplayQuery& query) const {
    const uint64_t hash = Mix64(static_cast<uint64_t>(query.number));
    return static_cast<double>(hash >> 11) * 0x1.0p-53 < options_.hidden_devices
               ? Device::kUnknown
               : query.device;
  }

  const Replay& replay_;
  const PlayOptions& options_;
  Snapshot& snapshot_;
  const std::function<void(Asked&)> answer_;
  const std::function<void(const Asked&)> sink_;
  std::shared_ptr<SharedView> view_;
  Micros minute_ = kNoTime;
  std::vector<Asked> batch_;
};

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
                                  PlainRule rule, int k) {
    using Key = std::tuple<int, int, Micros, absl::string_view>;
    const std::string& user = replay_.users[query.user];
    const auto& own = organizers_[user];
    const auto& answered = answered_[user];
    const absl::flat_hash_set<absl::string_view> masked(query.masked.begin(),
                                                        query.masked.end());
    std::vector<Key> keys;
    for (const auto& [id, event] : events_) {
      if (event.start != kNoTime &&
          (event.start <= now || event.start >= query.start_before)) {
        continue;
      }
      if (answered.contains(id)) continue;
      if (masked.contains(id)) continue;
      const auto times = rule == PlainRule::kOwnOrganizers
                             ? own.find(event.organizer)
                             : own.end();
      keys.emplace_back(times != own.end() ? -times->second : 0,
                        rule == PlainRule::kSoonest ? 0 : -event.yes,
                        event.start, id);
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
    if (!IsCommitment(kind) || answered == events_.end()) return;
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
  Asking(
      replay, options, snapshot,
      [&](Asked& asked) { asked.Answer(replay, policy, options.limit); },
      [&](const Asked& asked) {
        sink(*asked.query, asked.ranking, asked.snapshot.catalog);
      })
      .Play();
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

void PlayRetrieval(const Replay& replay, const RankingPolicy& policy,
                   const PlayOptions& options, Snapshot& snapshot,
                   const RetrievalSink& sink) {
  Asking(
      replay, options, snapshot,
      [&](Asked& asked) { asked.Retrieve(replay, policy); },
      [&](const Asked& asked) { sink(*asked.query, asked.places); })
      .Play();
}

std::vector<double> ScorePairs(
    const Replay& replay,
    const std::vector<std::pair<int32_t, std::string>>& pairs,
    const RankingPolicy& policy, const Snapshot& snapshot, int threads) {
  constexpr int64_t kBlock = 64;
  const LiveView view = BuildLiveView(snapshot, policy, replay.cut, 0);
  std::vector<double> scores(pairs.size(),
                             std::numeric_limits<double>::quiet_NaN());
  ParallelFor(static_cast<int64_t>(pairs.size()), kBlock, threads,
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) {
                  Query query;
                  query.user_id = replay.users[pairs[i].first];
                  query.now = replay.cut;
                  query.limit = 1;
                  query.filter.only_event_ids = {pairs[i].second};
                  query.filter.include_interacted = true;
                  const Ranking ranking =
                      RankEvents(query, policy, view, snapshot);
                  if (!ranking.results.empty()) {
                    scores[i] = ranking.results[0].score;
                  }
                }
              });
  return scores;
}

void PlayRule(const Replay& replay, PlainRule rule, int k,
              const AnswerSink& sink,
              const std::function<bool(const ReplayQuery&)>& chosen) {
  OrganizerRule state(replay);
  for (const ReplayStep& step : replay.steps) {
    if (step.kind != ReplayStep::Kind::kQuery) {
      state.Apply(step);
      continue;
    }
    const ReplayQuery& asked = replay.queries[step.index];
    if (chosen && !chosen(asked)) continue;
    sink(asked, state.Answer(asked, step.time, rule, k));
  }
}

}  // namespace usher
