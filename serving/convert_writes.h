// Writes of the API -> writes of the state, checked.
#ifndef USHER_SERVING_CONVERT_WRITES_H_
#define USHER_SERVING_CONVERT_WRITES_H_

#include "absl/status/statusor.h"
#include "index/base/clock.h"
#include "serving/state_write.h"
#include "usher/v1/catalog.pb.h"
#include "usher/v1/interaction.pb.h"

namespace usher {

inline constexpr int kMaxWriteRows = 10'000;

// InvalidArgument begins with the path of the field: "events[3].id: ...".
absl::StatusOr<EventUpserts> FromProto(const v1::UpsertEventsRequest& request);
absl::StatusOr<EventDeletions> FromProto(
    const v1::DeleteEventsRequest& request);
absl::StatusOr<UserUpserts> FromProto(const v1::UpsertUsersRequest& request);
// `now` is the time of interactions that name none.
absl::StatusOr<Interactions> FromProto(
    const google::protobuf::RepeatedPtrField<v1::Interaction>& interactions,
    Micros now);

}  // namespace usher

#endif  // USHER_SERVING_CONVERT_WRITES_H_
