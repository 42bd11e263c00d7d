// The one translation of errors to the wire.
#ifndef USHER_SERVING_TO_GRPC_STATUS_H_
#define USHER_SERVING_TO_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace usher {

// Same code, the message cut to 1,024 bytes. What went wrong inside (INTERNAL,
// UNKNOWN, DATA_LOSS) is logged and not told.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace usher

#endif  // USHER_SERVING_TO_GRPC_STATUS_H_
