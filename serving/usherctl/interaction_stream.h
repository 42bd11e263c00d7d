// Interactions over one stream, each batch acknowledged by its number.
#ifndef USHER_SERVING_USHERCTL_INTERACTION_STREAM_H_
#define USHER_SERVING_USHERCTL_INTERACTION_STREAM_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/sync_stream.h"
#include "serving/usherctl/command.h"
#include "usher/v1/interaction.grpc.pb.h"

namespace usher::ctl {

// Opens its stream with the first batch, and a new one after an error, which
// ends a stream. The session's time-out counts for each stream. Borrows the
// session. Not thread-safe.
class InteractionStream {
 public:
  explicit InteractionStream(const Session& session);
  ~InteractionStream();

  // Sends the batch and waits until it is acknowledged; or the server's error.
  absl::StatusOr<v1::RecordInteractionsResponse> Send(
      const v1::RecordInteractionsRequest& batch);

 private:
  using Stream = grpc::ClientReaderWriter<v1::StreamInteractionsRequest,
                                          v1::StreamInteractionsResponse>;
  void Open();
  // The error that has ended the stream.
  absl::Status End();

  const Session& session_;
  const std::unique_ptr<v1::InteractionService::Stub> stub_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<Stream> stream_;  // Null: to be opened.
  int64_t sequence_ = 0;            // Of the last batch.
};

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_INTERACTION_STREAM_H_
