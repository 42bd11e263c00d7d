#include "serving/apply_write.h"

#include <algorithm>
#include <utility>

#include "index/artifact/forgotten_file.h"
#include "index/base/status_macros.h"
#include "serving/interaction_recorder.h"
#include "serving/merge_fields.h"

namespace usher {
namespace {

void PutEvent(const Event& event, Snapshot& snapshot) {
  snapshot.RefreshVectors(snapshot.catalog.UpsertEvent(event));
}

void TakeEvent(absl::string_view id, Snapshot& snapshot) {
  const EventRow row = snapshot.catalog.FindEvent(id);
  if (row != kNoEvent) snapshot.catalog.DeleteEvent(row);
}

// What is left of a deleted event: an id and an organizer, for whom counts what
// people did.
void PutDeletedEvent(const Event& event, Snapshot& snapshot) {
  const Catalog& catalog = snapshot.catalog;
  const EventRow row = catalog.FindEvent(event.id);
  const bool placed =
      row != kNoEvent &&
      catalog.events.columns[Index(row)].organizer != kNoOrganizer;
  if (!placed && !event.organizer.empty()) PutEvent(event, snapshot);
  TakeEvent(event.id, snapshot);
}

struct Apply {
  const ForgottenUsers& forgotten;
  StateStore& state;
  Snapshot& snapshot;
  InteractionRecorder& recorder;

  absl::StatusOr<WriteReceipt> operator()(const EventUpserts& write) {
    const Catalog& catalog = snapshot.catalog;
    WriteReceipt receipt;
    for (const Event& changed : write.events) {
      Event event;
      if (!write.mask.empty()) {
        const EventRow row = catalog.FindEvent(changed.id);
        if (row == kNoEvent || catalog.events.columns[Index(row)].absent) {
          receipt.unknown.push_back(changed.id);
          continue;
        }
        event = catalog.GetEvent(row);
      }
      MergeFields(changed, write.mask, &event);
      RETURN_IF_ERROR(state.PutEvent(event));
      PutEvent(event, snapshot);
      ++receipt.accepted;
    }
    return receipt;
  }

  absl::StatusOr<WriteReceipt> operator()(const EventDeletions& write) {
    for (const std::string& id : write.ids) {
      RETURN_IF_ERROR(state.DeleteEvent(id, OrganizerOf(id)));
      TakeEvent(id, snapshot);
    }
    return Accepted(write.ids.size());
  }

  absl::StatusOr<WriteReceipt> operator()(const UserUpserts& write) {
    WriteReceipt receipt;
    for (const User& changed : write.users) {
      if (forgotten.Contains(changed.id)) continue;
      User user;
      if (!write.mask.empty()) {
        const UserRow row = snapshot.catalog.FindUser(changed.id);
        if (row != kNoUser) user = snapshot.catalog.GetUser(row);
      }
      MergeFields(changed, write.mask, &user);
      RETURN_IF_ERROR(state.PutUser(user));
      snapshot.catalog.UpsertUser(user);
      ++receipt.accepted;
    }
    return receipt;
  }

  absl::StatusOr<WriteReceipt> operator()(const Interactions& write) {
    WriteReceipt receipt;
    for (const Interaction& interaction : write) {
      if (forgotten.Contains(interaction.user_id)) continue;
      ASSIGN_OR_RETURN(const bool first, state.PutInteraction(interaction));
      if (first) recorder.Add(interaction);
      ++(first ? receipt.accepted : receipt.duplicates);
    }
    return receipt;
  }

  absl::StatusOr<WriteReceipt> operator()(const UserErasure& write) {
    ASSIGN_OR_RETURN(const int64_t rows,
                     state.PutForgotten(write.user_id, write.tombstone));
    const UserRow row = snapshot.catalog.FindUser(write.user_id);
    if (row != kNoUser) snapshot.catalog.ForgetUser(row);
    return Accepted(static_cast<size_t>(rows));
  }

  absl::StatusOr<WriteReceipt> operator()(const InteractionErasure& write) {
    RETURN_IF_ERROR(state.DeleteInteractions(write.positions));
    return Accepted(write.positions.size());
  }

  // Empty when there is none.
  absl::string_view OrganizerOf(absl::string_view event_id) const {
    const Catalog& catalog = snapshot.catalog;
    const EventRow event = catalog.FindEvent(event_id);
    if (event == kNoEvent) return {};
    const OrganizerRow row = catalog.events.columns[Index(event)].organizer;
    return row == kNoOrganizer ? absl::string_view() : catalog.OrganizerId(row);
  }

  static WriteReceipt Accepted(size_t rows) {
    WriteReceipt receipt;
    receipt.accepted = static_cast<int64_t>(rows);
    return receipt;
  }
};

bool LooksAtSnapshot(const StateWrite& write) {
  return !std::holds_alternative<Interactions>(write) &&
         !std::holds_alternative<InteractionErasure>(write);
}

// Which rows of a state are to be applied: all.
struct EveryRow {
  bool operator()(const Event&) const { return true; }
  bool operator()(const User&) const { return true; }
  bool operator()(const Interaction&) const { return true; }
};

// Those that a version trained --until an instant does not have, though it knew
// them: see DatasetBuilder of the trainer. Events that the version has are the
// first of the catalogue.
class UntilLeftOut {
 public:
  explicit UntilLeftOut(const Snapshot& snapshot)
      : catalog_(snapshot.catalog),
        until_(snapshot.info.state_until),
        events_(snapshot.catalog.num_events()) {}

