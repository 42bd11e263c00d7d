#include "serving/security/token_file.h"

#include <utility>

#include "absl/memory/memory.h"
#include "index/base/file.h"
#include "index/base/status_macros.h"

namespace usher {

TokenFile::TokenFile(std::string path, std::string text, TokenTable table)
    : path_(std::move(path)),
      seen_(std::move(text)),
      table_(std::move(table)) {}

absl::StatusOr<std::unique_ptr<TokenFile>> TokenFile::Open(
    const std::string& path) {
  ASSIGN_OR_RETURN(std::string text, ReadFile(path));
  ASSIGN_OR_RETURN(TokenTable table, TokenTable::Parse(path, text));
  return absl::WrapUnique(
      new TokenFile(path, std::move(text), std::move(table)));
}

absl::Status TokenFile::Check(absl::string_view authorization,
                              Scope scope) const {
  absl::ReaderMutexLock lock(&mu_);
  return table_.Check(authorization, scope);
}

size_t TokenFile::size() const {
  absl::ReaderMutexLock lock(&mu_);
  return table_.size();
}

absl::StatusOr<bool> TokenFile::RunOnce() {
  absl::StatusOr<std::string> text = ReadFile(path_);
  // A missing file differs from every file.
  const std::string now = text.ok() ? *text : std::string("\0missing", 8);
  if (now == seen_) return false;
  seen_ = now;
  RETURN_IF_ERROR(text.status());
  ASSIGN_OR_RETURN(TokenTable table, TokenTable::Parse(path_, *text));
  absl::MutexLock lock(&mu_);
  table_ = std::move(table);
  return true;
}

}  // namespace usher
