#include "trainer/data/state_dataset.h"

#include <utility>
#include <vector>

#include "index/base/hash.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr int64_t kStateRowsPerProgress = 1 << 13;

InteractionRecord RecordOf(const Interaction& interaction) {
  InteractionRecord record;
  record.time = CountsAt(interaction);
  record.value = interaction.value;
  record.location = interaction.location;
  record.kind = interaction.kind;
  return record;
}

uint64_t Fingerprint(const StateStore& state, std::optional<Micros> until) {
  const uint64_t rows =
      Mix64(Hash64(state.id()) ^ static_cast<uint64_t>(state.position()));
  return Mix64(rows ^ static_cast<uint64_t>(until.value_or(kNoTime)));
}

// Hands the rows of a state to a builder, and counts them.
class Reading {
 public:
  Reading(StateStore& state, std::optional<Micros> until,
          const StateProgress& progress, StateReport& report)
      : state_(state),
        range_{0, state.position()},
        until_(until),
        progress_(progress),
        report_(report),
        builder_(until, UnknownEvents::kAbsent, RowOrder::kAsAdded) {}

  absl::StatusOr<Dataset> Run() {
    RETURN_IF_ERROR(ReadEvents());
    RETURN_IF_ERROR(ReadUsers());
    RETURN_IF_ERROR(ReadInteractions());
    report_.events_dropped = builder_.dropped_events();
    report_.interactions_dropped = builder_.dropped_interactions();
    report_.absent_interactions = builder_.absent_interactions();
    Dataset dataset = builder_.Finish(Fingerprint(state_, until_));
    report_.absent_events =
        static_cast<int64_t>(dataset.events.size() - dataset.described_events);
    return dataset;
  }

 private:
  absl::Status ReadEvents() {
    std::vector<Event> deleted_events;
    RETURN_IF_ERROR(
        state_.ReadEvents(range_, [&](const Event& event, bool deleted) {
          ++(deleted ? report_.deleted_events : report_.events);
          if (!deleted) {
            builder_.AddEvent(event);
          } else if (!event.organizer.empty()) {
            deleted_events.push_back(event);
          }
          return Count();
        }));
    for (Event& event : deleted_events) {
      builder_.AddAbsentEvent(std::move(event));
    }
    return absl::OkStatus();
  }

  absl::Status ReadUsers() {
    return state_.ReadUsers(range_, [&](const User& user) {
      ++report_.users;
      builder_.AddUser(user);
      return Count();
    });
  }

  absl::Status ReadInteractions() {
    return state_.ReadInteractions(range_, [&](const Interaction& row) {
      ++report_.interactions;
      builder_.AddInteraction(row.user_id, row.event_id, RecordOf(row),
                              row.device);
      return Count();
    });
  }

  absl::Status Count() {
    if (++rows_ % kStateRowsPerProgress == 0 && progress_) {
      progress_(rows_, range_.up_to);
    }
    return absl::OkStatus();
  }

  StateStore& state_;
  const PositionRange range_;
  const std::optional<Micros> until_;
  const StateProgress& progress_;
  StateReport& report_;
  DatasetBuilder builder_;
  int64_t rows_ = 0;
};

}  // namespace

absl::StatusOr<Dataset> ReadStateDataset(StateStore& state,
                                         std::optional<Micros> until,
                                         const StateProgress& progress,
                                         StateReport* report) {
  StateReport unseen;
  if (report == nullptr) report = &unseen;
  *report = StateReport();
  return Reading(state, until, progress, *report).Run();
}

}  // namespace usher
