// Command lines of the programs: --name=value or --name value.
#ifndef USHER_INDEX_BASE_FLAGS_H_
#define USHER_INDEX_BASE_FLAGS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/base/clock.h"

namespace usher {

// One flag of a program. Plain data, for tables.
struct FlagSpec {
  absl::string_view name;
  absl::string_view value;  // What stands for the value in help: "FILE", "N".
                            // Empty: a switch.
  absl::string_view help;
  absl::string_view fallback = "";  // Shown in help; used when not given.
};

// The flags of one command line. Immutable.
class Flags {
 public:
  // InvalidArgument names the word that is not a flag of `specs`, lacks its
  // value or is given twice.
  static absl::StatusOr<Flags> Parse(absl::Span<const std::string> words,
                                     absl::Span<const FlagSpec> specs);

  // True when the flag was given.
  bool Has(absl::string_view name) const;
  // The value given, else the fallback.
  std::string Text(absl::string_view name) const;
  // InvalidArgument names flag, value and what is allowed.
  absl::StatusOr<int64_t> Integer(absl::string_view name, int64_t least,
                                  int64_t most) const;
  absl::StatusOr<double> Number(absl::string_view name, double least,
                                double most) const;
  // Unix seconds or RFC 3339; nullopt when not given and without a fallback.
  absl::StatusOr<std::optional<Micros>> Time(absl::string_view name) const;
  // InvalidArgument when one of the flags is missing.
  absl::Status Require(std::initializer_list<absl::string_view> names) const;

 private:
  std::map<std::string, std::string, std::less<>> given_;
  std::map<std::string, std::string, std::less<>> fallbacks_;
};

// One line a flag, aligned, for --help.
std::string FlagsHelp(absl::Span<const FlagSpec> specs);

}  // namespace usher

#endif  // USHER_INDEX_BASE_FLAGS_H_
