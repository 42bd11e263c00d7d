#include "serving/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>

#include <chrono>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "serving/grpc_services.h"

namespace usher {
namespace {

constexpr const char* kServiceNames[] = {"",
                                         "usher.v1.RecommendationService",
                                         "usher.v1.CatalogService",
                                         "usher.v1.InteractionService",
                                         "usher.v1.ExperimentService",
                                         "usher.v1.AdminService"};
// Room for 10,000 events with their descriptions.
constexpr int kMaxMessageBytes = 64 << 20;
// Running calls get this long to end, then those that only wait (health
// watchers, reflection) are cut off.
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

}  // namespace

// Services outlive the server that calls them.
struct Server::Grpc {
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> server;
};

Server::Server(std::unique_ptr<Grpc> grpc, std::string address,
               WorkerPool& pool)
    : address_(std::move(address)), pool_(pool), grpc_(std::move(grpc)) {
  SetServing(false);
}

Server::~Server() { Shutdown(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const std::string& address, const ServerParts& parts) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto grpc = std::make_unique<Grpc>();
  grpc->services.push_back(
      NewRecommendationService(parts.recommender, parts.pages, parts.exposures,
                               parts.clock, parts.pool));
  grpc->services.push_back(
      NewCatalogService(parts.holder, parts.publisher, parts.pool));
  grpc->services.push_back(NewInteractionService(
      parts.publisher, parts.exposures, parts.clock, parts.pool));
  grpc->services.push_back(NewExperimentService(
      parts.experiments, parts.exposures, parts.publisher, parts.pool));
  grpc->services.push_back(
      NewAdminService(parts.reporter, parts.loader, parts.pool));
  grpc::ServerBuilder builder;
  // Two servers on one port would each get a part of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  int port = 0;
  if (!address.empty()) {
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
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
  return absl::WrapUnique(
      new Server(std::move(grpc), WithPort(address, port), parts.pool));
}

std::shared_ptr<grpc::Channel> Server::InProcessChannel() {
  return grpc_->server->InProcessChannel(grpc::ChannelArguments());
}

void Server::SetServing(bool serving) {
  for (const char* name : kServiceNames) {
    grpc_->server->GetHealthCheckService()->SetServingStatus(name, serving);
  }
}

void Server::Shutdown() {
  if (grpc_ == nullptr) return;
  SetServing(false);
  pool_.Drain(kDrainTime);
  grpc_->server->Shutdown(std::chrono::system_clock::now() + kHangUpTime);
  grpc_->server->Wait();
  grpc_ = nullptr;
}

}  // namespace usher
