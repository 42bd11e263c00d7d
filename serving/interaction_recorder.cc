#include "serving/interaction_recorder.h"

#include <utility>

namespace usher {

void RecordInteraction(const Interaction& interaction, Snapshot& snapshot) {
  Catalog& catalog = snapshot.catalog;
  const EventRow event = catalog.EventRowOf(interaction.event_id);
  catalog.Apply(catalog.UserRowOf(interaction.user_id), event, interaction.kind,
                interaction.value, CountsAt(interaction));
  if (Index(event) >= snapshot.vectors.size()) snapshot.RefreshVectors(event);
}

InteractionRecorder::InteractionRecorder(Snapshot& snapshot)
    : snapshot_(snapshot), thread_([this] { Run(); }) {}

InteractionRecorder::~InteractionRecorder() {
  {
    absl::MutexLock lock(&mu_);
    ended_ = true;
  }
  thread_.join();
}

void InteractionRecorder::Add(std::vector<const Interaction*> interactions) {
  absl::MutexLock lock(&mu_);
  queue_.push_back(std::move(interactions));
}

void InteractionRecorder::Wait() {
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(this, &InteractionRecorder::Idle));
}

void InteractionRecorder::Run() {
  absl::MutexLock lock(&mu_);
  for (;;) {
    mu_.Await(absl::Condition(this, &InteractionRecorder::HasWork));
    if (queue_.empty()) return;
    const std::vector<const Interaction*> interactions =
        std::exchange(queue_.front(), {});
    mu_.Unlock();
    for (const Interaction* const interaction : interactions) {
      RecordInteraction(*interaction, snapshot_);
    }
    mu_.Lock();
    queue_.pop_front();
  }
}

}  // namespace usher
