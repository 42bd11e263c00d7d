#include "trainer/data/split_csv.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "trainer/data/csv_reader.h"
#include "trainer/data/id_rules.h"

namespace usher {
namespace {

constexpr absl::string_view kSplitColumns[] = {"user_id", "event_id", "part"};

std::optional<SplitPart> PartFromName(absl::string_view name) {
  if (name == "train") return SplitPart::kTrain;
  if (name == "valid") return SplitPart::kValid;
  if (name == "test") return SplitPart::kTest;
  return std::nullopt;
}

// Empty when `row` was filled.
std::string ParseRow(absl::string_view user, absl::string_view event,
                     absl::string_view part_name, SplitRow& row) {
  if (const auto why = IdProblem(user); !why.empty()) {
    return absl::StrCat("user_id ", why);
  }
  if (const auto why = IdProblem(event); !why.empty()) {
    return absl::StrCat("event_id ", why);
  }
  const std::optional<SplitPart> part = PartFromName(part_name);
  if (!part.has_value()) {
    return absl::StrCat("part ", Quoted(part_name),
                        " is not train, valid or test");
  }
  row = {user, event, *part};
  return "";
}

}  // namespace

absl::Status ReadSplit(const std::string& path, const ReadOptions& options,
                       absl::FunctionRef<void(const SplitRow&)> row,
                       ReadReport* report) {
  *report = ReadReport();
  ASSIGN_OR_RETURN(CsvReader csv, CsvReader::Open(path));
  ASSIGN_OR_RETURN(const std::vector<int> at, csv.Require(kSplitColumns));
  BadLines bad(path, options, *report);
  SplitRow parsed;
  while (csv.Next()) {
    const auto fields = csv.fields();
    const std::string problem =
        csv.problem().empty()
            ? ParseRow(fields[at[0]], fields[at[1]], fields[at[2]], parsed)
            : std::string(csv.problem());
    if (!problem.empty()) {
      bad.Add(csv.line(), problem, csv.lines());
      continue;
    }
    row(parsed);
    ++report->rows;
  }
  RETURN_IF_ERROR(csv.status());
  report->fingerprint = csv.reader().fingerprint();
  return bad.Finish();
}

}  // namespace usher
