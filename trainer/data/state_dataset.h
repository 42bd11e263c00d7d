// A dataset from the state: what was written while a server ran.
#ifndef USHER_TRAINER_DATA_STATE_DATASET_H_
#define USHER_TRAINER_DATA_STATE_DATASET_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "index/base/clock.h"
#include "index/state/state_store.h"
#include "trainer/data/dataset.h"

namespace usher {

struct StateReport {
  int64_t events = 0;  // Without the deleted ones.
  int64_t deleted_events = 0;
  int64_t users = 0;
  int64_t interactions = 0;
  int64_t absent_events = 0;  // Named by interactions, and not described.
  int64_t absent_interactions = 0;
  int64_t events_dropped = 0;  // By `until`; interactions alike.
  int64_t interactions_dropped = 0;
};

// Gets how many rows were read, of about how many.
using StateProgress = std::function<void(int64_t done, int64_t total)>;

// All rows of the state up to position(), in the order in which a server
// applies them to an empty catalogue: BuildCatalog() of the result is what it
// would have. Deleted events are history, like events that nothing described;
// what people did with them counts for their organizers. Damaged rows are
// passed over (StateStore::damaged). `until` as in LoadDataset(). Errors are
// the state's. `report` may be null, `progress` empty.
absl::StatusOr<Dataset> ReadStateDataset(StateStore& state,
                                         std::optional<Micros> until,
                                         const StateProgress& progress,
                                         StateReport* report);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_STATE_DATASET_H_
