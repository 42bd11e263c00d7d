#include "serving/usherctl/calls.h"

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/util/json_util.h"

namespace usher::ctl {

using google::protobuf::Message;

std::string ToJson(const Message& message, const Terminal& terminal) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = terminal.styled;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  if (json.empty() || json.back() != '\n') json += '\n';
  return json;
}

void Prepare(const Session& session, grpc::ClientContext& context) {
  context.set_deadline(
      absl::ToChronoTime(absl::Now() + session.options.timeout));
  if (!session.options.token.empty()) {
    context.AddMetadata("authorization", "Bearer " + session.options.token);
  }
}

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
}

}  // namespace usher::ctl
