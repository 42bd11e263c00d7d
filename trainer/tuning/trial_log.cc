#include "trainer/tuning/trial_log.h"

#include <cmath>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "index/base/hash.h"

namespace usher {
namespace {

constexpr size_t kFigures = 4;  // Before the parameters.

std::optional<Trial> ParseTrial(absl::string_view line) {
  const absl::Span<const TunedParameter> parameters = TunedParameters();
  const std::vector<absl::string_view> cells = absl::StrSplit(line, ',');
  if (cells.size() != kFigures + parameters.size()) return std::nullopt;
  double figures[kFigures];
  for (size_t i = 0; i < kFigures; ++i) {
    if (!absl::SimpleAtod(cells[i], &figures[i]) ||
        !std::isfinite(figures[i])) {
      return std::nullopt;
    }
  }
  Trial trial{{}, figures[0], figures[1], figures[2], figures[3]};
  if (cells[kFigures].empty()) return trial;
  for (size_t i = 0; i < parameters.size(); ++i) {
    double value;
    if (!absl::SimpleAtod(cells[kFigures + i], &value) ||
        !(value >= parameters[i].low && value <= parameters[i].high)) {
      return std::nullopt;
    }
    trial.point.push_back(CoordinateOf(parameters[i], value));
  }
  return trial;
}

}  // namespace

std::string TrialHeader(const SearchKey& key) {
  std::string header = absl::StrFormat(
      "# usher-train tune, data %016x, configuration %016x\n"
      "ndcg_at_10,low,high,seconds",
      key.data_fingerprint, Hash64(key.base_config));
  for (const TunedParameter& parameter : TunedParameters()) {
    absl::StrAppend(&header, ",", parameter.name);
  }
  return header + "\n";
}

std::string TrialLine(const Trial& trial) {
  std::string line = absl::StrFormat("%.6f,%.6f,%.6f,%.2f", trial.ndcg,
                                     trial.low, trial.high, trial.seconds);
  const absl::Span<const TunedParameter> parameters = TunedParameters();
  for (size_t i = 0; i < parameters.size(); ++i) {
    line += ',';
    if (trial.point.empty()) continue;
    absl::StrAppendFormat(&line, "%.9g",
                          ValueAt(parameters[i], trial.point[i]));
  }
  return line + "\n";
}

Trial Rounded(const Trial& trial) {
  const std::string line = TrialLine(trial);
  return *ParseTrial(absl::StripSuffix(line, "\n"));
}

absl::StatusOr<std::vector<Trial>> ParseTrials(absl::string_view path,
                                               absl::string_view text,
                                               const SearchKey& key) {
  const std::string header = TrialHeader(key);
  if (!absl::StartsWith(text, header)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path,
                     " is of a search with other data, another configuration "
                     "or other parameters; name another --report, or remove "
                     "the file"));
  }
  const absl::string_view body = text.substr(header.size());
  std::vector<absl::string_view> lines = absl::StrSplit(body, '\n');
  lines.pop_back();  // Empty, or without an end.
  std::vector<Trial> trials;
  for (const absl::string_view line : lines) {
    std::optional<Trial> trial = ParseTrial(line);
    if (!trial.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", trials.size() + 3,
                       ": no line of a trial; remove the file, or the line"));
    }
    trials.push_back(*std::move(trial));
  }
  return trials;
}

}  // namespace usher
