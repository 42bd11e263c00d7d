#include "serving/security/tls_credentials.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

namespace usher {
namespace {

constexpr unsigned kLookEverySeconds = 1;

}  // namespace

std::shared_ptr<grpc::ServerCredentials> NewTlsCredentials(
    const TlsFiles& files) {
  using grpc::experimental::FileWatcherCertificateProvider;
  const std::string identity = files.identity_path();
  // Certificates and key are one file, so that they change together.
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<FileWatcherCertificateProvider>(
          identity, identity,
          files.asks_clients() ? files.client_ca_path() : "",
          kLookEverySeconds));
  options.watch_identity_key_cert_pairs();
  if (files.asks_clients()) {
    options.watch_root_certs();
    options.set_cert_request_type(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace usher
