#include "trainer/data/time_text.h"

#include <cmath>
#include <cstddef>

#include "absl/strings/ascii.h"

namespace usher {
namespace {

constexpr int64_t kFirstSecond = -62167219200;  // 0000-01-01T00:00:00Z.
constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z.
constexpr int kMaxWholeDigits = 15;             // Far past kLastSecond.

// Reads a text from the left.
class Cursor {
 public:
  explicit Cursor(absl::string_view text) : text_(text) {}

  bool done() const { return at_ == text_.size(); }
  char Peek() const { return done() ? '\0' : text_[at_]; }
  bool Skip(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // Exactly `digits` digits; -1 when they are not there.
  int Number(int digits) {
    int value = 0;
    for (int i = 0; i < digits; ++i) {
      if (!absl::ascii_isdigit(Peek())) return -1;
      value = value * 10 + (text_[at_++] - '0');
    }
    return value;
  }
  // The digits after a point, in microseconds; nullopt when there are none.
  std::optional<int64_t> Fraction() {
    if (!absl::ascii_isdigit(Peek())) return std::nullopt;
    int64_t micros = 0;
    for (int64_t unit = kSecond / 10; absl::ascii_isdigit(Peek()); unit /= 10) {
      micros += (text_[at_++] - '0') * unit;
    }
    return micros;
  }

 private:
  absl::string_view text_;
  size_t at_ = 0;
};

// Days from 1970-01-01 to a date of the Gregorian calendar (Hinnant 2013).
int64_t DaysFromDate(int year, int month, int day) {
  const int shifted = year - (month <= 2);
  const int era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const int of_era = shifted - era * 400;
  const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return int64_t{era} * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
         of_year - 719468;
}

int DaysInMonth(int year, int month) {
  if (month == 2) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
  }
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// "Z" or "+hh:mm", in seconds east of Greenwich.
std::optional<int> ParseOffset(Cursor& cursor) {
  if (cursor.Skip('Z') || cursor.Skip('z')) return 0;
  const bool west = cursor.Peek() == '-';
  if (!cursor.Skip('+') && !cursor.Skip('-')) return std::nullopt;
  const int hours = cursor.Number(2);
  if (hours < 0 || hours > 23 || !cursor.Skip(':')) return std::nullopt;
  const int minutes = cursor.Number(2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  return (west ? -1 : 1) * (hours * 3600 + minutes * 60);
}

std::optional<Micros> ParseRfc3339(absl::string_view text) {
  Cursor cursor(text);
  const int year = cursor.Number(4);
  if (year < 0 || !cursor.Skip('-')) return std::nullopt;
  const int month = cursor.Number(2);
  if (month < 1 || month > 12 || !cursor.Skip('-')) return std::nullopt;
  const int day = cursor.Number(2);
  if (day < 1 || day > DaysInMonth(year, month)) return std::nullopt;
  if (!cursor.Skip('T') && !cursor.Skip('t') && !cursor.Skip(' ')) {
    return std::nullopt;
  }
  const int hour = cursor.Number(2);
  if (hour < 0 || hour > 23 || !cursor.Skip(':')) return std::nullopt;
  const int minute = cursor.Number(2);
  if (minute < 0 || minute > 59 || !cursor.Skip(':')) return std::nullopt;
  const int second = cursor.Number(2);  // 60 is a leap second.
  if (second < 0 || second > 60) return std::nullopt;
  int64_t micros = 0;
  if (cursor.Skip('.')) {
    const std::optional<int64_t> fraction = cursor.Fraction();
    if (!fraction.has_value()) return std::nullopt;
    micros = *fraction;
  }
  const std::optional<int> offset = ParseOffset(cursor);
  if (!offset.has_value() || !cursor.done()) return std::nullopt;
  const int64_t seconds = DaysFromDate(year, month, day) * 86400 + hour * 3600 +
                          minute * 60 + second - *offset;
  const std::optional<Micros> whole = TimeFromSeconds(seconds);
  if (!whole.has_value()) return std::nullopt;
  return *whole + micros;
}

std::optional<Micros> ParseSeconds(absl::string_view text) {
  Cursor cursor(text);
  const bool negative = cursor.Skip('-');
  if (!absl::ascii_isdigit(cursor.Peek())) return std::nullopt;
  int64_t seconds = 0;
  for (int digits = 0; absl::ascii_isdigit(cursor.Peek()); ++digits) {
    if (digits == kMaxWholeDigits) return std::nullopt;
    seconds = seconds * 10 + cursor.Number(1);
  }
  int64_t micros = 0;
  if (cursor.Skip('.')) {
    const std::optional<int64_t> fraction = cursor.Fraction();
    if (!fraction.has_value()) return std::nullopt;
    micros = *fraction;
  }
  if (!cursor.done()) return std::nullopt;
  const std::optional<Micros> whole =
      TimeFromSeconds(negative ? -seconds : seconds);
  if (!whole.has_value()) return std::nullopt;
  return negative ? *whole - micros : *whole + micros;
}

}  // namespace

std::optional<Micros> ParseTime(absl::string_view text) {
  if (const std::optional<Micros> time = ParseSeconds(text)) return time;
  return ParseRfc3339(text);
}

std::optional<Micros> TimeFromSeconds(double seconds) {
  if (!(seconds >= kFirstSecond && seconds <= kLastSecond)) return std::nullopt;
  return std::llround(seconds * kSecond);
}

std::optional<Micros> TimeFromSeconds(int64_t seconds) {
  if (seconds < kFirstSecond || seconds > kLastSecond) return std::nullopt;
  return seconds * kSecond;
}

}  // namespace usher
