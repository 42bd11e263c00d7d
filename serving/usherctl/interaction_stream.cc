#include "serving/usherctl/interaction_stream.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "serving/usherctl/calls.h"

namespace usher::ctl {

InteractionStream::InteractionStream(const Session& session)
    : session_(session),
      stub_(v1::InteractionService::NewStub(session.channel)) {}

InteractionStream::~InteractionStream() {
  if (stream_ == nullptr) return;
  stream_->WritesDone();
  stream_->Finish();
}

void InteractionStream::Open() {
  context_ = std::make_unique<grpc::ClientContext>();
  Prepare(session_, *context_);
  stream_ = stub_->StreamInteractions(context_.get());
}

absl::Status InteractionStream::End() {
  const grpc::Status status = stream_->Finish();
  stream_ = nullptr;
  if (!status.ok()) return FromGrpc(status);
  return absl::UnavailableError("the server has ended the stream");
}

absl::StatusOr<v1::RecordInteractionsResponse> InteractionStream::Send(
    const v1::RecordInteractionsRequest& batch) {
  if (stream_ == nullptr) Open();
  v1::StreamInteractionsRequest request;
  request.set_sequence(++sequence_);
  *request.mutable_interactions() = batch.interactions();
  v1::StreamInteractionsResponse answer;
  if (!stream_->Write(request) || !stream_->Read(&answer)) return End();
  if (answer.sequence() != sequence_) {
    return absl::InternalError(absl::StrCat("batch ", sequence_,
                                            " was acknowledged as number ",
                                            answer.sequence()));
  }
  v1::RecordInteractionsResponse response;
  response.set_accepted(answer.accepted());
  response.set_duplicates(answer.duplicates());
  return response;
}

}  // namespace usher::ctl
