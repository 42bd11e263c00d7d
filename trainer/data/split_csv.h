// Reads a split file: which pairs train a model and which judge it.
#ifndef USHER_TRAINER_DATA_SPLIT_CSV_H_
#define USHER_TRAINER_DATA_SPLIT_CSV_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "trainer/data/read_report.h"

namespace usher {

enum class SplitPart { kTrain, kValid, kTest };

// One row; the texts are valid during the callback only.
struct SplitRow {
  absl::string_view user_id;
  absl::string_view event_id;
  SplitPart part = SplitPart::kTrain;
};

// Calls `row` for each good row, in the order of the file. The header needs
// user_id, event_id and part (train, valid or test) in any order. Bad lines and
// errors as in ReadInteractions().
absl::Status ReadSplit(const std::string& path, const ReadOptions& options,
                       absl::FunctionRef<void(const SplitRow&)> row,
                       ReadReport* report);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_SPLIT_CSV_H_
