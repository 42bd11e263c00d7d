// Hands out all that is known of a person.
#ifndef USHER_SERVING_USER_EXPORTER_H_
#define USHER_SERVING_USER_EXPORTER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/catalog/interaction.h"
#include "index/catalog/user.h"
#include "serving/snapshot_holder.h"
#include "serving/snapshot_publisher.h"

namespace usher {

struct UserExport {
  User user;
  std::vector<Interaction> interactions;  // By time, undated ones first.
};

// Borrows both. Thread-safe.
class UserExporter {
 public:
  UserExporter(const SnapshotHolder& holder, SnapshotPublisher& publisher)
      : holder_(holder), publisher_(publisher) {}

  // What the model was trained on and what the state has, each interaction
  // once. NotFound for a user of whom nothing is known, FailedPrecondition
  // before the first model. Reads the whole table of interactions.
  absl::StatusOr<UserExport> Export(absl::string_view user_id) const;

 private:
  const SnapshotHolder& holder_;
  SnapshotPublisher& publisher_;
};

}  // namespace usher

#endif  // USHER_SERVING_USER_EXPORTER_H_
