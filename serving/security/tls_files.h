// The server's certificate and key, and whose clients it takes.
#ifndef USHER_SERVING_SECURITY_TLS_FILES_H_
#define USHER_SERVING_SECURITY_TLS_FILES_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "index/base/clock.h"

namespace usher {

// Paths of PEM files.
struct TlsOptions {
  std::string cert;       // The server's own, then those that vouch for it.
  std::string key;        // Of the first certificate.
  std::string client_ca;  // Who vouches for clients; empty: clients need none.
};

// What was in the files. The bytes fit together.
struct TlsMaterial {
  std::string identity;  // The certificates and the key, one PEM text.
  std::string client_ca;
  Micros ends = kNoTime;  // When the first certificate does.
};

// NotFound or InvalidArgument with the file and what is wrong with it: no
// certificate, no key, or a key of another certificate.
absl::StatusOr<TlsMaterial> ReadTlsFiles(const TlsOptions& options);

// Bytes with a path, in memory; replaced as a whole for whoever opens the path.
class MemoryFile {
 public:
  // Internal when the system has no memory files.
  static absl::StatusOr<std::unique_ptr<MemoryFile>> New(
      absl::string_view bytes);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const;
  absl::Status Replace(absl::string_view bytes);

 private:
  explicit MemoryFile(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

// Follows the files. gRPC follows copies of them in memory, which hold only
// what fits together: a certificate whose key has not arrived yet, or a file
// that became bad, changes nothing. Thread-safe.
class TlsFiles {
 public:
  // Errors of ReadTlsFiles().
  static absl::StatusOr<std::unique_ptr<TlsFiles>> Open(
      const TlsOptions& options);

  // One look. Returns whether new connections will see something else; with
  // the reason when the files are bad, once for each reason.
  absl::StatusOr<bool> RunOnce() ABSL_LOCKS_EXCLUDED(mu_);

  // Paths of the copies.
  std::string identity_path() const { return identity_->path(); }
  std::string client_ca_path() const { return client_ca_->path(); }
  bool asks_clients() const { return !options_.client_ca.empty(); }

  // When the certificate that is shown ends.
  Micros ends() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  TlsFiles(const TlsOptions& options, TlsMaterial material,
           std::unique_ptr<MemoryFile> identity,
           std::unique_ptr<MemoryFile> client_ca);

  // Constant after construction.
  const TlsOptions options_;
  const std::unique_ptr<MemoryFile> identity_;
  const std::unique_ptr<MemoryFile> client_ca_;

  mutable absl::Mutex mu_;
  TlsMaterial material_ ABSL_GUARDED_BY(mu_);
  std::string trouble_ ABSL_GUARDED_BY(mu_);
};

}  // namespace usher

#endif  // USHER_SERVING_SECURITY_TLS_FILES_H_
