#include "index/catalog/catalog.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "index/base/groups.h"
#include "index/catalog/codec.h"
#include "index/catalog/fold_case.h"

namespace usher {
namespace {

int32_t AddIfAny(IdMap& ids, absl::string_view id) {
  return id.empty() ? -1 : ids.Add(id);
}

// A name that people type: case is no difference.
int32_t AddFolded(IdMap& ids, absl::string_view name) {
  return AddIfAny(ids, FoldCase(name));
}

absl::string_view Text(absl::Span<const char> bytes) {
  return {bytes.data(), bytes.size()};
}

template <class Row>
Row FindIn(const IdMap& ids, absl::string_view id, size_t size) {
  const int32_t row = ids.Find(id);
  return row >= 0 && static_cast<size_t>(row) < size ? Row{row} : Row{-1};
}

// Takes the last `value` out of a list; false when there is none. Looks from
// the end, since what is taken back is recent as a rule.
template <class T>
bool Remove(ListColumn<T>& lists, size_t row, T value) {
  const absl::Span<const T> list = lists[row];
  const auto found = std::find(list.rbegin(), list.rend(), value);
  if (found == list.rend()) return false;
  lists.Erase(row, static_cast<size_t>(list.rend() - found) - 1);
  return true;
}

// The latest of a history, answers before anything else.
std::vector<Action> HalfOf(absl::Span<const Action> history) {
  const auto answers = static_cast<size_t>(
      std::count_if(history.begin(), history.end(),
                    [](const Action& past) { return IsAnswer(past.kind); }));
  const size_t wanted = history.size() / 2;
  const size_t kept_answers = std::min(answers, wanted);
  size_t drop_answers = answers - kept_answers;
  size_t drop_others = history.size() - answers - (wanted - kept_answers);
  std::vector<Action> half;
  for (const Action& past : history) {
    size_t& drop = IsAnswer(past.kind) ? drop_answers : drop_others;
    if (drop > 0) {
      --drop;
    } else {
      half.push_back(past);
    }
  }
  return half;
}

bool IsPositive(const Action& answer) {
  return IsCommitment(answer.kind) ||
         TasteWeight(answer.kind, answer.value) > 0;
}

// Both count an answer, or with `sign` -1 take it back.
void Count(const Action& answer, int sign, EventCounters& counters) {
  if (IsCommitment(answer.kind)) {
    counters.yes += sign;
  } else if (TasteWeight(answer.kind, answer.value) < 0) {
    counters.no += sign;
  }
  if (IsPositive(answer)) {
    counters.answers.Add(answer.time, static_cast<float>(sign), kEventHorizons);
  }
  if (sign > 0) {
    counters.last_answer = std::max(counters.last_answer, answer.time);
  }
}

void Count(const Action& answer, int sign, OrganizerCounters& counters) {
  if (!IsPositive(answer)) return;
  counters.answers.Add(answer.time, static_cast<float>(sign),
                       kOrganizerHorizons);
  if (IsCommitment(answer.kind)) counters.yes += sign;
}

Action ActionOf(const InteractionRecord& interaction) {
  return {interaction.time,
          EventRow{interaction.event},
          interaction.value,
          interaction.kind,
          {}};
}

}  // namespace

Catalog Catalog::Share() {
  Catalog shared;
  shared.events = {
      events.ids,          events.columns.Share(),   events.counters.Share(),
      events.tags.Share(), events.documents.Share(), events.attendees.Share()};
  shared.organizers = {organizers.ids, organizers.counters.Share(),
                       organizers.events.Share(), organizers.attendees.Share(),
                       organizers.names.Share()};
  shared.users = {users.ids,
                  users.columns.Share(),
                  users.follows.Share(),
                  users.history.Share(),
                  users.commitments.Share(),
                  users.documents.Share()};
  shared.vocabulary = vocabulary;
  shared.changed_events = changed_events.Share();
  shared.changed_users = changed_users.Share();
  return shared;
}

EventRow Catalog::FindEvent(absl::string_view id) const {
  return FindIn<EventRow>(*events.ids, id, num_events());
}

UserRow Catalog::FindUser(absl::string_view id) const {
  const UserRow row = FindIn<UserRow>(*users.ids, id, num_users());
  const bool forgotten =
      row != kNoUser && users.columns[Index(row)].forgotten != 0;
  return forgotten ? kNoUser : row;
}

OrganizerRow Catalog::FindOrganizer(absl::string_view id) const {
  return FindIn<OrganizerRow>(*organizers.ids, id, num_organizers());
}

absl::string_view Catalog::OrganizerName(OrganizerRow row) const {
  const absl::string_view name = Text(organizers.names[Index(row)]);
  return name.empty() ? OrganizerId(row) : name;
}

Event Catalog::GetEvent(EventRow row) const {
  absl::StatusOr<Event> event = DecodeEvent(Text(events.documents[Index(row)]));
  if (event.ok()) return *std::move(event);
  Event bare;
  bare.id = std::string(EventId(row));
  return bare;
}

User Catalog::GetUser(UserRow row) const {
  absl::StatusOr<User> decoded = DecodeUser(Text(users.documents[Index(row)]));
  User user;
  if (decoded.ok()) user = *std::move(decoded);
  user.id = std::string(UserId(row));
  user.groups.clear();
  for (const Follow& follow : users.follows[Index(row)]) {
    user.groups.push_back(
        {std::string(OrganizerId(follow.organizer)), follow.joined});
  }
  return user;
}

EventRow Catalog::EventRowOf(absl::string_view id) {
  const EventRow row{events.ids->Add(id)};
  if (Index(row) >= num_events()) {
    events.columns.Resize(Index(row) + 1);
    events.counters.Resize(Index(row) + 1);
    events.tags.Resize(Index(row) + 1);
    events.documents.Resize(Index(row) + 1);
    events.attendees.Resize(Index(row) + 1);
    changed_events.Add(row);
  }
  return row;
}

UserRow Catalog::UserRowOf(absl::string_view id) {
  const UserRow row{users.ids->Add(id)};
  if (Index(row) >= num_users()) {
    users.columns.Resize(Index(row) + 1);
    users.follows.Resize(Index(row) + 1);
    users.history.Resize(Index(row) + 1);
    users.commitments.Resize(Index(row) + 1);
    users.documents.Resize(Index(row) + 1);
  }
  return row;
}

OrganizerRow Catalog::OrganizerRowOf(absl::string_view id) {
  const OrganizerRow row{organizers.ids->Add(id)};
  if (Index(row) >= num_organizers()) {
    organizers.counters.Resize(Index(row) + 1);
    organizers.events.Resize(Index(row) + 1);
    organizers.attendees.Resize(Index(row) + 1);
    organizers.names.Resize(Index(row) + 1);
  }
  return row;
}

// The decayed counts of the organizers stay: they say what happened then.
void Catalog::SetOrganizer(EventRow row, OrganizerRow organizer) {
  const OrganizerRow old = events.columns[Index(row)].organizer;
  if (old == organizer) return;
  const int32_t yes = events.counters[Index(row)].yes;
  if (old != kNoOrganizer) {
    OrganizerCounters& counters = organizers.counters.Mutable(Index(old));
    counters.events -= 1;
    counters.yes -= yes;
    Remove(organizers.events, Index(old), row);
    for (const UserRow user : events.attendees[Index(row)]) {
      if (!KnowsOrganizer(user, old, row)) CountUser(old, user, -1);
    }
  }
  if (organizer != kNoOrganizer) {
    OrganizerCounters& counters = organizers.counters.Mutable(Index(organizer));
    counters.events += 1;
    counters.yes += yes;
    organizers.events.Append(Index(organizer), row);
    for (const UserRow user : events.attendees[Index(row)]) {
      if (!KnowsOrganizer(user, organizer, row)) CountUser(organizer, user, +1);
    }
  }
  for (const UserRow user : events.attendees[Index(row)]) {
    if (const std::optional<size_t> at = CommitmentTo(user, row)) {
      users.commitments.Set(Index(user), *at, {row, organizer});
    }
  }
}

std::optional<size_t> Catalog::CommitmentTo(UserRow user,
                                            EventRow event) const {
  const absl::Span<const Commitment> all = users.commitments[Index(user)];
  for (size_t i = all.size(); i-- > 0;) {
    if (all[i].event == event) return i;
  }
  return std::nullopt;
}

void Catalog::DropCommitment(UserRow user, EventRow event) {
  if (const std::optional<size_t> at = CommitmentTo(user, event)) {
    users.commitments.Erase(Index(user), *at);
  }
}

void Catalog::FillCommitments(UserRow user) {
  std::vector<Commitment> commitments;
  for (const Action& past : users.history[Index(user)]) {
    if (!IsCommitment(past.kind)) continue;
    commitments.push_back(
        {past.event, events.columns[Index(past.event)].organizer});
  }
  users.commitments.Assign(Index(user), commitments);
}

EventRow Catalog::UpsertEvent(const Event& event) {
  const EventRow row = EventRowOf(event.id);
  const OrganizerRow organizer =
      event.organizer.empty() ? kNoOrganizer : OrganizerRowOf(event.organizer);
  SetOrganizer(row, organizer);
  if (organizer != kNoOrganizer && !event.organizer_name.empty() &&
      Text(organizers.names[Index(organizer)]) != event.organizer_name) {
    organizers.names.Assign(Index(organizer),
                            absl::MakeConstSpan(event.organizer_name.data(),
                                                event.organizer_name.size()));
  }
  EventColumns& columns = events.columns.Mutable(Index(row));
  columns.start = event.start_time;
  columns.end = event.end_time;
  columns.announce = event.announce_time;
  columns.location = event.location;
  columns.price = event.price;
  columns.capacity = event.capacity;
  columns.organizer = organizer;
  columns.venue = AddIfAny(*vocabulary.venues, event.venue);
  columns.category = AddFolded(*vocabulary.categories, event.category);
  columns.city = AddFolded(*vocabulary.cities, event.city);
  columns.series =
      event.title.empty()
          ? -1
          : vocabulary.series->Add(absl::StrCat(event.organizer, "\n",
                                                NormalizedTitle(event.title)));
  columns.status = event.status;
  columns.absent = 0;
  std::vector<int32_t> tags;
  for (const std::string& tag : event.tags) {
    tags.push_back(vocabulary.tags->Add(FoldCase(tag)));
  }
  events.tags.Assign(Index(row), tags);
  const std::string document = EncodeEvent(event);
  events.documents.Assign(
      Index(row), absl::MakeConstSpan(document.data(), document.size()));
  changed_events.Add(row);
  return row;
}

void Catalog::DeleteEvent(EventRow row) {
  events.columns.Mutable(Index(row)).absent = 1;
  changed_events.Add(row);
}

UserRow Catalog::UpsertUser(const User& user) {
  const UserRow row = UserRowOf(user.id);
  UserColumns& columns = users.columns.Mutable(Index(row));
  columns.joined = user.joined_time;
  columns.location = user.location;
  columns.changed = 1;
  std::vector<Follow> follows;
  for (const Group& group : user.groups) {
    follows.push_back({group.joined, OrganizerRowOf(group.id), 0});
  }
  users.follows.Assign(Index(row), follows);
  User profile = user;
  profile.groups.clear();
  const std::string document = EncodeUser(profile);
  users.documents.Assign(Index(row),
                         absl::MakeConstSpan(document.data(), document.size()));
  changed_users.Add(row);
  return row;
}

void Catalog::ForgetUser(UserRow row) {
  const size_t user = Index(row);
  while (!users.history[user].empty()) {
    const Action action = users.history[user].back();
    users.history.Erase(user, users.history[user].size() - 1);
    if (!IsAnswer(action.kind)) continue;
    const size_t event = Index(action.event);
    const OrganizerRow organizer = events.columns[event].organizer;
    Count(action, -1, events.counters.Mutable(event));
    if (organizer != kNoOrganizer) {
      Count(action, -1, organizers.counters.Mutable(Index(organizer)));
    }
    changed_events.Add(action.event);
    if (!IsCommitment(action.kind)) continue;
    DropCommitment(row, action.event);
    Remove(events.attendees, event, row);
    if (organizer != kNoOrganizer &&
        !KnowsOrganizer(row, organizer, action.event)) {
      CountUser(organizer, row, -1);
    }
  }
  users.follows.Assign(user, {});
  users.documents.Assign(user, {});
  UserColumns nobody;
  nobody.changed = nobody.forgotten = 1;
  users.columns.Mutable(user) = nobody;
  changed_users.Add(row);
}

bool Catalog::KnowsOrganizer(UserRow user, OrganizerRow organizer,
                             EventRow except) const {
  absl::Span<const Commitment> past = users.commitments[Index(user)];
  if (past.size() > kHistoryScan) {
    past.remove_prefix(past.size() - kHistoryScan);
  }
  // A regular is known by one of the latest.
  return std::any_of(past.rbegin(), past.rend(), [&](const Commitment& other) {
    return other.organizer == organizer && other.event != except;
  });
}

std::optional<size_t> Catalog::AnswerTo(UserRow user, EventRow event) const {
  const absl::Span<const Action> history = users.history[Index(user)];
  for (size_t i = history.size(); i-- > 0;) {
    if (history[i].event == event && IsAnswer(history[i].kind)) return i;
  }
  return std::nullopt;
}

void Catalog::CountUser(OrganizerRow organizer, UserRow user, int sign) {
  if (sign > 0) {
    organizers.attendees.Append(Index(organizer), user);
  } else if (!Remove(organizers.attendees, Index(organizer), user)) {
    return;
  }
  organizers.counters.Mutable(Index(organizer)).users += sign;
}

// What an interaction does beside the history of its user.
struct Catalog::Outcome {
  Action replaced;       // The answer that went; of kNoEvent: none.
  bool kept = false;     // It is in the history.
  bool counts = false;   // It is the user's answer to the event.
  bool regular = false;  // They have another commitment to its organizer.
  OrganizerRow organizer = kNoOrganizer;  // Of the event.

