// Text protos, as people write them.
#ifndef USHER_INDEX_ARTIFACT_TEXT_PROTO_H_
#define USHER_INDEX_ARTIFACT_TEXT_PROTO_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace google::protobuf {
class Message;
}

namespace usher {

enum class UnknownFields { kRefuse, kIgnore };

// Fills `message` from its text. InvalidArgument with the first mistake:
// "LINE:COLUMN: what is wrong", both counted from 1.
absl::Status ParseTextProto(absl::string_view text,
                            google::protobuf::Message* message,
                            UnknownFields unknown = UnknownFields::kRefuse);

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_TEXT_PROTO_H_
