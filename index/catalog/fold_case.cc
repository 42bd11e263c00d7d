#include "index/catalog/fold_case.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"

namespace usher {
namespace {

// Alphabets whose capitals stand `step` before their small letters, or, with a
// step of 1, in pairs with them.
struct Capitals {
  uint32_t first;
  uint32_t last;
  uint32_t step;
};
constexpr Capitals kCapitals[] = {
    {0x00C0, 0x00D6, 32}, {0x00D8, 0x00DE, 32},  // Latin.
    {0x0100, 0x012E, 1},  {0x0132, 0x0136, 1},
    {0x0139, 0x0147, 1},  {0x014A, 0x0176, 1},
    {0x0179, 0x017D, 1},  {0x0391, 0x03A1, 32},
    {0x03A3, 0x03AB, 32},  // Greek.
    {0x0400, 0x040F, 80}, {0x0410, 0x042F, 32},
    {0x0460, 0x0480, 1},  // Cyrillic.
    {0x048A, 0x04BE, 1},  {0x04C1, 0x04CD, 1},
    {0x04D0, 0x052E, 1},
};

uint32_t Small(uint32_t letter) {
  for (const Capitals& range : kCapitals) {
    if (letter < range.first || letter > range.last) continue;
    if (range.step > 1) return letter + range.step;
    return letter + ((letter - range.first) % 2 == 0 ? 1 : 0);
  }
  return letter;
}

bool IsLead(unsigned char byte) { return (byte & 0xE0) == 0xC0; }
bool IsFollower(unsigned char byte) { return (byte & 0xC0) == 0x80; }

}  // namespace

// All these letters take two bytes, capital or small.
std::string FoldCase(absl::string_view text) {
  std::string folded(text);
  for (size_t i = 0; i < folded.size(); ++i) {
    const unsigned char lead = static_cast<unsigned char>(folded[i]);
    if (lead < 0x80) {
      folded[i] = absl::ascii_tolower(lead);
      continue;
    }
    if (!IsLead(lead) || i + 1 == folded.size()) continue;
    const unsigned char next = static_cast<unsigned char>(folded[i + 1]);
    if (!IsFollower(next)) continue;
    const uint32_t small = Small((lead & 0x1Fu) << 6 | (next & 0x3Fu));
    folded[i] = static_cast<char>(0xC0 | small >> 6);
    folded[i + 1] = static_cast<char>(0x80 | (small & 0x3F));
    ++i;
  }
  return folded;
}

}  // namespace usher
