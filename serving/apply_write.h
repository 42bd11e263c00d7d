// What a write means: for the state, and for the snapshot that answers.
#ifndef USHER_SERVING_APPLY_WRITE_H_
#define USHER_SERVING_APPLY_WRITE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "index/artifact/snapshot.h"
#include "index/state/state_store.h"
#include "serving/interaction_recorder.h"
#include "serving/state_write.h"

namespace usher {

// How many rows a write is about.
size_t NumRows(const StateWrite& write);

// Writes to both in order, within a transaction that the caller has begun;
// appends one receipt a write. Fields that a mask leaves out come from the
// snapshot. Interactions are recorded by `recorder`, which is of this snapshot:
// all are in it after recorder.Wait(), and `writes` must live until then. After
// an error both are in between, and the receipts are of the writes before it:
// the caller rolls back the one and throws away the other.
absl::Status ApplyWrites(absl::Span<const StateWrite* const> writes,
                         const ForgottenUsers& forgotten, StateStore& state,
                         Snapshot& snapshot, InteractionRecorder& recorder,
                         std::vector<WriteReceipt>& receipts);

// The last position of this state that the version was trained on: rows of
// another state are not in it.
int64_t TrainedPosition(const VersionInfo& info, const StateStore& state);

// Brings a version that was just opened up to the state's present end: rows
// behind TrainedPosition() and, where the version was trained --until some
// instant, the rows before it that are not in the version. Every row counts
// once. In the order of ApplyState().
absl::Status CatchUp(StateStore& state, const ForgottenUsers& forgotten,
                     Snapshot& snapshot);

// Brings to the snapshot what the state has in `range`: events first, then
// users, then interactions, so that an interaction finds its event described.
absl::Status ApplyState(StateStore& state, PositionRange range,
                        const ForgottenUsers& forgotten, Snapshot& snapshot);

// Whom the model directory and the state, which may be null, have marks of.
absl::StatusOr<ForgottenUsers> AllForgotten(const std::string& model_dir,
                                            StateStore* state);

// Takes the forgotten out of a snapshot that was made without knowing of them.
void ApplyForgotten(const ForgottenUsers& forgotten, Snapshot& snapshot);

}  // namespace usher

#endif  // USHER_SERVING_APPLY_WRITE_H_
