// Everything that is known of events, organizers and users, and all that users
// did: one value that is read by requests and moved by writes.
#ifndef USHER_INDEX_CATALOG_CATALOG_H_
#define USHER_INDEX_CATALOG_CATALOG_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/base/clock.h"
#include "index/base/cow_vector.h"
#include "index/base/list_column.h"
#include "index/catalog/change_log.h"
#include "index/catalog/decayed_counts.h"
#include "index/catalog/event.h"
#include "index/catalog/geo.h"
#include "index/catalog/id_map.h"
#include "index/catalog/interaction.h"
#include "index/catalog/rows.h"
#include "index/catalog/user.h"

namespace usher {

// The plain-data structs below are also the layout on disk (little-endian):
// changing one means a new format version (index/artifact/version.h).

// What requests read of an event. Vocabulary rows (venue, category, city,
// series) are -1 when absent.
struct EventColumns {
  Micros start = kNoTime;
  Micros end = kNoTime;
  Micros announce = kNoTime;
  GeoPoint location;
  float price = std::numeric_limits<float>::quiet_NaN();
  int32_t capacity = -1;
  OrganizerRow organizer = kNoOrganizer;
  int32_t venue = -1;
  int32_t category = -1;
  int32_t city = -1;
  int32_t series = -1;  // Same organizer and title, but for digits.
  EventStatus status = EventStatus::kScheduled;
  uint8_t absent = 1;  // 1: never described, or deleted.
  uint8_t padding[10] = {};
};
static_assert(sizeof(EventColumns) == 72);

// What happened with an event. A user counts once, by their latest answer.
struct EventCounters {
  DecayedCounts answers;  // kEventHorizons; positive answers.
  Micros last_answer = kNoTime;
  int32_t yes = 0;  // Commitments (IsCommitment).
  int32_t no = 0;   // Refusals.
};

// What happened with an organizer's events.
struct OrganizerCounters {
  DecayedCounts answers;  // kOrganizerHorizons; positive answers.
  int32_t yes = 0;
  int32_t events = 0;
  int32_t users = 0;  // Distinct users with a commitment.
  int32_t padding = 0;
};

struct UserColumns {
  Micros joined = kNoTime;
  GeoPoint location;
  // 1: has acted or changed what they follow since the version was trained.
  uint8_t changed = 0;
  uint8_t forgotten = 0;  // 1: a row without a person (ForgetUser).
  uint8_t padding[6] = {};
};

// An organizer that a user follows.
struct Follow {
  Micros joined = kNoTime;
  OrganizerRow organizer = kNoOrganizer;
  int32_t padding = 0;
};

// One entry of a user's history.
struct Action {
  Micros time = kNoTime;
  EventRow event = kNoEvent;
  float value = 0;  // NaN when the interaction had none.
  InteractionKind kind = InteractionKind::kRsvpYes;
  uint8_t padding[7] = {};
};

// A commitment of a user's history, beside what a pass over many users asks of
// its event.
struct Commitment {
  EventRow event = kNoEvent;
  OrganizerRow organizer = kNoOrganizer;  // That the event has now.
};

struct EventTable {
  std::shared_ptr<IdMap> ids = std::make_shared<IdMap>();
  CowVector<EventColumns> columns;
  CowVector<EventCounters> counters;
  ListColumn<int32_t> tags;       // Rows of Vocabulary::tags.
  ListColumn<char> documents;     // EncodeEvent().
  ListColumn<UserRow> attendees;  // Users whose answer is a commitment.
};

struct OrganizerTable {
  std::shared_ptr<IdMap> ids = std::make_shared<IdMap>();
  CowVector<OrganizerCounters> counters;
  ListColumn<EventRow> events;    // That it has, or had: check the event.
  ListColumn<UserRow> attendees;  // Distinct users with a commitment.
  ListColumn<char> names;
};

struct UserTable {
  std::shared_ptr<IdMap> ids = std::make_shared<IdMap>();
  CowVector<UserColumns> columns;
  ListColumn<Follow> follows;
  ListColumn<Action> history;  // In order of arrival, one answer an event.
  ListColumn<Commitment> commitments;  // Those of the history, in its order.
  ListColumn<char> documents;          // EncodeUser(), without groups.
};

// Categories, cities and tags are folded (FoldCase): filters match them in any
// case. What was given is in the event's document.
struct Vocabulary {
  std::shared_ptr<IdMap> venues = std::make_shared<IdMap>();
  std::shared_ptr<IdMap> categories = std::make_shared<IdMap>();
  std::shared_ptr<IdMap> cities = std::make_shared<IdMap>();
  std::shared_ptr<IdMap> tags = std::make_shared<IdMap>();
  std::shared_ptr<IdMap> series = std::make_shared<IdMap>();
};

// Thread-compatible: one thread writes and calls Share(); what Share() returned
// is immutable by agreement and may be read by any number of threads. The
// trainer fills one, a version stores one, the server and the evaluator move
// one: the same functions everywhere.
class Catalog {
 public:
  Catalog() = default;
  Catalog(Catalog&&) noexcept = default;
  Catalog& operator=(Catalog&&) noexcept = default;

