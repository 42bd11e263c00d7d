// Who may call what.
#ifndef USHER_SERVING_SECURITY_TOKEN_TABLE_H_
#define USHER_SERVING_SECURITY_TOKEN_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "serving/rpc_method.h"

namespace usher {

using TokenHash = std::array<uint8_t, 32>;  // SHA-256.

TokenHash HashOfToken(absl::string_view token);

// The tokens of one file. Tokens are known by their hashes alone, so the file
// is no secret worth stealing. Immutable.
class TokenTable {
 public:
  static constexpr size_t kMaxTokens = 1'000;
  static constexpr size_t kMaxTokenBytes = 256;

  // Lines "NAME SCOPE[,SCOPE...] SHA256", where the scopes are read, write and
  // admin and the hash is 64 hexadecimal digits; "#" begins a comment line.
  // `path` is for messages. InvalidArgument with file and line, also for two
  // lines of one name or one hash, and for a file without a token.
  static absl::StatusOr<TokenTable> Parse(const std::string& path,
                                          absl::string_view text);

  size_t size() const { return tokens_.size(); }

  // `authorization` is the header of that name: "Bearer TOKEN".
  // Unauthenticated when it is empty, not of that form or of no known token;
  // PermissionDenied when the token lacks the scope. Compares hashes in a time
  // that tells nothing of them.
  absl::Status Check(absl::string_view authorization, Scope scope) const;

 private:
  struct Token {
    std::string name;
    std::array<bool, kNumScopes> scopes{};
    TokenHash hash{};
  };
  static absl::StatusOr<Token> ParseLine(absl::string_view line);
  absl::Status Add(Token token);

  std::vector<Token> tokens_;
};

}  // namespace usher

#endif  // USHER_SERVING_SECURITY_TOKEN_TABLE_H_
