#include "serving/lists/candidate_lists.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

template <class T>
uint64_t BytesHash(absl::Span<const T> values, uint64_t seed) {
  return Hash64(
      {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)},
      seed);
}

// Where RankEvents() takes the user to be.
GeoPoint PlaceOf(const Query& query, const Catalog& catalog, UserRow user) {
  if (query.location.known() || user == kNoUser) return query.location;
  return catalog.users.columns[Index(user)].location;
}

RequestTerms TermsOf(const Query& query, absl::string_view policy,
                     const Snapshot& snapshot) {
  const Catalog& catalog = snapshot.catalog;
  return {policy, snapshot.info.version, query.now,
          PlaceOf(query, catalog, catalog.FindUser(query.user_id)),
          query.location.known()};
}

bool SameModel(const MemoryList& list, const Snapshot& snapshot) {
  const std::shared_ptr<const void> model = list.model.lock();
  return model != nullptr && model.get() == snapshot.model.get();
}

// Whether the list has every candidate, in an order that only the score gave.
bool IsPlain(const Query& query) {
  return WhyNoList(query) == ListRefusal::kNone && query.rules.empty() &&
         query.diversity == 0 && query.max_per_organizer == 0 &&
         query.max_per_venue == 0 && query.max_per_series == 0;
}

std::vector<EventRow> EventsOf(const Ranking& ranking) {
  std::vector<EventRow> events;
  events.reserve(ranking.results.size() + ranking.further.size());
  for (const RankedEvent& result : ranking.results) {
    events.push_back(result.event);
  }
  events.insert(events.end(), ranking.further.begin(), ranking.further.end());
  return events;
}

bool IsSame(const GeoPoint& a, const GeoPoint& b) {
  return a.known() ? a.latitude == b.latitude && a.longitude == b.longitude
                   : !b.known();
}

// Whether the list was ranked for the like of this request.
bool IsAskedAgain(const MemoryList& list, const Query& query,
                  const RequestTerms& request) {
  const size_t results = list.ranking.results.size();
  const bool are_all = results < static_cast<size_t>(list.limit);
  return IsPlain(query) && query.device == list.device &&
         IsSame(request.place, list.place) &&
         MinuteOf(query.now) == MinuteOf(list.ranked_at) &&
         (are_all || static_cast<size_t>(query.limit) <= results);
}

}  // namespace

uint64_t UserFingerprint(const Catalog& catalog, UserRow user) {
  if (user == kNoUser) return 0;
  const UserColumns& columns = catalog.users.columns[Index(user)];
  uint64_t hash = BytesHash(absl::MakeConstSpan(&columns, 1), 1);
  hash = BytesHash(catalog.users.history[Index(user)], hash);
  return BytesHash(catalog.users.follows[Index(user)], hash);
}

void CandidateLists::Refuse(ListRefusal refusal) {
  Count(counters_.refused[static_cast<size_t>(refusal)]);
}

std::string CandidateLists::HashOf(const RankingPolicy& policy) {
  // More than there are variants of experiments at any time.
  constexpr size_t kMaxPolicies = 256;
  {
    absl::ReaderMutexLock lock(&mu_);
    for (const auto& [known, hash] : hashes_) {
      if (known == policy) return hash;
    }
  }
  const std::string hash = PolicyHash(policy);
  absl::MutexLock lock(&mu_);
  if (hashes_.size() >= kMaxPolicies) hashes_.clear();
  hashes_.emplace_back(policy, hash);
  return hash;
}

FoundList CandidateLists::Find(const Query& query, const RankingPolicy& policy,
                               const Snapshot& snapshot) {
  FoundList found;
  if (const ListRefusal refusal = WhyNoList(query);
      refusal != ListRefusal::kNone) {
    Refuse(refusal);
    return found;
  }
  const std::string hash = HashOf(policy);
  const RequestTerms request = TermsOf(query, hash, snapshot);
  if (!FindInRedis(query, request, snapshot, found)) {
    FindInMemory(query, request, snapshot, found);
  }
  return found;
}

