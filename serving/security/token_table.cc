#include "serving/security/token_table.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr size_t kMaxNameBytes = 64;
constexpr absl::string_view kBearer = "bearer ";

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
         });
}

absl::Status SetScope(absl::string_view name,
                      std::array<bool, kNumScopes>& scopes) {
  for (int i = 0; i < kNumScopes; ++i) {
    if (name != ScopeName(static_cast<Scope>(i))) continue;
    scopes[i] = true;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "there is no scope \"", name, "\"; there are read, write and admin"));
}

absl::StatusOr<TokenHash> ParseHash(absl::string_view text) {
  TokenHash hash;
  if (text.size() != 2 * hash.size() ||
      !std::all_of(text.begin(), text.end(),
                   [](unsigned char c) { return absl::ascii_isxdigit(c); })) {
    return absl::InvalidArgumentError(
        "the third word is not a SHA-256, 64 hexadecimal digits");
  }
  const std::string bytes = absl::HexStringToBytes(text);
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

}  // namespace

TokenHash HashOfToken(absl::string_view token) {
  // Looked up once: that takes longer than the hash itself.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  TokenHash hash{};
  EVP_Digest(token.data(), token.size(), hash.data(), nullptr, sha256, nullptr);
  return hash;
}

absl::StatusOr<TokenTable::Token> TokenTable::ParseLine(
    absl::string_view line) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.size() != 3) {
    return absl::InvalidArgumentError(
        "has not three words: NAME SCOPE[,SCOPE...] SHA256");
  }
  Token token;
  if (!IsName(words[0])) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a name is up to ", kMaxNameBytes, " letters, digits, \"-._\""));
  }
  token.name = std::string(words[0]);
  for (absl::string_view scope : absl::StrSplit(words[1], ',')) {
    RETURN_IF_ERROR(SetScope(scope, token.scopes));
  }
  ASSIGN_OR_RETURN(token.hash, ParseHash(words[2]));
  return token;
}

absl::Status TokenTable::Add(Token token) {
  for (const Token& other : tokens_) {
    if (other.name == token.name || other.hash == token.hash) {
      return absl::InvalidArgumentError(
          absl::StrCat("a line above has the same ",
                       other.name == token.name ? "name" : "hash"));
    }
  }
  if (tokens_.size() == kMaxTokens) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are more than ", kMaxTokens, " tokens"));
  }
  tokens_.push_back(std::move(token));
  return absl::OkStatus();
}

absl::StatusOr<TokenTable> TokenTable::Parse(const std::string& path,
                                             absl::string_view text) {
  TokenTable table;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    absl::StatusOr<Token> token = ParseLine(line);
    const absl::Status added =
        token.ok() ? table.Add(*std::move(token)) : token.status();
    if (!added.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": ", added.message()));
    }
  }
  if (table.tokens_.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": has no token; deploy/new_token makes one"));
  }
  return table;
}

absl::Status TokenTable::Check(absl::string_view authorization,
                               Scope scope) const {
  if (authorization.empty()) {
    return absl::UnauthenticatedError(
        "this server asks for a token: \"authorization: Bearer TOKEN\"");
  }
  if (!absl::StartsWithIgnoreCase(authorization, kBearer) ||
      authorization.size() > kBearer.size() + kMaxTokenBytes) {
    return absl::UnauthenticatedError(
        "the authorization is not \"Bearer TOKEN\"");
  }
  const TokenHash hash = HashOfToken(authorization.substr(kBearer.size()));
  const Token* found = nullptr;
  for (const Token& token : tokens_) {
    const bool same =
        CRYPTO_memcmp(token.hash.data(), hash.data(), hash.size()) == 0;
    found = same ? &token : found;
  }
  if (found == nullptr) {
    return absl::UnauthenticatedError("the token is not known");
  }
  if (!found->scopes[static_cast<size_t>(scope)]) {
    return absl::PermissionDeniedError(
        absl::StrCat("the token of \"", found->name, "\" has not the scope ",
                     ScopeName(scope)));
  }
  return absl::OkStatus();
}

}  // namespace usher
