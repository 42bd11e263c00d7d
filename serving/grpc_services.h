// The services of the API over gRPC.
#ifndef USHER_SERVING_GRPC_SERVICES_H_
#define USHER_SERVING_GRPC_SERVICES_H_

#include <memory>

#include "serving/experiments/experiments.h"
#include "serving/exposure_log.h"
#include "serving/page_token.h"
#include "serving/recommender.h"
#include "serving/snapshot_publisher.h"
#include "serving/status_reporter.h"
#include "serving/worker_pool.h"

namespace grpc {
class Service;
}

namespace usher {

// Borrow what they are given for their own life. Calls are converted, answered
// and converted back on the pool's threads; a call whose caller is gone or
// whose deadline has passed when its turn comes is not worked on.
std::unique_ptr<grpc::Service> NewRecommendationService(
    const Recommender& recommender, const PageTokenCodec& pages,
    ExposureLog& exposures, const Clock& clock, WorkerPool& pool);
std::unique_ptr<grpc::Service> NewCatalogService(const SnapshotHolder& holder,
                                                 SnapshotPublisher& publisher,
                                                 WorkerPool& pool);
std::unique_ptr<grpc::Service> NewInteractionService(
    SnapshotPublisher& publisher, ExposureLog& exposures, const Clock& clock,
    WorkerPool& pool);
std::unique_ptr<grpc::Service> NewExperimentService(
    const Experiments& experiments, ExposureLog& exposures,
    SnapshotPublisher& publisher, WorkerPool& pool);
std::unique_ptr<grpc::Service> NewAdminService(const StatusReporter& reporter,
                                               ModelLoader& loader,
                                               WorkerPool& pool);

}  // namespace usher

#endif  // USHER_SERVING_GRPC_SERVICES_H_
