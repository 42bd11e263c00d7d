// The gRPC server around the services.
#ifndef USHER_SERVING_SERVER_H_
#define USHER_SERVING_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "index/base/clock.h"
#include "serving/experiments/experiments.h"
#include "serving/exposure_log.h"
#include "serving/page_token.h"
#include "serving/recommender.h"
#include "serving/snapshot_publisher.h"
#include "serving/status_reporter.h"
#include "serving/worker_pool.h"

namespace grpc {
class Channel;
}

namespace usher {

// What the services answer with; borrowed.
struct ServerParts {
  const SnapshotHolder& holder;
  SnapshotPublisher& publisher;
  const Recommender& recommender;
  const PageTokenCodec& pages;
  const StatusReporter& reporter;
  ModelLoader& loader;
  const Clock& clock;
  WorkerPool& pool;
  const Experiments& experiments;
  ExposureLog& exposures;
};

// Services, health and reflection on one address. Thread-safe, but for
// Shutdown() and the end of its life.
class Server {
 public:
  // Listens on `address`: HOST:PORT, where port 0 means any free one, or
  // unix:PATH; empty: nowhere, only in-process channels. Health begins as
  // NOT_SERVING. Unavailable when the address is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const std::string& address, const ServerParts& parts);
  ~Server();

  // The address with the port that was chosen.
  const std::string& address() const { return address_; }

  // A client of this server without a socket, for tests.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  void SetServing(bool serving);

  // Health NOT_SERVING, no new calls, and the running ones get some seconds to
  // end. Returns when all is over.
  void Shutdown();

 private:
  struct Grpc;
  Server(std::unique_ptr<Grpc> grpc, std::string address, WorkerPool& pool);

  const std::string address_;
  WorkerPool& pool_;
  std::unique_ptr<Grpc> grpc_;  // Null after Shutdown().
};

}  // namespace usher

#endif  // USHER_SERVING_SERVER_H_
