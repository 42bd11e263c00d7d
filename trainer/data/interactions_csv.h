// Reads interactions.csv (the format is in the README of this folder).
#ifndef USHER_TRAINER_DATA_INTERACTIONS_CSV_H_
#define USHER_TRAINER_DATA_INTERACTIONS_CSV_H_

#include <limits>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "index/base/clock.h"
#include "index/catalog/geo.h"
#include "index/catalog/interaction.h"
#include "trainer/data/read_report.h"

namespace usher {

// One row; the texts are valid during the callback only.
struct InteractionRow {
  absl::string_view user_id;
  absl::string_view event_id;
  InteractionKind kind = InteractionKind::kRsvpYes;
  float value = std::numeric_limits<float>::quiet_NaN();  // NaN when empty.
  Micros time = kNoTime;
  absl::string_view device;
  GeoPoint location;  // Where the user was.
};

// Calls `row` for each good row, in the order of the file, without taking
// memory per row. The header needs user_id, event_id, kind, value and timestamp
// in any order; device, latitude and longitude are read where they are there,
// other columns are not. Bad lines are in `report` and fail the read as its
// options say. Errors: a file that cannot be read, an empty one, a missing
// column, too many bad lines; each names the file.
absl::Status ReadInteractions(
    const std::string& path, const ReadOptions& options,
    absl::FunctionRef<void(const InteractionRow&)> row, ReadReport* report);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_INTERACTIONS_CSV_H_
