// The gRPC server around the services.
#ifndef USHER_SERVING_SERVER_H_
#define USHER_SERVING_SERVER_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "index/base/clock.h"
#include "serving/experiments/experiments.h"
#include "serving/exposure_log.h"
#include "serving/page_token.h"
#include "serving/recommender.h"
#include "serving/scenarios.h"
#include "serving/security/tls_files.h"
#include "serving/security/token_file.h"
#include "serving/snapshot_publisher.h"
#include "serving/status_reporter.h"
#include "serving/telemetry/telemetry.h"
#include "serving/user_eraser.h"
#include "serving/user_exporter.h"
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
  UserEraser& eraser;
  const UserExporter& exporter;
  const Experiments& experiments;
  const Scenarios& scenarios;
  ExposureLog& exposures;
  const Clock& clock;
  WorkerPool& pool;
  Telemetry& telemetry;
  const TokenFile* tokens = nullptr;  // Null: no caller needs a token.
  const TlsFiles* tls = nullptr;      // Null: connections are not encrypted.
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

  // What health says; nothing but NOT_SERVING once Shutdown() has begun.
  void SetServing(bool serving) ABSL_LOCKS_EXCLUDED(mu_);
  bool serving() const ABSL_LOCKS_EXCLUDED(mu_);

  // Health NOT_SERVING, no new calls, and those that were let in get some
  // seconds to end, writes too. Returns when all is over, with whether all
  // calls had ended in time.
  bool Shutdown() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Grpc;
  void TellHealth(bool serving) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Server(std::unique_ptr<Grpc> grpc, std::string address,
         const ServerParts& parts);

  const std::string address_;
  WorkerPool& pool_;
  SnapshotPublisher& publisher_;
  mutable absl::Mutex mu_;
  bool serving_ ABSL_GUARDED_BY(mu_) = false;
  bool shut_down_ ABSL_GUARDED_BY(mu_) = false;
  std::unique_ptr<Grpc> grpc_;  // Null after Shutdown().
};

}  // namespace usher

#endif  // USHER_SERVING_SERVER_H_
