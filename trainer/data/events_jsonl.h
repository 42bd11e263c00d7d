// Reads events.jsonl (the format is in the README of this folder).
#ifndef USHER_TRAINER_DATA_EVENTS_JSONL_H_
#define USHER_TRAINER_DATA_EVENTS_JSONL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "index/catalog/event.h"
#include "trainer/data/read_report.h"

namespace usher {

// One event a line, in the order of their first lines. Unknown keys are
// ignored, null means absent. A line is bad when it is no JSON object, lacks an
// id, when a field has the wrong type or value (a negative price, a place that
// is not on the earth), or when its embedding is not as long as the first one.
// A line with an id that an earlier line had replaces that one, and is counted
// as bad. Errors as in ReadInteractions().
absl::StatusOr<std::vector<Event>> ReadEvents(const std::string& path,
                                              const ReadOptions& options,
                                              ReadReport* report);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_EVENTS_JSONL_H_
