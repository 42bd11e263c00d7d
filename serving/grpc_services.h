// The services of the API over gRPC.
#ifndef USHER_SERVING_GRPC_SERVICES_H_
#define USHER_SERVING_GRPC_SERVICES_H_

#include <memory>
#include <string>
#include <vector>

#include "serving/call_gate.h"
#include "serving/experiments/experiments.h"
#include "serving/exposure_log.h"
#include "serving/page_token.h"
#include "serving/recommender.h"
#include "serving/scenarios.h"
#include "serving/snapshot_publisher.h"
#include "serving/status_reporter.h"
#include "serving/user_eraser.h"
#include "serving/user_exporter.h"

namespace grpc {
class Service;
}

namespace usher {

class CallQueue;

// Borrow what they are given for their own life. Calls are converted, answered
// and converted back on the pool's threads; a call whose caller is gone or
// whose deadline has passed when its turn comes is not worked on. Of the gate
// come the pool, the tokens that callers need, and what counts calls. Streams
// of writes have no turn: they are read on gRPC's threads as fast as they are
// written. What takes long, such as a model that is loaded or a report, comes
// by a gate with a pool of its own; Recommend comes by a queue at which the
// pool's threads look themselves.
std::unique_ptr<grpc::Service> NewRecommendationService(
    const Recommender& recommender, const PageTokenCodec& pages,
    const Scenarios& scenarios, ExposureLog& exposures, const Clock& clock,
    const CallGate& gate, CallQueue& queue);
std::unique_ptr<grpc::Service> NewCatalogService(const SnapshotHolder& holder,
                                                 SnapshotPublisher& publisher,
                                                 UserEraser& eraser,
                                                 const UserExporter& exporter,
                                                 const CallGate& gate,
                                                 const CallGate& slow_gate);
std::unique_ptr<grpc::Service> NewInteractionService(
    SnapshotPublisher& publisher, ExposureLog& exposures, const Clock& clock,
    const CallGate& gate);
std::unique_ptr<grpc::Service> NewExperimentService(
    const Experiments& experiments, ExposureLog& exposures,
    SnapshotPublisher& publisher, const CallGate& gate,
    const CallGate& slow_gate);
std::unique_ptr<grpc::Service> NewAdminService(const StatusReporter& reporter,
                                               ModelLoader& loader,
                                               const CallGate& gate,
                                               const CallGate& slow_gate);

// What gRPC calls server reflection: the services of these names, and all
// messages that this program knows.
std::unique_ptr<grpc::Service> NewReflectionService(
    std::vector<std::string> services, const CallGate& gate);

}  // namespace usher

#endif  // USHER_SERVING_GRPC_SERVICES_H_
