// Calls that the pool's threads take from gRPC themselves.
#ifndef USHER_SERVING_CALL_QUEUE_H_
#define USHER_SERVING_CALL_QUEUE_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "serving/worker_pool.h"

namespace usher {

// A completion queue as a source of work. Its events are steps of calls.
// Thread-safe, but for what stands before Open().
class CallQueue final : public WorkSource {
 public:
  // What a tag of the queue points to.
  class Step {
   public:
    virtual ~Step() = default;
    // Says that it has happened; `ok` as the queue says.
    virtual void Happened(bool ok) = 0;
  };

  explicit CallQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue);
  // Requires that it is over, or that nothing was begun.
  ~CallQueue() override;
  CallQueue(const CallQueue&) = delete;
  CallQueue& operator=(const CallQueue&) = delete;

  grpc::ServerCompletionQueue* queue() { return queue_.get(); }

  // Open(), which is called once when the server runs, calls `open`.
  void OnOpen(std::function<void()> open) { opens_.push_back(std::move(open)); }
  void Open();

  // Over when all that was begun has happened.
  void Close();

  std::optional<Event> Next(bool wait) override;
  bool over() const override { return over_; }
  void Take(const Event& event) override;
  void Wake() override;

 private:
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::vector<std::function<void()>> opens_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> over_{false};
};

}  // namespace usher

#endif  // USHER_SERVING_CALL_QUEUE_H_
