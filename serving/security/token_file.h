// The tokens of a file that may change.
#ifndef USHER_SERVING_SECURITY_TOKEN_FILE_H_
#define USHER_SERVING_SECURITY_TOKEN_FILE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "serving/rpc_method.h"
#include "serving/security/token_table.h"

namespace usher {

// Follows the file: tokens that are added or taken out count from the next
// look on. A file that became bad is not followed: the tokens it had before
// stay. Thread-safe.
class TokenFile {
 public:
  // NotFound or InvalidArgument with the path and what is wrong.
  static absl::StatusOr<std::unique_ptr<TokenFile>> Open(
      const std::string& path);

  // Of TokenTable.
  absl::Status Check(absl::string_view authorization, Scope scope) const
      ABSL_LOCKS_EXCLUDED(mu_);
  size_t size() const ABSL_LOCKS_EXCLUDED(mu_);

  // One look. Returns whether the tokens have changed; with the reason when the
  // file is bad, once for each content.
  absl::StatusOr<bool> RunOnce() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  TokenFile(std::string path, std::string text, TokenTable table);

  const std::string path_;
  std::string seen_;  // What the last look found. Of RunOnce(), one at a time.
  mutable absl::Mutex mu_;
  TokenTable table_ ABSL_GUARDED_BY(mu_);
};

}  // namespace usher

#endif  // USHER_SERVING_SECURITY_TOKEN_FILE_H_
