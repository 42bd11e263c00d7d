// Writes down what people were given, beside the calls.
#ifndef USHER_SERVING_EXPOSURE_LOG_H_
#define USHER_SERVING_EXPOSURE_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "index/base/clock.h"
#include "index/state/exposure_store.h"

namespace usher {

struct ExposureLogOptions {
  // Lists that may wait to be written; more are dropped.
  size_t max_queued = 10'000;
  // Older ones are deleted.
  Micros retention = 90 * kDay;
  // So are those beyond the newest `max_lists`; 0: any number.
  int64_t max_lists = 0;
  // Of the lists, those that keep what they were ranked by; 0 to 1.
  double sample_share = 0.01;
};

// Its own thread takes what waits, many lists to one transaction. No call waits
// for it, nor fails because of it: under overload, or when the disk fails,
// lists are dropped and counted by variant. Thread-safe.
class ExposureLog {
 public:
  // Called once, on the log's thread.
  using Done = std::function<void(absl::Status)>;

  // Borrows both. Nobody else uses `store` from now on.
  ExposureLog(ExposureStore& store, const Clock& clock,
              const ExposureLogOptions& options);
  // Ends when everything that waits is written.
  ~ExposureLog();
  ExposureLog(const ExposureLog&) = delete;
  ExposureLog& operator=(const ExposureLog&) = delete;

  // Whether this list is to have a sample, which is written and dropped with
  // it: by a hash of the id alone.
  bool Samples(absl::string_view recommendation_id) const;

  // Never waits for the disk.
  void Append(Exposure exposure) ABSL_LOCKS_EXCLUDED(mu_);

  // ExposureStore::Show() behind all lists that were appended before; `done`
  // when it is committed. ResourceExhausted when too much waits.
  void Show(std::string recommendation_id, std::vector<int32_t> positions,
            Done done) ABSL_LOCKS_EXCLUDED(mu_);

  // Reads what has been appended so far. From a file with a connection of its
  // own on the calling thread, while the log goes on; in memory on the log's
  // thread, which waits.
  absl::Status Read(absl::FunctionRef<absl::Status(ExposureStore& store)> read)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Deletes all lists of the user, also those that wait, if nobody recommends
  // to them meanwhile. Returns their number when it is committed.
  absl::StatusOr<int64_t> ForgetUser(const std::string& user_id)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Lists that were dropped since the start; those of experiments also by
  // experiment and variant.
  int64_t dropped() const ABSL_LOCKS_EXCLUDED(mu_);
  std::map<std::pair<std::string, std::string>, int64_t> DroppedByVariant()
      const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Shown {
    std::string recommendation_id;
    std::vector<int32_t> positions;
    Done done;
  };
  // Runs between two transactions, in its turn.
  using Task = std::function<void()>;
  using Entry = std::variant<Exposure, Shown, Task>;
  using Drops = std::map<std::pair<std::string, std::string>, int64_t>;

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return stopping_ || !queue_.empty();
  }
  bool IsUrgent() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  // False when there is no more to come.
  bool Next(std::vector<Entry>& batch, Drops& drops) ABSL_LOCKS_EXCLUDED(mu_);
  void Drop(const Exposure& exposure) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnThread(absl::FunctionRef<void()> task) ABSL_LOCKS_EXCLUDED(mu_);

  // One transaction.
  void WriteBatch(std::vector<Entry> batch, const Drops& drops);
  absl::Status Commit(const std::vector<Entry>& batch, const Drops& drops,
                      std::vector<absl::Status>& answers);
  absl::Status Trim();

  // Constant after construction.
  ExposureStore& store_;
  const Clock& clock_;
  const ExposureLogOptions options_;

  mutable absl::Mutex mu_;
  std::deque<Entry> queue_ ABSL_GUARDED_BY(mu_);
  int awaited_ ABSL_GUARDED_BY(mu_) = 0;  // In the queue; somebody waits.
  Drops unwritten_drops_ ABSL_GUARDED_BY(mu_);
  Drops drops_ ABSL_GUARDED_BY(mu_);
  int64_t dropped_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  std::thread thread_;
};

}  // namespace usher

#endif  // USHER_SERVING_EXPOSURE_LOG_H_
