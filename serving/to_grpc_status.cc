#include "serving/to_grpc_status.h"

#include <spdlog/spdlog.h>

#include <string>

#include "serving/log_line.h"

namespace usher {
namespace {

constexpr size_t kMaxStatusBytes = 1024;

bool IsInternal(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal ||
         code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  // The codes have the same numbers.
  const grpc::StatusCode code = static_cast<grpc::StatusCode>(status.code());
  if (IsInternal(status.code())) {
    spdlog::error(
        LogLine("call_failed").Add("status", status.ToString()).text());
    return {code, "the server failed; its log says more"};
  }
  return {code, std::string(status.message().substr(0, kMaxStatusBytes))};
}

}  // namespace usher
