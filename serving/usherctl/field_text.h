// Fields of a request set from text.
#ifndef USHER_SERVING_USHERCTL_FIELD_TEXT_H_
#define USHER_SERVING_USHERCTL_FIELD_TEXT_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace usher::ctl {

// Sets the field at `path` ("filter.max_distance_km") of the message. The
// field's type says how `text` is read:
//
//   a text               as it is
//   a number             a finite number in the range of the type
//   a bool               true or false
//   an enum              its name in any case, with or without the enum's
//                        prefix: rsvp_yes for INTERACTION_KIND_RSVP_YES
//   Timestamp            unix seconds or RFC 3339
//   Location             LAT,LON in degrees
//   Seed                 EVENT[:KIND[:WEIGHT]]
//   repeated of those    a list with commas, added to what is there
//
// A backslash takes the next comma or colon as part of a text. InvalidArgument
// says what is wrong with the text, and not in which field; Internal when the
// path names no field of a type above.
absl::Status SetField(google::protobuf::Message& message,
                      absl::string_view path, absl::string_view text);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_FIELD_TEXT_H_