  // A catalog with the same content that shares its memory.
  Catalog Share();

  // Rows of ids, or kNoEvent / kNoUser / kNoOrganizer.
  EventRow FindEvent(absl::string_view id) const;
  UserRow FindUser(absl::string_view id) const;
  OrganizerRow FindOrganizer(absl::string_view id) const;

  absl::string_view EventId(EventRow row) const {
    return events.ids->Name(static_cast<int32_t>(row));
  }
  absl::string_view UserId(UserRow row) const {
    return users.ids->Name(static_cast<int32_t>(row));
  }
  absl::string_view OrganizerId(OrganizerRow row) const {
    return organizers.ids->Name(static_cast<int32_t>(row));
  }
  // The organizer's name if an event told it, else its id.
  absl::string_view OrganizerName(OrganizerRow row) const;

  // The whole event or user as it was given. The user's groups come from the
  // follows.
  Event GetEvent(EventRow row) const;
  User GetUser(UserRow row) const;

  size_t num_events() const { return events.columns.size(); }
  size_t num_users() const { return users.columns.size(); }
  size_t num_organizers() const { return organizers.counters.size(); }

  // Adds the event or replaces all that was said of it. Its counters stay.
  EventRow UpsertEvent(const Event& event);
  // The event is never recommended again, unless it is upserted again.
  void DeleteEvent(EventRow row);
  // Adds the user or replaces all that was said of them. Histories stay.
  UserRow UpsertUser(const User& user);
  // Takes back what the user did and deletes all that was said of them; their
  // id is not found any more. Nothing may be written to the row again: who
  // writes asks ForgottenUsers first.
  void ForgetUser(UserRow row);

  // The row of `id`, made if need be: of an event that nobody has described
  // yet, or of a user of whom nothing else is known.
  EventRow EventRowOf(absl::string_view id);
  UserRow UserRowOf(absl::string_view id);

  // Records what a user did: history, counters, attendees. An answer replaces
  // the user's answer to the same event unless that one is later. What tells
  // nothing of a taste and is no answer (impressions, invitations) is not kept.
  // O(history); O(attendees) only when a commitment is taken back.
  //
  // `time` is CountsAt() where there is an Interaction: no right answer could
  // replace one of a far future, and nothing right would count beside it.
  void Apply(UserRow user, EventRow event, InteractionKind kind, float value,
             Micros time);

  // Apply() for each, one after the other: the same catalogue, bit for bit, in
  // a fraction of the time where they are not few beside the catalogue, all of
  // whose columns are copied if they are borrowed or shared. The rows exist
  // (UserRowOf, EventRowOf). On `threads` threads (0: all that the machine has)
  // and `batch` interactions (1 or more) at a time, with the same result for
  // any number.
  void ApplyAll(absl::Span<const InteractionRecord> interactions,
                int threads = 0, size_t batch = kApplyBatch);

  // From here on UserColumns::changed tells who acted after training.
  void MarkTrained();

  // Enough that a user has several in one batch, whose lists are then in the
  // processor's cache; few enough for what is kept of each.
  static constexpr size_t kApplyBatch = size_t{1} << 21;

  // So many of a user's latest commitments tell whether they are a regular of
  // an organizer.
  static constexpr size_t kHistoryScan = 2048;
  // Half of a longer history goes: what is no answer first, then the oldest.
  static constexpr size_t kMaxHistory = 8192;

  EventTable events;
  OrganizerTable organizers;
  UserTable users;
  Vocabulary vocabulary;

  // Events whose columns, counters or organizer changed, and organizers' with
  // them.
  ChangeLog<EventRow> changed_events;
  // Users whose columns, follows, history or profile changed.
  ChangeLog<UserRow> changed_users;

 private:
  OrganizerRow OrganizerRowOf(absl::string_view id);
  void SetOrganizer(EventRow row, OrganizerRow organizer);
  // Where among the user's commitments that to the event is.
  std::optional<size_t> CommitmentTo(UserRow user, EventRow event) const;
  void DropCommitment(UserRow user, EventRow event);
  // Works the user's commitments out of their history.
  void FillCommitments(UserRow user);
  // Where in the user's history their answer to the event is.
  std::optional<size_t> AnswerTo(UserRow user, EventRow event) const;

  // The three parts of Apply(). What they write is of one user, one event or
  // one organizer, and what they read beside it does not change: so those of
  // others may come before or after, or at once on another thread.
  struct Outcome;
  Outcome Remember(UserRow user, const Action& action);
  void CountAtEvent(UserRow user, const Action& answer, const Outcome& outcome);
  void CountAtOrganizer(UserRow user, const Action& answer,
                        const Outcome& outcome);
  void ApplyBatch(absl::Span<const InteractionRecord> interactions,
                  int threads);

  // Adds (`sign` 1) or takes out (-1) the user among the distinct users of an
  // organizer.
  void CountUser(OrganizerRow organizer, UserRow user, int sign);
  bool KnowsOrganizer(UserRow user, OrganizerRow organizer,
                      EventRow except) const;
};

// The title with case, digits and runs of space folded: what two dates of one
// series have in common.
std::string NormalizedTitle(absl::string_view title);

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_CATALOG_H_
