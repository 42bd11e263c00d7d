// Every method of the API, and what a caller must be allowed to do to call it.
#ifndef USHER_SERVING_RPC_METHOD_H_
#define USHER_SERVING_RPC_METHOD_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace usher {

// What a token allows. One says nothing of the others: an administrator who
// asks for recommendations needs kRead as well.
enum class Scope : uint8_t {
  kRead,   // Asks.
  kWrite,  // Changes what is known of events and users.
  kAdmin,  // Changes what is served, and takes out all of a user's data.
};
inline constexpr int kNumScopes = 3;

constexpr absl::string_view ScopeName(Scope scope) {
  constexpr absl::string_view kNames[] = {"read", "write", "admin"};
  return kNames[static_cast<size_t>(scope)];
}

enum class RpcMethod : uint8_t {
  kRecommend,
  kRecommendStream,
  kSimilarEvents,
  kSimilarUsers,
  kFindAudience,
  kExplain,
  kUpsertEvents,
  kDeleteEvents,
  kGetEvent,
  kUpsertUsers,
  kGetUser,
  kForgetUser,
  kExportUser,
  kRecordInteractions,
  kStreamInteractions,
  kRecordExposures,
  kAssign,
  kGetReport,
  kGetStatus,
  kListModelVersions,
  kPinModelVersion,
  kReloadModel,
  kServerReflectionInfo,
};

struct RpcMethodSpec {
  RpcMethod method;
  absl::string_view service;
  absl::string_view name;
  Scope scope;
};

inline constexpr absl::string_view kRecommendationService =
    "usher.v1.RecommendationService";
inline constexpr absl::string_view kCatalogService = "usher.v1.CatalogService";
inline constexpr absl::string_view kInteractionService =
    "usher.v1.InteractionService";
inline constexpr absl::string_view kExperimentService =
    "usher.v1.ExperimentService";
inline constexpr absl::string_view kAdminService = "usher.v1.AdminService";
inline constexpr absl::string_view kReflectionService =
    "grpc.reflection.v1alpha.ServerReflection";

// In the order of RpcMethod. grpc.health.v1.Health is not here: it is gRPC's
// own and open to everybody.
inline constexpr RpcMethodSpec kRpcMethods[] = {
    {RpcMethod::kRecommend, kRecommendationService, "Recommend", Scope::kRead},
    {RpcMethod::kRecommendStream, kRecommendationService, "RecommendStream",
     Scope::kRead},
    {RpcMethod::kSimilarEvents, kRecommendationService, "SimilarEvents",
     Scope::kRead},
    {RpcMethod::kSimilarUsers, kRecommendationService, "SimilarUsers",
     Scope::kRead},
    {RpcMethod::kFindAudience, kRecommendationService, "FindAudience",
     Scope::kRead},
    {RpcMethod::kExplain, kRecommendationService, "Explain", Scope::kRead},
    {RpcMethod::kUpsertEvents, kCatalogService, "UpsertEvents", Scope::kWrite},
    {RpcMethod::kDeleteEvents, kCatalogService, "DeleteEvents", Scope::kWrite},
    {RpcMethod::kGetEvent, kCatalogService, "GetEvent", Scope::kRead},
    {RpcMethod::kUpsertUsers, kCatalogService, "UpsertUsers", Scope::kWrite},
    {RpcMethod::kGetUser, kCatalogService, "GetUser", Scope::kRead},
    {RpcMethod::kForgetUser, kCatalogService, "ForgetUser", Scope::kWrite},
    {RpcMethod::kExportUser, kCatalogService, "ExportUser", Scope::kAdmin},
    {RpcMethod::kRecordInteractions, kInteractionService, "RecordInteractions",
     Scope::kWrite},
    {RpcMethod::kStreamInteractions, kInteractionService, "StreamInteractions",
     Scope::kWrite},
    {RpcMethod::kRecordExposures, kInteractionService, "RecordExposures",
     Scope::kWrite},
    {RpcMethod::kAssign, kExperimentService, "Assign", Scope::kRead},
    {RpcMethod::kGetReport, kExperimentService, "GetReport", Scope::kRead},
    {RpcMethod::kGetStatus, kAdminService, "GetStatus", Scope::kRead},
    {RpcMethod::kListModelVersions, kAdminService, "ListModelVersions",
     Scope::kRead},
    {RpcMethod::kPinModelVersion, kAdminService, "PinModelVersion",
     Scope::kAdmin},
    {RpcMethod::kReloadModel, kAdminService, "ReloadModel", Scope::kAdmin},
    {RpcMethod::kServerReflectionInfo, kReflectionService,
     "ServerReflectionInfo", Scope::kRead},
};
inline constexpr size_t kNumRpcMethods =
    sizeof(kRpcMethods) / sizeof(kRpcMethods[0]);

constexpr const RpcMethodSpec& SpecOf(RpcMethod method) {
  return kRpcMethods[static_cast<size_t>(method)];
}

}  // namespace usher

#endif  // USHER_SERVING_RPC_METHOD_H_
