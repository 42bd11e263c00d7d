// Reads users.jsonl (the format is in the README of this folder).
#ifndef USHER_TRAINER_DATA_USERS_JSONL_H_
#define USHER_TRAINER_DATA_USERS_JSONL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "index/catalog/user.h"
#include "trainer/data/read_report.h"

namespace usher {

// One user a line, in the order of their first lines. Keys beyond the known
// ones become profile features, in order of name, when they hold a number or a
// text that is not empty; others are ignored, and null means absent. A line is
// bad when it is no JSON object, lacks an id, or when a known field has the
// wrong type. A line with an id that an earlier line had replaces that one, and
// is counted as bad. Errors as in ReadInteractions().
absl::StatusOr<std::vector<User>> ReadUsers(const std::string& path,
                                            const ReadOptions& options,
                                            ReadReport* report);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_USERS_JSONL_H_
