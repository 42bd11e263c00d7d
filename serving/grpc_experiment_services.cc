#include <grpcpp/grpcpp.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "serving/collect_report.h"
#include "serving/convert_experiments.h"
#include "serving/convert_resources.h"
#include "serving/grpc_calls.h"
#include "serving/grpc_services.h"
#include "usher/v1/experiment.grpc.pb.h"

namespace usher {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

class ExperimentService final : public v1::ExperimentService::CallbackService {
 public:
  ExperimentService(const Experiments& experiments, ExposureLog& exposures,
                    SnapshotPublisher& publisher, const CallGate& gate,
                    const CallGate& slow_gate)
      : experiments_(experiments),
        exposures_(exposures),
        publisher_(publisher),
        gate_(gate),
        slow_gate_(slow_gate) {}

  Reactor* Assign(Context* context, const v1::AssignRequest* request,
                  v1::AssignResponse* response) override {
    return RunUnary(context, RpcMethod::kAssign, gate_,
                    [this, request, response]() -> absl::Status {
                      RETURN_IF_ERROR(CheckId(request->user_id(), "user_id"));
                      ToProto(experiments_.Assign(request->user_id()),
                              response->mutable_assignments());
                      return absl::OkStatus();
                    });
  }

  Reactor* GetReport(Context* context, const v1::GetReportRequest* request,
                     v1::GetReportResponse* response) override {
    return RunUnary(
        context, RpcMethod::kGetReport, slow_gate_,
        [this, request, response]() -> absl::Status {
          const Experiment* experiment =
              experiments_.Find(request->experiment());
          if (experiment == nullptr) {
            return absl::NotFoundError(absl::StrCat(
                "experiment: there is no experiment \"", request->experiment(),
                "\" in the server's --experiments"));
          }
          ASSIGN_OR_RETURN(const ExperimentReport report,
                           CollectReport(*experiment, exposures_, publisher_));
          ToProto(report, response);
          return absl::OkStatus();
        });
  }

 private:
  const Experiments& experiments_;
  ExposureLog& exposures_;
  SnapshotPublisher& publisher_;
  const CallGate& gate_;
  const CallGate& slow_gate_;  // A report may take seconds.
};

}  // namespace

std::unique_ptr<grpc::Service> NewExperimentService(
    const Experiments& experiments, ExposureLog& exposures,
    SnapshotPublisher& publisher, const CallGate& gate,
    const CallGate& slow_gate) {
  return std::make_unique<ExperimentService>(experiments, exposures, publisher,
                                             gate, slow_gate);
}

}  // namespace usher
