#include "serving/status_reporter.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/cpu.h"

namespace usher {

ServerStatus StatusReporter::Report() const {
  ServerStatus status;
  status.started = started_;
  status.server_version = USHER_VERSION;
  status.instruction_set =
      std::string(InstructionSetName(ActiveInstructionSet()));
  status.warnings = warnings_;
  for (std::string& warning : loader_.Warnings()) {
    status.warnings.push_back(std::move(warning));
  }
  if (publisher_.state_path() == StateStore::kMemory) {
    status.warnings.push_back(
        "writes are kept in memory only and are lost when the server ends; "
        "name a file with --state");
  } else {
    status.state = publisher_.state_path();
  }
  if (const int64_t rows = publisher_.damaged_rows(); rows > 0) {
    status.warnings.push_back(
        absl::StrCat(rows,
                     " rows of the state cannot be read and are passed "
                     "over; the log names them (state_row_damaged)"));
  }
  status.state_position = publisher_.position();
  const std::shared_ptr<const Served> served = holder_.Get();
  if (served == nullptr) return status;
  const Snapshot& snapshot = served->snapshot();
  status.model = snapshot.info;
  status.users = static_cast<int64_t>(snapshot.catalog.num_users());
  status.events = static_cast<int64_t>(snapshot.catalog.num_events());
  status.live_events = static_cast<int64_t>(
      served->ViewAt(clock_.Now(), served->policy())->columns->num_upcoming());
  return status;
}

}  // namespace usher
