// Hands out all that is known of a person.
#ifndef USHER_SERVING_USER_EXPORTER_H_
#define USHER_SERVING_USER_EXPORTER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/catalog/interaction.h"
#include "index/catalog/user.h"
#include "index/state/exposure_store.h"
#include "serving/exposure_log.h"
#include "serving/snapshot_holder.h"
#include "serving/snapshot_publisher.h"

namespace usher {

struct UserExport {
  User user;
  std::vector<Interaction> interactions;  // By time, undated ones first.
  std::vector<Exposure> exposures;        // Oldest first.
};

// Borrows all. Thread-safe.
class UserExporter {
 public:
  UserExporter(const SnapshotHolder& holder, SnapshotPublisher& publisher,
               ExposureLog& exposures)
      : holder_(holder), publisher_(publisher), exposures_(exposures) {}

  // What the model was trained on and what the state has, each interaction
  // once, and what they were shown. NotFound for a user of whom nothing is
  // known, FailedPrecondition before the first model. Reads the whole tables.
  absl::StatusOr<UserExport> Export(absl::string_view user_id) const;

 private:
  const SnapshotHolder& holder_;
  SnapshotPublisher& publisher_;
  ExposureLog& exposures_;
};

}  // namespace usher

#endif  // USHER_SERVING_USER_EXPORTER_H_
