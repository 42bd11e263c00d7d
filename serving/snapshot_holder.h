// Which model is being served.
#ifndef USHER_SERVING_SNAPSHOT_HOLDER_H_
#define USHER_SERVING_SNAPSHOT_HOLDER_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "serving/served.h"

namespace usher {

// Thread-safe: any number of readers, one publisher.
class SnapshotHolder {
 public:
  // Null until the first Publish(). A request calls this once and keeps the
  // result until it is answered, no longer: it pins a whole model in memory.
  std::shared_ptr<const Served> Get() const ABSL_LOCKS_EXCLUDED(mu_);

  // What is replaced is kept until Reclaim().
  void Publish(std::shared_ptr<const Served> next) ABSL_LOCKS_EXCLUDED(mu_);

  // Frees what was replaced and is no longer read, on the calling thread, so
  // that no request pays for it. Called by the publisher from time to time.
  void Reclaim() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  mutable absl::Mutex mu_;
  std::shared_ptr<const Served> current_ ABSL_GUARDED_BY(mu_);
  std::vector<std::shared_ptr<const Served>> replaced_ ABSL_GUARDED_BY(mu_);
};

}  // namespace usher

#endif  // USHER_SERVING_SNAPSHOT_HOLDER_H_
