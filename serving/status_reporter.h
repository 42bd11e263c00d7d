// Looks at a running server.
#ifndef USHER_SERVING_STATUS_REPORTER_H_
#define USHER_SERVING_STATUS_REPORTER_H_

#include <string>
#include <utility>
#include <vector>

#include "index/base/clock.h"
#include "serving/model_loader.h"
#include "serving/server_status.h"
#include "serving/snapshot_holder.h"

namespace usher {

// Borrows what it looks at. Thread-safe.
class StatusReporter {
 public:
  // `warnings` are those of the configuration; they are always reported.
  StatusReporter(const SnapshotHolder& holder,
                 const SnapshotPublisher& publisher, const ModelLoader& loader,
                 const Clock& clock, std::vector<std::string> warnings = {})
      : holder_(holder),
        publisher_(publisher),
        loader_(loader),
        clock_(clock),
        warnings_(std::move(warnings)),
        started_(clock.Now()) {}

  ServerStatus Report() const;

 private:
  const SnapshotHolder& holder_;
  const SnapshotPublisher& publisher_;
  const ModelLoader& loader_;
  const Clock& clock_;
  const std::vector<std::string> warnings_;
  const Micros started_;
};

}  // namespace usher

#endif  // USHER_SERVING_STATUS_REPORTER_H_
