#include "serving/call_queue.h"

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>

#include "index/base/status_macros.h"

namespace usher {

CallQueue::CallQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue)
    : queue_(std::move(queue)) {}

CallQueue::~CallQueue() {
  Close();
  while (!over_) USHER_CHECK(!Next(/*wait=*/true).has_value());
}

void CallQueue::Open() {
  for (const std::function<void()>& open : opens_) open();
}

void CallQueue::Close() {
  if (!closed_.exchange(true)) queue_->Shutdown();
}

std::optional<WorkSource::Event> CallQueue::Next(bool wait) {
  Event event;
  const gpr_timespec until = wait ? gpr_inf_future(GPR_CLOCK_MONOTONIC)
                                  : gpr_time_0(GPR_CLOCK_MONOTONIC);
  switch (queue_->AsyncNext(&event.tag, &event.ok, until)) {
    case grpc::CompletionQueue::GOT_EVENT:
      return event;
    case grpc::CompletionQueue::SHUTDOWN:
      over_ = true;
      return std::nullopt;
    case grpc::CompletionQueue::TIMEOUT:
      return std::nullopt;
  }
  return std::nullopt;
}

void CallQueue::Take(const Event& event) {
  if (event.tag != nullptr) static_cast<Step*>(event.tag)->Happened(event.ok);
}

// An alarm that is called off happens at once.
void CallQueue::Wake() {
  grpc::Alarm alarm;
  alarm.Set(queue_.get(), gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr);
}

}  // namespace usher
