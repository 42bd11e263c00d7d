#include "serving/recommender.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "index/catalog/eligibility.h"
#include "serving/ranking/audience.h"
#include "serving/ranking/user_state.h"

namespace usher {
namespace {

absl::Status ErrorOfNoEvent(absl::string_view id) {
  return absl::NotFoundError(
      absl::StrCat("event_id: there is no event \"", id, "\""));
}

// One that was described and not deleted.
absl::StatusOr<EventRow> KnownEvent(const Catalog& catalog,
                                    absl::string_view id) {
  const EventRow row = catalog.FindEvent(id);
  if (row != kNoEvent && !catalog.events.columns[Index(row)].absent) return row;
  return ErrorOfNoEvent(id);
}

EventRow EventOfKey(const Catalog& catalog, uint64_t key) {
  const int32_t row = catalog.events.ids->FindKey(key);
  return row >= 0 && static_cast<size_t>(row) < catalog.num_events()
             ? EventRow{row}
             : kNoEvent;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Served>> Recommender::Current() const {
  std::shared_ptr<const Served> served = holder_.Get();
  if (served == nullptr) {
    return ErrorOfNoModel();
  }
  return served;
}

absl::StatusOr<Recommendations> Recommender::Recommend(
    const Query& query) const {
  ASSIGN_OR_RETURN(std::shared_ptr<const Served> served, Current());
  StageTimes times(&SteadyNanoseconds);
  Recommendations page;
  page.assignments = experiments_.Assign(query.user_id);
  page.policy = PolicyOf(page.assignments, served->policy());
  times.End(Stage::kAssign);
  Rank(query, *served, times, page);
  if (!KeepLive(query, *served, page.ranking)) page.kept = nullptr;
  times.End(Stage::kFinalCheck);
  CountList(times, page.ranking, page.ranking.results.size());
  page.served = std::move(served);
  page.recommendation_id = NextId();
  return page;
}

void Recommender::Rank(const Query& query, const Served& served,
                       StageTimes& times, Recommendations& page) const {
  const Snapshot& snapshot = served.snapshot();
  const RankingPolicy& policy = page.policy;
  const std::shared_ptr<const LiveView> view = served.ViewAt(query.now, policy);
  times.End(Stage::kView);
  Query whole = query;
  whole.further = std::max(0, kMaxPagedEvents - query.limit);
  if (lists_ == nullptr) {
    page.ranking = RankEvents(whole, policy, *view, snapshot, {}, &times);
  } else {
    RankWithLists(whole, *view, snapshot, times, page);
  }
  const LiveColumns& live = *view->columns;
  page.to_come.reserve(page.ranking.further.size());
  for (const EventRow event : page.ranking.further) {
    page.to_come.push_back(live.KeyOf(event));
  }
}

void Recommender::RankWithLists(const Query& query, const LiveView& view,
                                const Snapshot& snapshot, StageTimes& times,
                                Recommendations& page) const {
  const RankingPolicy& policy = page.policy;
  FoundList found = lists_->Find(query, policy, snapshot);
  times.End(Stage::kList);
  if (found.unchanged &&
      StillHolds(found.answer->ranking, found.answer->ranked_at, query.now,
                 view, snapshot.catalog)) {
    page.ranking =
        FirstOf(found.answer->ranking, static_cast<size_t>(query.limit));
    page.ranking.from_list = true;
    page.ranking.topped_up = false;
    page.ranking.candidates = {};  // Nobody looked for any.
    page.kept = found.answer;
    times.End(Stage::kRank);
  } else {
    const ListedEvents list{found.events, found.newer, found.generated_at,
                            found.origin == ListOrigin::kMemory};
    Shortcuts shortcuts;
    if (found.origin != ListOrigin::kOnline) {
      shortcuts.list = &list;
      shortcuts.wanted = query.limit;
    }
    page.ranking = RankEvents(query, policy, view, snapshot, shortcuts, &times);
    page.kept = lists_->Keep(query, policy, snapshot, found, page.ranking);
  }
  lists_->CountAnswer(found, page.ranking);
  if (page.ranking.from_list) page.origin = found.origin;
  if (!found.degraded.empty()) {
    page.ranking.degraded.push_back(std::move(found.degraded));
  }
}

absl::StatusOr<Recommendations> Recommender::NextPage(
    const Query& query, const PageToken& token) const {
  ASSIGN_OR_RETURN(std::shared_ptr<const Served> served, Current());
  StageTimes times(&SteadyNanoseconds);
  Recommendations page;
  page.assignments = experiments_.Assign(query.user_id);
  page.policy = PolicyOf(page.assignments, served->policy());
  times.End(Stage::kAssign);
  const std::shared_ptr<const LiveView> view =
      served->ViewAt(query.now, page.policy);
  times.End(Stage::kView);
  const Catalog& catalog = served->snapshot().catalog;
  // Rows of the token's events; kNoEvent where there is none (any more).
  std::vector<EventRow> frozen;
  // The first page's list has gone through boosts, pins, diversity and caps.
  Query rest = query;
  rest.filter.only_event_ids.clear();
  for (const uint64_t key : token.events) {
    frozen.push_back(EventOfKey(catalog, key));
    if (frozen.back() == kNoEvent) continue;
    rest.filter.only_event_ids.emplace_back(catalog.EventId(frozen.back()));
  }
  rest.limit = kMaxPagedEvents;
  std::erase_if(rest.rules, [](const Rule& rule) {
    return rule.action != RuleAction::kExclude;
  });
  rest.diversity = 0;
  rest.max_per_organizer = rest.max_per_venue = rest.max_per_series = 0;
  page.shown_before = token.shown;
  page.ranking =
      RankEvents(rest, page.policy, *view, served->snapshot(), {}, &times);
  KeepLive(query, *served, page.ranking);
  times.End(Stage::kFinalCheck);

  absl::flat_hash_map<EventRow, const RankedEvent*> alive;
  for (const RankedEvent& event : page.ranking.results) {
    alive[event.event] = &event;
  }
  std::vector<RankedEvent> results;
  for (size_t i = 0; i < frozen.size(); ++i) {
    if (results.size() >= static_cast<size_t>(query.limit)) {
      page.to_come.push_back(token.events[i]);
    } else if (const auto found = alive.find(frozen[i]); found != alive.end()) {
      results.push_back(*found->second);
    }
  }
  page.ranking.results = std::move(results);
  CountList(times, page.ranking, page.ranking.results.size());
  page.served = std::move(served);
  page.recommendation_id = NextId();
  return page;
}

absl::StatusOr<SimilarEventList> Recommender::SimilarEventsTo(
    absl::string_view event_id, const Query& query) const {
  ASSIGN_OR_RETURN(std::shared_ptr<const Served> served, Current());
  const Snapshot& snapshot = served->snapshot();
  std::vector<TasteSeed> targets;
  if (event_id.empty()) {
    targets = KnownSeeds(query.seeds, snapshot.catalog);
  } else {
    ASSIGN_OR_RETURN(const EventRow row,
                     KnownEvent(snapshot.catalog, event_id));
    targets.push_back({row, 1});
  }
  const std::shared_ptr<const LiveView> view =
      served->ViewAt(query.now, served->policy());
  std::vector<SimilarEvent> events =
      SimilarEvents(targets, query, *view, snapshot);
  return SimilarEventList{std::move(served), std::move(events)};
}

absl::StatusOr<EventExplanation> Recommender::Explain(
    absl::string_view event_id, const Query& query) const {
  ASSIGN_OR_RETURN(std::shared_ptr<const Served> served, Current());
  const Snapshot& snapshot = served->snapshot();
  const EventRow row = snapshot.catalog.FindEvent(event_id);
  if (row == kNoEvent) return ErrorOfNoEvent(event_id);
  EventExplanation explanation;
  explanation.policy =
      PolicyOf(experiments_.Assign(query.user_id), served->policy());
  const std::shared_ptr<const LiveView> view =
      served->ViewAt(query.now, explanation.policy);
  // The list first: only what is not in it has to be looked at by itself.
  const Ranking list = RankEvents(query, explanation.policy, *view, snapshot);
  for (size_t i = 0; i < list.results.size(); ++i) {
    if (list.results[i].event != row) continue;
    explanation.event = list.results[i];
    explanation.position = static_cast<int>(i) + 1;
  }
  if (!explanation.event.has_value()) {
    Query alone = query;
    alone.filter.only_event_ids = {std::string(event_id)};
    const Ranking ranking =
        RankEvents(alone, explanation.policy, *view, snapshot);
    if (!ranking.results.empty()) explanation.event = ranking.results.front();
    for (int i = 0; i < kNumDropReasons; ++i) {
      if (ranking.dropped[i] > 0) {
        explanation.dropped = static_cast<DropReason>(i);
      }
    }
    const std::vector<std::string>& only = query.filter.only_event_ids;
    if (!only.empty() &&
        std::find(only.begin(), only.end(), event_id) == only.end()) {
      explanation.event.reset();
      explanation.dropped = DropReason::kFiltered;
    }
  }
  explanation.served = std::move(served);
  return explanation;
}

absl::StatusOr<UserList> Recommender::SimilarUsersTo(absl::string_view user_id,
                                                     SimilarityBasis basis,
                                                     int limit) const {
  ASSIGN_OR_RETURN(std::shared_ptr<const Served> served, Current());
  std::vector<ScoredUser> users;
  const UserRow row = served->snapshot().catalog.FindUser(user_id);
  if (row != kNoUser) {
    users = SimilarUsers(row, basis, limit, served->people());
  }
  return UserList{std::move(served), std::move(users)};
}

absl::StatusOr<UserList> Recommender::AudienceOf(absl::string_view event_id,
                                                 int limit,
                                                 bool include_interacted,
                                                 Micros now) const {
  ASSIGN_OR_RETURN(std::shared_ptr<const Served> served, Current());
  const Snapshot& snapshot = served->snapshot();
  ASSIGN_OR_RETURN(const EventRow row, KnownEvent(snapshot.catalog, event_id));
  std::vector<ScoredUser> users =
      FindAudience({row, limit, include_interacted, now}, served->policy(),
                   snapshot, served->people());
  return UserList{std::move(served), std::move(users)};
}

bool Recommender::KeepLive(const Query& query, const Served& served,
                           Ranking& ranking) const {
  const EligibilityOptions options{query.filter.include_running,
                                   served.undated_lifetime()};
  const Catalog& catalog = served.snapshot().catalog;
  const size_t dead =
      std::erase_if(ranking.results, [&](const RankedEvent& result) {
        const DropReason reason = WhyNotLive(
            catalog.events.columns[Index(result.event)], query.now, options);
        if (reason == DropReason::kNone) return false;
        ++ranking.dropped[static_cast<size_t>(reason)];
        return true;
      });
  if (dead == 0) return true;
  ineligible_.fetch_add(static_cast<int64_t>(dead), std::memory_order_relaxed);
  return false;
}

void Recommender::CountList(const StageTimes& times, const Ranking& ranking,
                            size_t shown) const {
  if (metrics_ == nullptr) return;
  metrics_->CountStages(times);
  for (int i = 0; i < kNumCandidateSources; ++i) {
    if (ranking.candidates[i] > 0) {
      metrics_->candidates.Add(i, ranking.candidates[i]);
    }
  }
  for (int i = 1; i < kNumDropReasons; ++i) {
    if (ranking.dropped[i] > 0) metrics_->dropped.Add(i, ranking.dropped[i]);
  }
  (ranking.cold_user ? metrics_->cold : metrics_->known).Add();
  if (shown == 0) metrics_->empty.Add();
  if (!ranking.degraded.empty()) metrics_->degraded.Add();
}

// The first half counts, so that no id comes twice and a database appends them.
std::string Recommender::NextId() const {
  const uint64_t call = calls_.fetch_add(1, std::memory_order_relaxed);
  return absl::StrCat(absl::Hex(seed_ + call, absl::kZeroPad16),
                      absl::Hex(Mix64(~seed_ ^ Mix64(call)), absl::kZeroPad16));
}

}  // namespace usher
