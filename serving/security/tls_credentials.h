// TLS for a gRPC server.
#ifndef USHER_SERVING_SECURITY_TLS_CREDENTIALS_H_
#define USHER_SERVING_SECURITY_TLS_CREDENTIALS_H_

#include <memory>

#include "serving/security/tls_files.h"

namespace grpc {
class ServerCredentials;
}

namespace usher {

// TLS 1.2 at least. A connection is made with what `files` hold, at most two
// seconds late; those that are open stay. `files` must outlive the server.
std::shared_ptr<grpc::ServerCredentials> NewTlsCredentials(
    const TlsFiles& files);

}  // namespace usher

#endif  // USHER_SERVING_SECURITY_TLS_CREDENTIALS_H_
