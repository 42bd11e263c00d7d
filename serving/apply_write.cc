#include "serving/apply_write.h"

#include "index/base/status_macros.h"
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

void Record(const Interaction& interaction, Snapshot& snapshot) {
  Catalog& catalog = snapshot.catalog;
  const EventRow event = catalog.EventRowOf(interaction.event_id);
  catalog.Apply(catalog.UserRowOf(interaction.user_id), event, interaction.kind,
                interaction.value, interaction.occurred_at);
  if (Index(event) >= snapshot.vectors.size()) snapshot.RefreshVectors(event);
}

struct Apply {
  StateStore& state;
  Snapshot& snapshot;

  absl::StatusOr<WriteReceipt> operator()(const EventUpserts& write) {
    for (const Event& changed : write.events) {
      Event event;
      if (!write.mask.empty()) {
        const EventRow row = snapshot.catalog.FindEvent(changed.id);
        if (row != kNoEvent) event = snapshot.catalog.GetEvent(row);
      }
      MergeFields(changed, write.mask, &event);
      RETURN_IF_ERROR(state.PutEvent(event));
      PutEvent(event, snapshot);
    }
    return Accepted(write.events.size());
  }

  absl::StatusOr<WriteReceipt> operator()(const EventDeletions& write) {
    for (const std::string& id : write.ids) {
      RETURN_IF_ERROR(state.DeleteEvent(id));
      TakeEvent(id, snapshot);
    }
    return Accepted(write.ids.size());
  }

  absl::StatusOr<WriteReceipt> operator()(const UserUpserts& write) {
    for (const User& changed : write.users) {
      User user;
      if (!write.mask.empty()) {
        const UserRow row = snapshot.catalog.FindUser(changed.id);
        if (row != kNoUser) user = snapshot.catalog.GetUser(row);
      }
      MergeFields(changed, write.mask, &user);
      RETURN_IF_ERROR(state.PutUser(user));
      snapshot.catalog.UpsertUser(user);
    }
    return Accepted(write.users.size());
  }

  absl::StatusOr<WriteReceipt> operator()(const Interactions& write) {
    WriteReceipt receipt;
    for (const Interaction& interaction : write) {
      ASSIGN_OR_RETURN(const bool first, state.PutInteraction(interaction));
      if (first) Record(interaction, snapshot);
      ++(first ? receipt.accepted : receipt.duplicates);
    }
    return receipt;
  }

  static WriteReceipt Accepted(size_t rows) {
    return {static_cast<int64_t>(rows), 0};
  }
};

}  // namespace

absl::StatusOr<WriteReceipt> ApplyWrite(const StateWrite& write,
                                        StateStore& state, Snapshot& snapshot) {
  return std::visit(Apply{state, snapshot}, write);
}

int64_t TrainedPosition(const VersionInfo& info, const StateStore& state) {
  return info.state_id == state.id() ? info.state_position : 0;
}

absl::Status ApplyState(StateStore& state, PositionRange range,
                        Snapshot& snapshot) {
  RETURN_IF_ERROR(
      state.ReadEvents(range, [&](const Event& event, bool deleted) {
        if (deleted) {
          TakeEvent(event.id, snapshot);
        } else {
          PutEvent(event, snapshot);
        }
        return absl::OkStatus();
      }));
  RETURN_IF_ERROR(state.ReadUsers(range, [&](const User& user) {
    snapshot.catalog.UpsertUser(user);
    return absl::OkStatus();
  }));
  return state.ReadInteractions(range, [&](const Interaction& interaction) {
    Record(interaction, snapshot);
    return absl::OkStatus();
  });
}

size_t NumRows(const StateWrite& write) {
  struct Rows {
    size_t operator()(const EventUpserts& write) { return write.events.size(); }
    size_t operator()(const EventDeletions& write) { return write.ids.size(); }
    size_t operator()(const UserUpserts& write) { return write.users.size(); }
    size_t operator()(const Interactions& write) { return write.size(); }
  };
  return std::visit(Rows(), write);
}

}  // namespace usher