bool CandidateLists::FindInRedis(const Query& query,
                                 const RequestTerms& request,
                                 const Snapshot& snapshot, FoundList& found) {
  if (redis_ == nullptr) return false;
  const absl::StatusOr<std::optional<RankedList>> answer =
      redis_->Find(query.user_id);
  if (!answer.ok()) {
    found.degraded = absl::StrCat("lists: ", answer.status().message());
    return false;
  }
  if (!answer->has_value()) return false;
  const RankedList& list = **answer;
  const ListRefusal refusal = WhyNotUse(
      {list.policy, list.model_version, list.generated_at, list.location},
      request);
  if (refusal != ListRefusal::kNone) {
    Refuse(refusal);
    return false;
  }
  const size_t indexed = snapshot.indexed_changes == nullptr
                             ? 0
                             : snapshot.indexed_changes->size();
  if (snapshot.tail.size() + indexed > kMaxNewerEvents) {
    Refuse(ListRefusal::kCrowded);
    return false;
  }
  for (const std::string& id : list.event_ids) {
    const EventRow row = snapshot.catalog.FindEvent(id);
    if (row != kNoEvent) found.events.push_back(row);
  }
  if (found.events.empty()) {
    Refuse(ListRefusal::kUnknown);
    return false;
  }
  // What does not say when it was made may be as old as a list can be.
  found.generated_at =
      list.generated_at == kNoTime ? query.now - kListLife : list.generated_at;
  found.newer = snapshot.ChangedSinceVersion();
  found.origin = ListOrigin::kRedis;
  return true;
}

bool CandidateLists::FindInMemory(const Query& query,
                                  const RequestTerms& request,
                                  const Snapshot& snapshot, FoundList& found) {
  const std::shared_ptr<const MemoryList> list =
      memory_.Find(query.user_id, request.policy);
  if (list == nullptr) return false;
  const Catalog& catalog = snapshot.catalog;
  ListRefusal refusal = WhyNotUse(
      {request.policy, 0, list->generated_at, list->location}, request);
  if (refusal == ListRefusal::kNone &&
      (request.now < list->ranked_at ||
       request.now > list->generated_at + kMemoryListLife)) {
    refusal = ListRefusal::kAge;
  }
  if (refusal == ListRefusal::kNone &&
      (!SameModel(*list, snapshot) ||
       list->user !=
           UserFingerprint(catalog, catalog.FindUser(query.user_id)))) {
    refusal = ListRefusal::kChanged;
  }
  std::optional<std::vector<EventRow>> newer;
  if (refusal == ListRefusal::kNone) {
    refusal = ListRefusal::kCrowded;
    const int64_t changes = catalog.changed_events.revision() - list->revision;
    if (changes >= 0 && changes <= int64_t{kMaxNewerEvents}) {
      newer = catalog.changed_events.Since(list->revision);
      if (newer.has_value()) refusal = ListRefusal::kNone;
    }
  }
  if (refusal != ListRefusal::kNone) {
    Refuse(refusal);
    return false;
  }
  found.newer = *std::move(newer);
  found.events = EventsOf(list->ranking);
  found.generated_at = list->generated_at;
  found.origin = ListOrigin::kMemory;
  found.unchanged = found.newer.empty() && IsAskedAgain(*list, query, request);
  found.answer = list;
  return true;
}

void CandidateLists::CountAnswer(const FoundList& found,
                                 const Ranking& ranking) {
  if (!ranking.from_list) {
    Count(counters_.online);
    return;
  }
  Count(found.origin == ListOrigin::kRedis ? counters_.from_redis
                                           : counters_.from_memory);
  if (ranking.topped_up) Count(counters_.topped_up);
}

std::shared_ptr<const MemoryList> CandidateLists::Keep(
    const Query& query, const RankingPolicy& policy, const Snapshot& snapshot,
    const FoundList& found, const Ranking& ranking) {
  if (!memory_.keeps() || found.origin == ListOrigin::kRedis ||
      !IsPlain(query) || ranking.results.empty()) {
    return nullptr;
  }
  const Catalog& catalog = snapshot.catalog;
  const UserRow user = catalog.FindUser(query.user_id);
  auto list = std::make_shared<MemoryList>();
  list->ranking = ranking;
  list->model = snapshot.model;
  list->revision = catalog.changed_events.revision();
  list->user = UserFingerprint(catalog, user);
  list->generated_at = list->ranked_at = query.now;
  list->location = list->place = PlaceOf(query, catalog, user);
  list->device = query.device;
  list->limit = query.limit;
  if (found.answer == nullptr) {
    memory_.Keep(query.user_id, HashOf(policy), list);
  } else {
    list->generated_at = found.answer->generated_at;
    list->location = found.answer->location;
    memory_.Replace(query.user_id, HashOf(policy), *found.answer, list);
  }
  return list;
}

absl::Status CandidateLists::Forget(absl::string_view user_id) {
  memory_.Forget(user_id);
  return redis_ == nullptr ? absl::OkStatus() : redis_->Forget(user_id);
}

}  // namespace usher
