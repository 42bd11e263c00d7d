#include "serving/lists/list_keys.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace usher {
namespace {

constexpr size_t kMaxPartBytes = 64;

std::string Prefix(absl::string_view name_space, ListKind kind) {
  return absl::StrCat("usher:", name_space,
                      kind == ListKind::kRanking ? ":rec:" : ":sim:");
}

}  // namespace

absl::Status CheckKeyPart(absl::string_view what, absl::string_view part) {
  const bool plain = std::all_of(part.begin(), part.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
  if (!part.empty() && part.size() <= kMaxPartBytes && plain) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(what, ": \"", part, "\" is not 1 to ", kMaxPartBytes,
                   " letters, digits, '.', '_' and '-'"));
}

std::string ListKey(absl::string_view name_space, ListKind kind,
                    absl::string_view batch, absl::string_view user_id) {
  return absl::StrCat(
      Prefix(name_space, kind), batch, ":",
      absl::StrReplaceAll(user_id, {{"%", "%25"}, {"{", "%7B"}, {"}", "%7D"}}));
}

std::string CurrentKey(absl::string_view name_space, ListKind kind) {
  return absl::StrCat(Prefix(name_space, kind), "current");
}

std::string UnfinishedKey(absl::string_view name_space, ListKind kind) {
  return absl::StrCat(Prefix(name_space, kind), "unfinished");
}

}  // namespace usher
