// Lines of the data files: events.jsonl, users.jsonl, interactions.csv.
//
// Errors are InvalidArgument and say what is wrong with the line, not where it
// is. What only the server can judge is left to the server.
#ifndef USHER_SERVING_USHERCTL_DATA_LINE_H_
#define USHER_SERVING_USHERCTL_DATA_LINE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "usher/v1/resources.pb.h"

namespace usher::ctl {

// A JSON object into an event, or a user, that is empty. A time is unix seconds
// or RFC 3339; null is as if the key were not there. Keys of an event that are
// unknown are passed over; unknown texts and numbers of a user are features.
absl::Status ReadEventLine(absl::string_view line, v1::Event& event);
absl::Status ReadUserLine(absl::string_view line, v1::User& user);

// The rows below one header. A field may be in double quotes, with a doubled
// quote for a quote; it ends on its line.
class InteractionRows {
 public:
  static absl::StatusOr<InteractionRows> Below(absl::string_view header);

  // Sets what the row says; what it leaves empty stays as it was.
  absl::Status Read(absl::string_view row, v1::Interaction& interaction) const;

 private:
  explicit InteractionRows(std::vector<std::string> columns)
      : columns_(std::move(columns)) {}

  std::vector<std::string> columns_;
};

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_DATA_LINE_H_
