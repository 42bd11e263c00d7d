#include "index/catalog/catalog.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
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

}  // namespace

Catalog Catalog::Share() {
  Catalog shared;
  shared.events = {
      events.ids,          events.columns.Share(),   events.counters.Share(),
      events.tags.Share(), events.documents.Share(), events.attendees.Share()};
  shared.organizers = {organizers.ids, organizers.counters.Share(),
                       organizers.events.Share(), organizers.attendees.Share(),
                       organizers.names.Share()};
  shared.users = {users.ids, users.columns.Share(), users.follows.Share(),
                  users.history.Share(), users.commitments.Share(),
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
      CountUser(old, user, row, -1);
    }
  }
  if (organizer != kNoOrganizer) {
    OrganizerCounters& counters = organizers.counters.Mutable(Index(organizer));
    counters.events += 1;
    counters.yes += yes;
    organizers.events.Append(Index(organizer), row);
    for (const UserRow user : events.attendees[Index(row)]) {
      CountUser(organizer, user, row, +1);
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
    CountAnswer(action.event, action, -1);
    if (!IsCommitment(action.kind)) continue;
    DropCommitment(row, action.event);
    CountAttendee(row, action.event, -1);
    changed_events.Add(action.event);
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
  if (past.size() > kHistoryScan) past.remove_prefix(past.size() - kHistoryScan);
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

void Catalog::CountUser(OrganizerRow organizer, UserRow user, EventRow event,
                        int sign) {
  if (KnowsOrganizer(user, organizer, event)) return;
  if (sign > 0) {
    organizers.attendees.Append(Index(organizer), user);
  } else if (!Remove(organizers.attendees, Index(organizer), user)) {
    return;
  }
  organizers.counters.Mutable(Index(organizer)).users += sign;
}

// Counts an answer, or with `sign` -1 takes it back.
void Catalog::CountAnswer(EventRow event, const Action& action, int sign) {
  const bool commitment = IsCommitment(action.kind);
  const float taste = TasteWeight(action.kind, action.value);
  const bool positive = commitment || taste > 0;
  EventCounters& counters = events.counters.Mutable(Index(event));
  counters.yes += commitment ? sign : 0;
  counters.no += !commitment && taste < 0 ? sign : 0;
  if (positive) {
    counters.answers.Add(action.time, static_cast<float>(sign), kEventHorizons);
  }
  if (sign > 0)
    counters.last_answer = std::max(counters.last_answer, action.time);

  const OrganizerRow organizer = events.columns[Index(event)].organizer;
  if (organizer == kNoOrganizer || !positive) return;
  OrganizerCounters& host = organizers.counters.Mutable(Index(organizer));
  host.answers.Add(action.time, static_cast<float>(sign), kOrganizerHorizons);
  host.yes += commitment ? sign : 0;
}

void Catalog::CountAttendee(UserRow user, EventRow event, int sign) {
  const OrganizerRow organizer = events.columns[Index(event)].organizer;
  if (sign > 0) {
    events.attendees.Append(Index(event), user);
  } else {
    Remove(events.attendees, Index(event), user);
  }
  if (organizer != kNoOrganizer) CountUser(organizer, user, event, sign);
}

void Catalog::Apply(UserRow user, EventRow event, InteractionKind kind,
                    float value, Micros time) {
  const Action action{time, event, value, kind, {}};
  if (IsAnswer(kind)) {
    bool came = false;
    if (const std::optional<size_t> at = AnswerTo(user, event)) {
      const Action past = users.history[Index(user)][*at];
      if (past.time > action.time) return;
      came = IsCommitment(past.kind);
      users.history.Erase(Index(user), *at);
      if (came) DropCommitment(user, event);
      CountAnswer(event, past, -1);
    }
    CountAnswer(event, action, +1);
    const bool comes = IsCommitment(kind);
    if (came != comes) CountAttendee(user, event, comes ? +1 : -1);
    changed_events.Add(event);
  }
  // What says nothing of their taste would wash out what does.
  if (!IsAnswer(kind) && TasteWeight(kind, value) == 0) return;
  const absl::Span<const Action> history = users.history[Index(user)];
  if (history.size() >= kMaxHistory) {
    users.history.Assign(Index(user), HalfOf(history));
    FillCommitments(user);
  }
  users.history.Append(Index(user), action);
  if (IsCommitment(kind)) {
    users.commitments.Append(Index(user),
                             {event, events.columns[Index(event)].organizer});
  }
  users.columns.Mutable(Index(user)).changed = 1;
  changed_users.Add(user);
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
