#include "serving/precompute/batch_journal.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "serving/lists/list_keys.h"

namespace usher {
namespace {

constexpr absl::string_view kFirstLine = "usher-precompute 1";
constexpr size_t kLines = 7;

}  // namespace

std::string BatchJournalText(const BatchJournal& journal) {
  // The id is last: it may hold any byte.
  return absl::StrCat(kFirstLine, "\n", journal.fingerprint, "\n",
                      journal.batch, "\n", journal.started, "\n", journal.now,
                      "\n", journal.users, "\n", journal.bytes, "\n",
                      journal.last_user);
}

std::optional<BatchJournal> ParseBatchJournal(absl::string_view text) {
  const std::vector<absl::string_view> lines =
      absl::StrSplit(text, absl::MaxSplits('\n', kLines));
  if (lines.size() != kLines + 1 || lines[0] != kFirstLine) return std::nullopt;
  BatchJournal journal;
  journal.batch = std::string(lines[2]);
  journal.last_user = std::string(lines[7]);
  if (!absl::SimpleAtoi(lines[1], &journal.fingerprint) ||
      !CheckKeyPart("batch", journal.batch).ok() ||
      !absl::SimpleAtoi(lines[3], &journal.started) ||
      !absl::SimpleAtoi(lines[4], &journal.now) ||
      !absl::SimpleAtoi(lines[5], &journal.users) ||
      !absl::SimpleAtoi(lines[6], &journal.bytes) || journal.users < 0 ||
      journal.bytes < 0) {
    return std::nullopt;
  }
  return journal;
}

std::optional<BatchJournal> ToGoOnWith(std::optional<BatchJournal> journal,
                                       uint64_t fingerprint, Micros clock) {
  if (!journal.has_value() || journal->fingerprint != fingerprint ||
      clock < journal->started || clock > journal->started + kDay) {
    return std::nullopt;
  }
  return journal;
}

}  // namespace usher