  bool replaces() const { return replaced.event != kNoEvent; }
  // +1 when the user becomes an attendee by this answer, -1 when no longer.
  int Attendance(InteractionKind answer) const {
    const bool came = replaces() && IsCommitment(replaced.kind);
    return static_cast<int>(IsCommitment(answer)) - static_cast<int>(came);
  }
};

Catalog::Outcome Catalog::Remember(UserRow user, const Action& action) {
  const size_t row = Index(user);
  const OrganizerRow organizer = events.columns[Index(action.event)].organizer;
  Outcome outcome;
  outcome.organizer = organizer;
  if (IsAnswer(action.kind)) {
    if (const std::optional<size_t> at = AnswerTo(user, action.event)) {
      const Action past = users.history[row][*at];
      if (past.time > action.time) return outcome;
      outcome.replaced = past;
      users.history.Erase(row, *at);
      if (IsCommitment(past.kind)) DropCommitment(user, action.event);
    }
    outcome.counts = true;
    outcome.regular = organizer != kNoOrganizer &&
                      outcome.Attendance(action.kind) != 0 &&
                      KnowsOrganizer(user, organizer, action.event);
  } else if (TasteWeight(action.kind, action.value) == 0) {
    // What says nothing of their taste would wash out what does.
    return outcome;
  }
  const absl::Span<const Action> history = users.history[row];
  if (history.size() >= kMaxHistory) {
    users.history.Assign(row, HalfOf(history));
    FillCommitments(user);
  }
  users.history.Append(row, action);
  if (IsCommitment(action.kind)) {
    users.commitments.Append(row, {action.event, organizer});
  }
  users.columns.Mutable(row).changed = 1;
  outcome.kept = true;
  return outcome;
}

void Catalog::CountAtEvent(UserRow user, const Action& answer,
                           const Outcome& outcome) {
  const size_t event = Index(answer.event);
  EventCounters& counters = events.counters.Mutable(event);
  if (outcome.replaces()) Count(outcome.replaced, -1, counters);
  Count(answer, +1, counters);
  const int attendance = outcome.Attendance(answer.kind);
  if (attendance > 0) events.attendees.Append(event, user);
  if (attendance < 0) Remove(events.attendees, event, user);
}

void Catalog::CountAtOrganizer(UserRow user, const Action& answer,
                               const Outcome& outcome) {
  OrganizerCounters& counters =
      organizers.counters.Mutable(Index(outcome.organizer));
  if (outcome.replaces()) Count(outcome.replaced, -1, counters);
  Count(answer, +1, counters);
  const int attendance = outcome.Attendance(answer.kind);
  if (attendance != 0 && !outcome.regular) {
    CountUser(outcome.organizer, user, attendance);
  }
}

void Catalog::Apply(UserRow user, EventRow event, InteractionKind kind,
                    float value, Micros time) {
  const Action action{time, event, value, kind, {}};
  const Outcome outcome = Remember(user, action);
  if (outcome.counts) {
    CountAtEvent(user, action, outcome);
    if (outcome.organizer != kNoOrganizer) {
      CountAtOrganizer(user, action, outcome);
    }
    changed_events.Add(event);
  }
  if (outcome.kept) changed_users.Add(user);
}

void Catalog::ApplyAll(absl::Span<const InteractionRecord> interactions,
                       int threads, size_t batch) {
  if (interactions.empty()) return;
  users.columns.Own();
  users.history.Own();
  users.commitments.Own();
  events.counters.Own();
  events.attendees.Own();
  organizers.counters.Own();
  organizers.attendees.Own();
  for (; !interactions.empty();
       interactions.remove_prefix(std::min(batch, interactions.size()))) {
    ApplyBatch(interactions.subspan(0, batch), threads);
  }
}

void Catalog::ApplyBatch(absl::Span<const InteractionRecord> interactions,
                         int threads) {
  constexpr int64_t kBlock = 16;
  std::vector<Outcome> outcomes(interactions.size());
  const auto fetch = [&](size_t i) {
    __builtin_prefetch(&interactions[i]);
    __builtin_prefetch(&outcomes[i], 1);
  };

  const Groups of_user(interactions.size(), num_users(),
                       [&](size_t i) { return interactions[i].user; });
  of_user.ForEach(kBlock, threads, fetch, [&](size_t user, size_t i) {
    outcomes[i] = Remember(UserRow{static_cast<int32_t>(user)},
                           ActionOf(interactions[i]));
  });
  const Groups of_event(interactions.size(), num_events(), [&](size_t i) {
    return outcomes[i].counts ? interactions[i].event : -1;
  });
  of_event.ForEach(kBlock, threads, fetch, [&](size_t, size_t i) {
    CountAtEvent(UserRow{interactions[i].user}, ActionOf(interactions[i]),
                 outcomes[i]);
  });
  const Groups of_organizer(
      interactions.size(), num_organizers(), [&](size_t i) {
        return static_cast<int32_t>(outcomes[i].counts ? outcomes[i].organizer
                                                       : kNoOrganizer);
      });
  of_organizer.ForEach(kBlock, threads, fetch, [&](size_t, size_t i) {
    CountAtOrganizer(UserRow{interactions[i].user}, ActionOf(interactions[i]),
                     outcomes[i]);
  });
  for (size_t i = 0; i < interactions.size(); ++i) {
    if (outcomes[i].counts) changed_events.Add(EventRow{interactions[i].event});
    if (outcomes[i].kept) changed_users.Add(UserRow{interactions[i].user});
  }
}

void Catalog::MarkTrained() {
  for (size_t row = 0; row < num_users(); ++row) {
    if (users.columns[row].changed) users.columns.Mutable(row).changed = 0;
  }
}

std::string NormalizedTitle(absl::string_view title) {
  std::string normalized;
  for (const char c : title) {
    if (absl::ascii_isdigit(c)) continue;
    if (absl::ascii_isspace(c)) {
      if (!normalized.empty() && normalized.back() != ' ') normalized += ' ';
    } else {
      normalized += absl::ascii_tolower(c);
    }
  }
  absl::StripTrailingAsciiWhitespace(&normalized);
  return normalized;
}

}  // namespace usher
