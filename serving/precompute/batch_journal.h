// How far a batch on its way is, for the run that goes on with it.
#ifndef USHER_SERVING_PRECOMPUTE_BATCH_JOURNAL_H_
#define USHER_SERVING_PRECOMPUTE_BATCH_JOURNAL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "index/base/clock.h"

namespace usher {

// Users are done in the order of their ids' bytes: all up to and with
// `last_user` are. New users since then do not move the others.
struct BatchJournal {
  uint64_t fingerprint = 0;  // Of all that decides what is in the batch.
  std::string batch;
  Micros started = 0;  // By the clock.
  Micros now = 0;      // The instant that lists are made for.
  int64_t users = 0;   // Done.
  int64_t bytes = 0;   // Of the file that belong to them.
  std::string last_user;
};

std::string BatchJournalText(const BatchJournal& journal);

// Nullopt for anything that BatchJournalText() does not write.
std::optional<BatchJournal> ParseBatchJournal(absl::string_view text);

// The journal of an earlier run, if this one can go on with it: of the same
// fingerprint, and begun less than a day ago.
std::optional<BatchJournal> ToGoOnWith(std::optional<BatchJournal> journal,
                                       uint64_t fingerprint, Micros clock);

}  // namespace usher

#endif  // USHER_SERVING_PRECOMPUTE_BATCH_JOURNAL_H_
