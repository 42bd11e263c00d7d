#include "serving/usherctl/display_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace usher::ctl {
namespace {

constexpr char32_t kInvalid = 0xFFFD;
constexpr char kEllipsis[] = "…";

struct Range {
  char32_t first, last;
};

// Sorted. Combining marks, joiners, variation selectors.
constexpr Range kNoColumn[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},   {0x0610, 0x061A},
    {0x064B, 0x065F}, {0x0900, 0x0902}, {0x093C, 0x093C},   {0x0941, 0x0948},
    {0x094D, 0x094D}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A},   {0x0E47, 0x0E4E},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D},   {0x2060, 0x2060},
    {0x20D0, 0x20FF}, {0x302A, 0x302D}, {0x3099, 0x309A},   {0xFE00, 0xFE0F},
    {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0x1F3FB, 0x1F3FF}, {0xE0100, 0xE01EF},
};

// Sorted. East Asian wide and full-width characters, emoji.
constexpr Range kTwoColumns[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},
    {0x25FD, 0x25FE},   {0x2614, 0x2615},   {0x26BD, 0x26BE},
    {0x2705, 0x2705},   {0x2728, 0x2728},   {0x2753, 0x2755},
    {0x2B50, 0x2B50},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},
    {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F18E, 0x1F19A}, {0x1F200, 0x1F64F}, {0x1F680, 0x1F6FF},
    {0x1F7E0, 0x1F7EB}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD},
};

// Sorted. Marks that embed or override the direction of writing.
constexpr Range kDirection[] = {
    {0x061C, 0x061C}, {0x200E, 0x200F}, {0x202A, 0x202E}, {0x2066, 0x2069}};

template <size_t kSize>
bool IsIn(const Range (&ranges)[kSize], char32_t c) {
  const Range* end = std::end(ranges);
  const Range* range =
      std::lower_bound(std::begin(ranges), end, c,
                       [](const Range& r, char32_t x) { return r.last < x; });
  return range != end && range->first <= c;
}

bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

bool IsBlank(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x2028 || c == 0x2029;
}

int Columns(char32_t c) {
  if (IsControl(c) || IsIn(kNoColumn, c) || IsIn(kDirection, c)) return 0;
  return IsIn(kTwoColumns, c) ? 2 : 1;
}

struct Character {
  char32_t code = 0;
  absl::string_view bytes;
  bool valid = true;
};

// The continuation bytes after a first byte; -1 when it cannot be first.
int BytesAfter(uint8_t first) {
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first < 0xE0) return 1;
  if (first >= 0xE0 && first < 0xF0) return 2;
  if (first >= 0xF0 && first < 0xF5) return 3;
  return -1;
}

// Takes the first character off a text that is not empty.
Character TakeCharacter(absl::string_view& text) {
  const auto first = static_cast<uint8_t>(text[0]);
  const int more = BytesAfter(first);
  char32_t code = more <= 0 ? first : first & (0x3F >> more);
  bool valid = more >= 0 && text.size() > static_cast<size_t>(more);
  for (int i = 1; valid && i <= more; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    valid = (byte & 0xC0) == 0x80;
    code = code << 6 | (byte & 0x3F);
  }
  valid = valid && (more < 2 || code >= (more == 2 ? 0x800u : 0x10000u)) &&
          code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  const size_t size = valid ? more + 1 : 1;
  const Character character = {valid ? code : kInvalid, text.substr(0, size),
                               valid};
  text.remove_prefix(size);
  return character;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    if (!TakeCharacter(text).valid) return false;
  }
  return true;
}

std::string Printable(absl::string_view text) {
  std::string line;
  bool blank = false;
  while (!text.empty()) {
    const Character next = TakeCharacter(text);
    if (IsBlank(next.code)) {
      blank = !line.empty();
    } else if (!IsControl(next.code) && !IsIn(kDirection, next.code)) {
      if (blank) line += ' ';
      blank = false;
      absl::StrAppend(&line, next.valid ? next.bytes : "\uFFFD");
    }
  }
  return line;
}

int DisplayWidth(absl::string_view text) {
  int width = 0;
  while (!text.empty()) width += Columns(TakeCharacter(text).code);
  return width;
}

std::string Truncate(absl::string_view text, int width) {
  if (width < 1) return "";
  if (DisplayWidth(text) <= width) return std::string(text);
  std::string start;
  int left = width - 1;
  for (absl::string_view rest = text; !rest.empty();) {
    const Character next = TakeCharacter(rest);
    left -= Columns(next.code);
    if (left < 0) break;
    absl::StrAppend(&start, next.bytes);
  }
  while (!start.empty() && start.back() == ' ') start.pop_back();
  return start + kEllipsis;
}

std::string PadRight(absl::string_view text, int width) {
  const int missing = std::max(0, width - DisplayWidth(text));
  return absl::StrCat(text, std::string(missing, ' '));
}

std::string PadLeft(absl::string_view text, int width) {
  const int missing = std::max(0, width - DisplayWidth(text));
  return absl::StrCat(std::string(missing, ' '), text);
}

std::string CountText(int64_t count) {
  const std::string digits = absl::StrCat(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0 && text != "-") text += ',';
    text += digits[i];
  }
  return text;
}

std::string CountText(int64_t count, absl::string_view things) {
  if (count == 1) things.remove_suffix(1);
  return absl::StrCat(CountText(count), " ", things);
}

std::vector<std::string> Wrap(absl::string_view text, int width) {
  std::vector<std::string> lines;
  for (absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (!lines.empty() &&
        DisplayWidth(lines.back()) + 1 + DisplayWidth(word) <= width) {
      absl::StrAppend(&lines.back(), " ", word);
    } else {
      lines.emplace_back(word);
    }
  }
  return lines;
}

}  // namespace usher::ctl
