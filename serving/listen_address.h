// Where the server listens.
#ifndef USHER_SERVING_LISTEN_ADDRESS_H_
#define USHER_SERVING_LISTEN_ADDRESS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace usher {

// InvalidArgument when it is neither HOST:PORT nor unix:PATH.
absl::Status CheckListenAddress(absl::string_view address);

// Whether only this machine reaches the address.
bool IsLocalAddress(absl::string_view address);

}  // namespace usher

#endif  // USHER_SERVING_LISTEN_ADDRESS_H_
