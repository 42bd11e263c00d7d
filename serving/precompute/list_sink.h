// Where lists go.
#ifndef USHER_SERVING_PRECOMPUTE_LIST_SINK_H_
#define USHER_SERVING_PRECOMPUTE_LIST_SINK_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "serving/precompute/batch_journal.h"

namespace usher {

// One user's list as it is stored there.
struct EncodedList {
  std::string user_id;
  std::string bytes;
};

// One batch on its way. Nobody sees any of it before Finish(). Of one thread at
// a time.
class ListSink {
 public:
  virtual ~ListSink() = default;

  // What an earlier run has left, if anything.
  virtual absl::StatusOr<std::optional<BatchJournal>> Unfinished() = 0;

  // Before the first Write(): the batch that is begun, or gone on with.
  virtual absl::Status Begin(const BatchJournal& journal) = 0;

  // Adds the lists, then keeps the journal, which is as of after them; `bytes`
  // of it is the sink's to fill in.
  virtual absl::Status Write(absl::Span<const EncodedList> lists,
                             BatchJournal journal) = 0;

  // Shows the batch to all, and removes the journal.
  virtual absl::Status Finish() = 0;
};

}  // namespace usher

#endif  // USHER_SERVING_PRECOMPUTE_LIST_SINK_H_
