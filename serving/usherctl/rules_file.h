// Rules of a list, from a file.
#ifndef USHER_SERVING_USHERCTL_RULES_FILE_H_
#define USHER_SERVING_USHERCTL_RULES_FILE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "serving/usherctl/command.h"

namespace usher::ctl {

// Flag::set of a file of rules, which go into the request's field `rules`: a
// RecommendRequest that holds nothing else, as a text proto
//
//   rules { name: "own" filter { organizers: "g1" } boost: 2 }
//
// or as JSON, {"rules": [...]}, or the list alone. InvalidArgument with the
// place of what cannot be read.
absl::Status SetRules(absl::string_view path, Extras& extras,
                      google::protobuf::Message& request);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_RULES_FILE_H_
