#include "trainer/data/id_rules.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "simdjson.h"

namespace usher {
namespace {

bool IsAscii(absl::string_view text) {
  uint64_t seen = 0;
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    seen |= word;
  }
  for (; left > 0; ++at, --left) seen |= static_cast<uint8_t>(*at);
  return (seen & 0x8080808080808080u) == 0;
}

}  // namespace

bool IsValidUtf8(absl::string_view text) {
  return IsAscii(text) || simdjson::validate_utf8(text.data(), text.size());
}

absl::string_view IdProblem(absl::string_view id) {
  if (id.empty()) return "is empty";
  if (id.size() > kMaxIdBytes) return "is longer than 128 bytes";
  if (!IsValidUtf8(id)) return "is not valid UTF-8";
  return "";
}

}  // namespace usher
