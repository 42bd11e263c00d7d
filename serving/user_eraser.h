// Forgets a person.
#ifndef USHER_SERVING_USER_ERASER_H_
#define USHER_SERVING_USER_ERASER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/base/clock.h"
#include "index/catalog/forgotten_users.h"
#include "serving/exposure_log.h"
#include "serving/lists/candidate_lists.h"
#include "serving/snapshot_publisher.h"

namespace usher {

// What was deleted; names nobody.
struct ErasureReceipt {
  Tombstone tombstone;
  int64_t users = 0;
  int64_t interactions = 0;
  int64_t exposures = 0;  // Lists that they were shown.
  // What could not be reached, and has to be asked for again.
  std::vector<std::string> incomplete;
  // Where something of the person still lies, out of everybody's reach, and
  // until when.
  std::vector<std::string> remaining;
};

// Borrows all. Thread-safe.
class UserEraser {
 public:
  // `model_dir` holds the marks that trainer and loader respect; `lists` may be
  // null.
  UserEraser(std::string model_dir, SnapshotPublisher& publisher,
             ExposureLog& exposures, CandidateLists* lists, const Clock& clock)
      : model_dir_(std::move(model_dir)),
        publisher_(publisher),
        exposures_(exposures),
        lists_(lists),
        clock_(clock) {}

  // The mark first, then what requests see, then what is on the disk. After an
  // error, or a crash before it returns, the person may be hidden already; the
  // same call again ends the work. Reads the whole table of interactions.
  absl::StatusOr<ErasureReceipt> Erase(absl::string_view user_id);

 private:
  absl::StatusOr<int64_t> EraseInteractions(absl::string_view user_id);
  std::vector<std::string> Remaining() const;

  // Constant after construction.
  const std::string model_dir_;
  SnapshotPublisher& publisher_;
  ExposureLog& exposures_;
  CandidateLists* const lists_;
  const Clock& clock_;
};

}  // namespace usher

#endif  // USHER_SERVING_USER_ERASER_H_
