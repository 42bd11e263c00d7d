#include <grpcpp/grpcpp.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "serving/convert_erasure.h"
#include "serving/convert_resources.h"
#include "serving/convert_writes.h"
#include "serving/grpc_calls.h"
#include "serving/grpc_services.h"
#include "usher/v1/catalog.grpc.pb.h"

namespace usher {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

// One person's data, sent message after message. Deletes itself.
class ExportStream final
    : public grpc::ServerWriteReactor<v1::ExportUserResponse> {
 public:
  ExportStream(Context* context, const UserExporter& exporter,
               const CallGate& gate, const std::string& user_id)
      : gate_(gate), call_(RpcMethod::kExportUser, gate.metrics) {
    absl::Status begun = CheckAllowed(*context, RpcMethod::kExportUser, gate);
    if (begun.ok()) {
      begun = gate.pool.Submit([this, context, &exporter, user_id] {
        absl::Status status = CheckWanted(*context);
        if (status.ok()) status = Collect(exporter, user_id);
        if (!status.ok()) return End(status);
        Next();
      });
    }
    if (!begun.ok()) End(begun);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(absl::CancelledError("the caller has given up"));
    gate_.metrics.CountStreamed(RpcMethod::kExportUser);
    Next();
  }

  void OnDone() override { delete this; }

 private:
  absl::Status Collect(const UserExporter& exporter,
                       const std::string& user_id) {
    RETURN_IF_ERROR(CheckId(user_id, "user_id"));
    ASSIGN_OR_RETURN(const UserExport all, exporter.Export(user_id));
    messages_ = ToProto(all);
    return absl::OkStatus();
  }

  void Next() {
    if (sent_ == messages_.size()) return End(absl::OkStatus());
    StartWrite(&messages_[sent_++]);
  }

  void End(const absl::Status& status) {
    call_.End(status.code());
    Finish(ToGrpcStatus(status));
  }

  const CallGate& gate_;
  const CountedCall call_;
  std::vector<v1::ExportUserResponse> messages_;
  size_t sent_ = 0;
};

class CatalogService final : public v1::CatalogService::CallbackService {
 public:
  CatalogService(const SnapshotHolder& holder, SnapshotPublisher& publisher,
                 UserEraser& eraser, const UserExporter& exporter,
                 const CallGate& gate, const CallGate& slow_gate)
      : holder_(holder),
        publisher_(publisher),
        eraser_(eraser),
        exporter_(exporter),
        gate_(gate),
        slow_gate_(slow_gate) {}

  Reactor* UpsertEvents(Context* context,
                        const v1::UpsertEventsRequest* request,
                        v1::UpsertEventsResponse* response) override {
    return RunWrite(context, RpcMethod::kUpsertEvents, *request,
                    [response](const WriteReceipt& receipt) {
                      response->mutable_unknown_event_ids()->Add(
                          receipt.unknown.begin(), receipt.unknown.end());
                    });
  }

  Reactor* DeleteEvents(Context* context,
                        const v1::DeleteEventsRequest* request,
                        v1::DeleteEventsResponse*) override {
    return RunWrite(context, RpcMethod::kDeleteEvents, *request,
                    [](const WriteReceipt&) {});
  }

  Reactor* UpsertUsers(Context* context, const v1::UpsertUsersRequest* request,
                       v1::UpsertUsersResponse*) override {
    return RunWrite(context, RpcMethod::kUpsertUsers, *request,
                    [](const WriteReceipt&) {});
  }

  Reactor* GetEvent(Context* context, const v1::GetEventRequest* request,
                    v1::GetEventResponse* response) override {
    return RunUnary(
        context, RpcMethod::kGetEvent, gate_,
        [this, request, response] { return Answer(*request, response); });
  }

  Reactor* GetUser(Context* context, const v1::GetUserRequest* request,
                   v1::GetUserResponse* response) override {
    return RunUnary(
        context, RpcMethod::kGetUser, gate_,
        [this, request, response] { return Answer(*request, response); });
  }

  Reactor* ForgetUser(Context* context, const v1::ForgetUserRequest* request,
                      v1::ForgetUserResponse* response) override {
    return RunUnary(context, RpcMethod::kForgetUser, slow_gate_,
                    [this, request, response]() -> absl::Status {
                      RETURN_IF_ERROR(CheckId(request->user_id(), "user_id"));
                      ASSIGN_OR_RETURN(const ErasureReceipt receipt,
                                       eraser_.Erase(request->user_id()));
                      ToProto(receipt, response->mutable_receipt());
                      return absl::OkStatus();
                    });
  }

  grpc::ServerWriteReactor<v1::ExportUserResponse>* ExportUser(
      Context* context, const v1::ExportUserRequest* request) override {
    return new ExportStream(context, exporter_, slow_gate_, request->user_id());
  }

 private:
  // `answer` fills in the response.
  template <class Request, class Answer>
  Reactor* RunWrite(Context* context, RpcMethod method, const Request& request,
                    Answer answer) {
    return RunAsync(
        context, method, gate_,
        [this, context, &request, answer](const auto& finish) {
          auto write = FromProto(request);
          if (!write.ok()) return finish(write.status());
          publisher_.Submit(
              *std::move(write),
              [finish, answer](const absl::StatusOr<WriteReceipt>& receipt) {
                if (receipt.ok()) answer(*receipt);
                finish(receipt.status());
              },
              [context] { return CheckWanted(*context); });
        });
  }

  absl::StatusOr<std::shared_ptr<const Served>> Current() const {
    std::shared_ptr<const Served> served = holder_.Get();
    if (served == nullptr) return ErrorOfNoModel();
    return served;
  }

  absl::Status Answer(const v1::GetEventRequest& request,
                      v1::GetEventResponse* response) const {
    RETURN_IF_ERROR(CheckId(request.event_id(), "event_id"));
    ASSIGN_OR_RETURN(const std::shared_ptr<const Served> served, Current());
    const Catalog& catalog = served->snapshot().catalog;
    const EventRow row = catalog.FindEvent(request.event_id());
    if (row == kNoEvent || catalog.events.columns[Index(row)].absent) {
      return absl::NotFoundError(absl::StrCat("event_id: there is no event \"",
                                              request.event_id(), "\""));
    }
    *response->mutable_event() = ToProto(catalog.GetEvent(row));
    return absl::OkStatus();
  }

  absl::Status Answer(const v1::GetUserRequest& request,
                      v1::GetUserResponse* response) const {
    RETURN_IF_ERROR(CheckId(request.user_id(), "user_id"));
    ASSIGN_OR_RETURN(const std::shared_ptr<const Served> served, Current());
    const Catalog& catalog = served->snapshot().catalog;
    const UserRow row = catalog.FindUser(request.user_id());
    if (row == kNoUser) {
      return absl::NotFoundError(absl::StrCat("user_id: there is no user \"",
                                              request.user_id(), "\""));
    }
    *response->mutable_user() = ToProto(catalog.GetUser(row));
    return absl::OkStatus();
  }

  const SnapshotHolder& holder_;
  SnapshotPublisher& publisher_;
  UserEraser& eraser_;
  const UserExporter& exporter_;
  const CallGate& gate_;
  const CallGate& slow_gate_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewCatalogService(const SnapshotHolder& holder,
                                                 SnapshotPublisher& publisher,
                                                 UserEraser& eraser,
                                                 const UserExporter& exporter,
                                                 const CallGate& gate,
                                                 const CallGate& slow_gate) {
  return std::make_unique<CatalogService>(holder, publisher, eraser, exporter,
                                          gate, slow_gate);
}

}  // namespace usher