  bool operator()(const Event& event) const { return !Has(event.id); }
  bool operator()(const User& user) const {
    return std::any_of(
        user.groups.begin(), user.groups.end(),
        [this](const Group& group) { return IsLater(group.joined); });
  }
  // Without its event no interaction is in the version.
  bool operator()(const Interaction& interaction) const {
    return IsLater(CountsAt(interaction)) || !Has(interaction.event_id);
  }

 private:
  bool IsLater(Micros time) const { return time != kNoTime && time >= until_; }
  bool Has(absl::string_view event_id) const {
    const EventRow row = catalog_.FindEvent(event_id);
    return row != kNoEvent && Index(row) < events_;
  }

  const Catalog& catalog_;
  const Micros until_;
  const size_t events_;
};

template <class Wants>
absl::Status ApplyEvents(StateStore& state, PositionRange range,
                         const Wants& wants, Snapshot& snapshot) {
  return state.ReadEvents(range, [&](const Event& event, bool deleted) {
    if (!wants(event)) return absl::OkStatus();
    if (deleted) {
      PutDeletedEvent(event, snapshot);
    } else {
      PutEvent(event, snapshot);
    }
    return absl::OkStatus();
  });
}

template <class Wants>
absl::Status ApplyUsers(StateStore& state, PositionRange range,
                        const Wants& wants, const ForgottenUsers& forgotten,
                        Snapshot& snapshot) {
  return state.ReadUsers(range, [&](const User& user) {
    if (wants(user) && !forgotten.Contains(user.id)) {
      snapshot.catalog.UpsertUser(user);
    }
    return absl::OkStatus();
  });
}

template <class Wants>
absl::Status ApplyInteractions(StateStore& state, PositionRange range,
                               const Wants& wants,
                               const ForgottenUsers& forgotten,
                               Snapshot& snapshot) {
  return state.ReadInteractions(range, [&](const Interaction& interaction) {
    if (wants(interaction) && !forgotten.Contains(interaction.user_id)) {
      RecordInteraction(interaction, snapshot);
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status ApplyWrites(absl::Span<const StateWrite* const> writes,
                         const ForgottenUsers& forgotten, StateStore& state,
                         Snapshot& snapshot, InteractionRecorder& recorder,
                         std::vector<WriteReceipt>& receipts) {
  Apply apply{forgotten, state, snapshot, recorder};
  for (const StateWrite* const write : writes) {
    if (LooksAtSnapshot(*write)) recorder.Wait();
    ASSIGN_OR_RETURN(WriteReceipt receipt, std::visit(apply, *write));
    receipts.push_back(std::move(receipt));
  }
  return absl::OkStatus();
}

int64_t TrainedPosition(const VersionInfo& info, const StateStore& state) {
  return info.state_id == state.id() ? info.state_position : 0;
}

absl::Status ApplyState(StateStore& state, PositionRange range,
                        const ForgottenUsers& forgotten, Snapshot& snapshot) {
  const EveryRow all;
  RETURN_IF_ERROR(ApplyEvents(state, range, all, snapshot));
  RETURN_IF_ERROR(ApplyUsers(state, range, all, forgotten, snapshot));
  return ApplyInteractions(state, range, all, forgotten, snapshot);
}

absl::Status CatchUp(StateStore& state, const ForgottenUsers& forgotten,
                     Snapshot& snapshot) {
  const int64_t trained = TrainedPosition(snapshot.info, state);
  const PositionRange behind{trained, state.position()};
  if (trained == 0 || snapshot.info.state_until == kNoTime) {
    return ApplyState(state, behind, forgotten, snapshot);
  }
  const PositionRange before{0, trained};
  const EveryRow all;
  const UntilLeftOut left_out(snapshot);
  RETURN_IF_ERROR(ApplyEvents(state, before, left_out, snapshot));
  RETURN_IF_ERROR(ApplyEvents(state, behind, all, snapshot));
  RETURN_IF_ERROR(ApplyUsers(state, before, left_out, forgotten, snapshot));
  RETURN_IF_ERROR(ApplyUsers(state, behind, all, forgotten, snapshot));
  RETURN_IF_ERROR(
      ApplyInteractions(state, before, left_out, forgotten, snapshot));
  return ApplyInteractions(state, behind, all, forgotten, snapshot);
}

absl::StatusOr<ForgottenUsers> AllForgotten(const std::string& model_dir,
                                            StateStore* state) {
  ASSIGN_OR_RETURN(ForgottenUsers all, ReadForgotten(model_dir));
  if (state == nullptr) return all;
  RETURN_IF_ERROR(state->ReadForgotten([&](const Tombstone& tombstone) {
    all.Add(tombstone);
    return absl::OkStatus();
  }));
  return all;
}

void ApplyForgotten(const ForgottenUsers& forgotten, Snapshot& snapshot) {
  if (forgotten.empty()) return;
  Catalog& catalog = snapshot.catalog;
  for (size_t i = 0; i < catalog.num_users(); ++i) {
    const UserRow row{static_cast<int32_t>(i)};
    if (catalog.users.columns[i].forgotten == 0 &&
        forgotten.Contains(catalog.UserId(row))) {
      catalog.ForgetUser(row);
    }
  }
}

size_t NumRows(const StateWrite& write) {
  struct Rows {
    size_t operator()(const EventUpserts& write) { return write.events.size(); }
    size_t operator()(const EventDeletions& write) { return write.ids.size(); }
    size_t operator()(const UserUpserts& write) { return write.users.size(); }
    size_t operator()(const Interactions& write) { return write.size(); }
    size_t operator()(const UserErasure&) { return 1; }
    size_t operator()(const InteractionErasure& write) {
      return write.positions.size();
    }
  };
  return std::visit(Rows(), write);
}

}  // namespace usher
