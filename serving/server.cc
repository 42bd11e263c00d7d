#include "serving/server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "serving/call_queue.h"
#include "serving/grpc_services.h"
#include "serving/security/tls_credentials.h"

namespace usher {
namespace {

constexpr absl::string_view kServices[] = {kRecommendationService,
                                           kCatalogService, kInteractionService,
                                           kExperimentService, kAdminService};
constexpr absl::string_view kHealthService = "grpc.health.v1.Health";
constexpr int kSlowThreads = 2;
constexpr int kMaxSlowCalls = 16;
// Memory of calls that are being read or wait; beyond it connections are read
// more slowly.
constexpr size_t kMaxCallBytes = size_t{1} << 30;
// Room for 10,000 events with their descriptions.
constexpr int kMaxMessageBytes = 64 << 20;
// Calls and streams that one connection may have open; more wait at the client.
constexpr int kMaxOpenCalls = 10'000;
// Calls that were let in get this long to end, then those that only wait
// (health watchers, reflection) are cut off.
constexpr absl::Duration kDrainTime = absl::Seconds(5);
constexpr std::chrono::milliseconds kHangUpTime(200);

std::string WithPort(const std::string& address, int port) {
  const size_t colon = address.rfind(':');
  if (absl::string_view(address).substr(0, 5) == "unix:" ||
      colon == std::string::npos) {
    return address;
  }
  return absl::StrCat(address.substr(0, colon), ":", port);
}

// What reflection lists.
std::vector<std::string> ListedServices() {
  std::vector<std::string> names(std::begin(kServices), std::end(kServices));
  names.emplace_back(kHealthService);
  names.emplace_back(kReflectionService);
  return names;
}

}  // namespace

// Services outlive the server that calls them.
struct Server::Grpc {
  explicit Grpc(const ServerParts& parts)
      : gate{parts.pool, parts.telemetry.calls, parts.tokens},
        slow_gate{slow_pool, parts.telemetry.calls, parts.tokens} {}

  // For what takes long: other calls go on meanwhile.
  WorkerPool slow_pool{{kSlowThreads, kMaxSlowCalls}};
  const CallGate gate;
  const CallGate slow_gate;
  std::unique_ptr<CallQueue> queue;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> server;
};

Server::Server(std::unique_ptr<Grpc> grpc, std::string address,
               const ServerParts& parts)
    : address_(std::move(address)),
      pool_(parts.pool),
      publisher_(parts.publisher),
      grpc_(std::move(grpc)) {
  SetServing(false);
}

Server::~Server() { Shutdown(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const std::string& address, const ServerParts& parts) {
  grpc::EnableDefaultHealthCheckService(true);
  auto grpc = std::make_unique<Grpc>(parts);
  const CallGate& gate = grpc->gate;
  grpc::ServerBuilder builder;
  grpc->queue = std::make_unique<CallQueue>(builder.AddCompletionQueue());
  grpc->services.push_back(NewRecommendationService(
      parts.recommender, parts.pages, parts.scenarios, parts.exposures,
      parts.clock, gate, *grpc->queue));
  grpc->services.push_back(NewCatalogService(parts.holder, parts.publisher,
                                             parts.eraser, parts.exporter, gate,
                                             grpc->slow_gate));
  grpc->services.push_back(NewInteractionService(
      parts.publisher, parts.exposures, parts.clock, gate));
  grpc->services.push_back(
      NewExperimentService(parts.experiments, parts.exposures, parts.publisher,
                           gate, grpc->slow_gate));
  grpc->services.push_back(
      NewAdminService(parts.reporter, parts.loader, gate, grpc->slow_gate));
  grpc->services.push_back(NewReflectionService(ListedServices(), gate));
  // Two servers on one port would each get a part of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetResourceQuota(grpc::ResourceQuota("usher").Resize(kMaxCallBytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxOpenCalls);
  int port = 0;
  if (!address.empty()) {
    builder.AddListeningPort(address,
                             parts.tls == nullptr
                                 ? grpc::InsecureServerCredentials()
                                 : NewTlsCredentials(*parts.tls),
                             &port);
  }
  for (const std::unique_ptr<grpc::Service>& service : grpc->services) {
    builder.RegisterService(service.get());
  }
  grpc->server = builder.BuildAndStart();
  if (grpc->server == nullptr || (!address.empty() && port == 0)) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", address,
        ": the address is taken, not this machine's, or not HOST:PORT"));
  }
  grpc->queue->Open();
  parts.pool.Attach(*grpc->queue);
  return absl::WrapUnique(
      new Server(std::move(grpc), WithPort(address, port), parts));
}

std::shared_ptr<grpc::Channel> Server::InProcessChannel() {
  return grpc_->server->InProcessChannel(grpc::ChannelArguments());
}

void Server::SetServing(bool serving) {
  absl::MutexLock lock(&mu_);
  if (!shut_down_) TellHealth(serving);
}

bool Server::serving() const {
  absl::MutexLock lock(&mu_);
  return serving_;
}

void Server::TellHealth(bool serving) {
  serving_ = serving;
  grpc::HealthCheckServiceInterface& health =
      *grpc_->server->GetHealthCheckService();
  health.SetServingStatus("", serving);
  for (const absl::string_view service : kServices) {
    health.SetServingStatus(std::string(service), serving);
  }
}

bool Server::Shutdown() {
  if (grpc_ == nullptr) return true;
  {
    absl::MutexLock lock(&mu_);
    TellHealth(false);
    shut_down_ = true;
  }
  const absl::Time cut = absl::Now() + kDrainTime;
  // The pool hands writes to the publisher.
  const bool drained =
      pool_.Drain(kDrainTime) &&
      publisher_.Drain(std::max(absl::ZeroDuration(), cut - absl::Now()));
  grpc_->server->Shutdown(std::chrono::system_clock::now() + kHangUpTime);
  grpc_->server->Wait();
  // gRPC does not wait for calls of a queue.
  pool_.Settle();
  grpc_->queue->Close();
  pool_.Detach();
  grpc_ = nullptr;
  return drained;
}

}  // namespace usher
