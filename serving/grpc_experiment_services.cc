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
                    SnapshotPublisher& publisher, WorkerPool& pool)
      : experiments_(experiments),
        exposures_(exposures),
        publisher_(publisher),
        pool_(pool) {}

  Reactor* Assign(Context* context, const v1::AssignRequest* request,
                  v1::AssignResponse* response) override {
    return RunUnary(context, pool_,
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
        context, reports_, [this, request, response]() -> absl::Status {
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
  WorkerPool& pool_;
  // A report may take seconds: one at a time, beside everybody's calls.
  WorkerPool reports_{{/*threads=*/1, /*max_queued=*/16}};
};

}  // namespace

std::unique_ptr<grpc::Service> NewExperimentService(
    const Experiments& experiments, ExposureLog& exposures,
    SnapshotPublisher& publisher, WorkerPool& pool) {
  return std::make_unique<ExperimentService>(experiments, exposures, publisher,
                                             pool);
}

}  // namespace usher
