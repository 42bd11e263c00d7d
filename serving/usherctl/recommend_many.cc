#include "serving/usherctl/recommend_many.h"

#include <memory>
#include <ostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/client_context.h"
#include "serving/usherctl/answer_text.h"
#include "serving/usherctl/calls.h"
#include "serving/usherctl/line_file.h"
#include "usher/v1/recommendation.grpc.pb.h"

namespace usher::ctl {
namespace {

constexpr int kUsersARequest = 1000;

// Puts the next users of the file into the request.
absl::Status ReadUsers(LineFile& file, v1::RecommendStreamRequest& request) {
  request.clear_user_ids();
  while (request.user_ids_size() < kUsersARequest && file.Next()) {
    const absl::string_view id = absl::StripAsciiWhitespace(file.line());
    if (!id.empty()) request.add_user_ids(std::string(id));
  }
  return file.status();
}

// Asks for the request's users and writes their lists.
absl::Status AskFor(const v1::RecommendStreamRequest& request,
                    v1::RecommendationService::Stub& stub,
                    const Session& session) {
  grpc::ClientContext context;
  Prepare(session, context);
  const auto stream = stub.RecommendStream(&context);
  stream->Write(request);
  stream->WritesDone();
  v1::RecommendStreamResponse response;
  int lists = 0;
  while (*session.out && stream->Read(&response)) {
    *session.out << (session.options.json
                         ? ToJson(response, Terminal())
                         : RecommendStreamText(request, response,
                                               session.terminal))
                 << std::flush;
    ++lists;
  }
  if (!*session.out) context.TryCancel();
  const absl::Status status = FromGrpc(stream->Finish());
  if (status.ok() || !*session.out) return absl::OkStatus();
  return absl::Status(
      status.code(),
      absl::StrCat(status.message(),
                   lists < request.user_ids_size()
                       ? "; the next user is " + request.user_ids(lists)
                       : ""));
}

}  // namespace

absl::StatusOr<std::string> RecommendMany(
    const google::protobuf::Message& message, const Session& session) {
  const absl::StatusOr<std::unique_ptr<LineFile>> file =
      LineFile::Open(session.extras.file);
  if (!file.ok()) return file.status();
  const auto stub = v1::RecommendationService::NewStub(session.channel);
  auto request = static_cast<const v1::RecommendStreamRequest&>(message);
  while (*session.out) {
    absl::Status status = ReadUsers(**file, request);
    if (!status.ok()) return status;
    if (request.user_ids().empty()) break;
    status = AskFor(request, *stub, session);
    if (!status.ok()) return status;
  }
  return "";
}

}  // namespace usher::ctl
