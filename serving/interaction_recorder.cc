#include "serving/interaction_recorder.h"

#include <cstddef>
#include <utility>

namespace usher {
namespace {

// As many take much longer than to wake a thread.
constexpr size_t kPieceRows = 256;

}  // namespace

void RecordInteraction(const Interaction& interaction, Snapshot& snapshot) {
  Catalog& catalog = snapshot.catalog;
  const EventRow event = catalog.EventRowOf(interaction.event_id);
  catalog.Apply(catalog.UserRowOf(interaction.user_id), event, interaction.kind,
                interaction.value, CountsAt(interaction));
  if (Index(event) >= snapshot.vectors.size()) snapshot.RefreshVectors(event);
}

InteractionRecorder::~InteractionRecorder() {
  {
    absl::MutexLock lock(&mu_);
    queue_.clear();
    ended_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void InteractionRecorder::Add(const Interaction& interaction) {
  pending_.push_back(&interaction);
  if (pending_.size() < kPieceRows) return;
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  absl::MutexLock lock(&mu_);
  queue_.push_back(std::exchange(pending_, {}));
}

void InteractionRecorder::Wait() {
  {
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(this, &InteractionRecorder::Idle));
  }
  Record(std::exchange(pending_, {}));
}

void InteractionRecorder::Record(const Piece& piece) {
  for (const Interaction* const interaction : piece) {
    RecordInteraction(*interaction, snapshot_);
  }
}

void InteractionRecorder::Run() {
  Piece piece;
  while (Next(piece)) Record(piece);
}

bool InteractionRecorder::Next(Piece& piece) {
  absl::MutexLock lock(&mu_);
  recording_ = false;
  mu_.Await(absl::Condition(this, &InteractionRecorder::HasWork));
  if (queue_.empty()) return false;
  piece = std::move(queue_.front());
  queue_.pop_front();
  recording_ = true;
  return true;
}

}  // namespace usher
