#include "index/model/plain_text.h"

#include <unicode/utf8.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace usher {
namespace {

constexpr size_t kMaxTagBytes = 2048;
constexpr size_t kMaxEntityBytes = 12;

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x20 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    out->push_back(' ');
    return;
  }
  char bytes[U8_MAX_LENGTH];
  int length = 0;
  U8_APPEND_UNSAFE(bytes, length, code);
  out->append(bytes, length);
}

// Bytes of the element's content and closing tag, for elements without text.
size_t HiddenContent(absl::string_view after_tag, absl::string_view close) {
  for (size_t i = 0; i + close.size() <= after_tag.size(); ++i) {
    if (absl::StartsWithIgnoreCase(after_tag.substr(i), close)) return i;
  }
  return after_tag.size();
}

// Bytes of the tag or comment that `text` begins with; 0 when it is none.
size_t TagLength(absl::string_view text) {
  if (text.size() < 3 || text[0] != '<') return 0;
  if (!absl::ascii_isalpha(text[1]) && text[1] != '/' && text[1] != '!') {
    return 0;
  }
  const size_t end = text.substr(0, kMaxTagBytes).find('>');
  if (end == absl::string_view::npos) return 0;
  const size_t length = end + 1;
  for (const auto& [open, close] :
       {std::pair("<script", "</script"), std::pair("<style", "</style")}) {
    if (absl::StartsWithIgnoreCase(text, open)) {
      return length + HiddenContent(text.substr(length), close);
    }
  }
  return length;
}

std::optional<uint32_t> NumericReference(absl::string_view name) {
  uint32_t code = 0;
  const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
  const bool good = hex ? absl::SimpleHexAtoi(name.substr(2), &code)
                        : absl::SimpleAtoi(name.substr(1), &code);
  return good ? std::optional<uint32_t>(code) : std::nullopt;
}

// The combining mark of names such as eacute and Ouml; 0 when there is none.
uint32_t CombiningMark(absl::string_view accent) {
  constexpr std::pair<absl::string_view, uint32_t> kMarks[] = {
      {"grave", 0x300}, {"acute", 0x301}, {"circ", 0x302}, {"tilde", 0x303},
      {"uml", 0x308},   {"ring", 0x30A},  {"cedil", 0x327}};
  for (const auto& [name, mark] : kMarks) {
    if (accent == name) return mark;
  }
  return 0;
}

void AppendReference(absl::string_view name, std::string* out) {
  if (name[0] == '#') {
    AppendUtf8(NumericReference(name).value_or(' '), out);
  } else if (const uint32_t mark = CombiningMark(name.substr(1)); mark != 0) {
    out->push_back(name[0]);
    AppendUtf8(mark, out);
  } else if (name == "szlig") {
    AppendUtf8(0xDF, out);
  } else if (name == "apos" || name == "rsquo") {
    out->push_back('\'');
  } else if (name != "shy") {
    out->push_back(' ');
  }
}

// Appends the character that `text` begins with a reference to and returns the
// reference's bytes; 0 when it is none.
size_t ReadReference(absl::string_view text, std::string* out) {
  if (text[0] != '&') return 0;
  const size_t end = text.substr(0, kMaxEntityBytes).find(';');
  if (end == absl::string_view::npos || end < 3) return 0;
  const absl::string_view name = text.substr(1, end - 1);
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '#') return 0;
  }
  AppendReference(name, out);
  return end + 1;
}

size_t UntilBreak(absl::string_view text) {
  const size_t end = text.find_first_of(" \t\r\n<>\"'()[]");
  return end == absl::string_view::npos ? text.size() : end;
}

size_t UrlLength(absl::string_view text) {
  for (const absl::string_view prefix :
       {"http://", "https://", "www.", "mailto:"}) {
    if (absl::StartsWithIgnoreCase(text, prefix)) return UntilBreak(text);
  }
  return 0;
}

bool IsAddressByte(char c) {
  return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-' || c == '+';
}

// At an '@' between the two halves of an e-mail address: takes the first half
// back from `out` and returns the bytes of the second.
size_t DropAddress(absl::string_view text, std::string* out) {
  if (text[0] != '@' || out->empty() || !IsAddressByte(out->back())) return 0;
  size_t end = 1;
  while (end < text.size() && IsAddressByte(text[end])) ++end;
  const size_t dot = text.substr(0, end).find('.');
  if (dot == absl::string_view::npos || dot < 2 || dot + 2 >= end) return 0;
  while (!out->empty() && IsAddressByte(out->back())) out->pop_back();
  return end;
}

// Whether something to drop or to replace can begin with `c`.
bool MayBeSkipped(char c) {
  constexpr absl::string_view kFirst = "<&@hHwWmM";
  return kFirst.find(c) != absl::string_view::npos;
}

// Bytes to drop where `text` begins, after `out`; 0 for none.
size_t MarkupLength(absl::string_view text, std::string* out) {
  const bool word_start = out->empty() || !absl::ascii_isalnum(out->back());
  size_t length = TagLength(text);
  if (length == 0 && word_start) length = UrlLength(text);
  if (length == 0) length = DropAddress(text, out);
  return length;
}

}  // namespace

std::string PlainText(absl::string_view html) {
  std::string out;
  out.reserve(html.size());
  for (size_t i = 0; i < html.size();) {
    if (!MayBeSkipped(html[i])) {
      out.push_back(html[i++]);
      continue;
    }
    const absl::string_view rest = html.substr(i);
    size_t skipped = MarkupLength(rest, &out);
    if (skipped > 0) {
      out.push_back(' ');
    } else {
      skipped = ReadReference(rest, &out);
    }
    if (skipped == 0) {
      out.push_back(rest[0]);
      skipped = 1;
    }
    i += skipped;
  }
  return out;
}

}  // namespace usher
