// Experiments and exposures of the API <-> structs of the server.
#ifndef USHER_SERVING_CONVERT_EXPERIMENTS_H_
#define USHER_SERVING_CONVERT_EXPERIMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "serving/experiments/experiment_report.h"
#include "serving/experiments/experiments.h"
#include "usher/v1/experiment.pb.h"
#include "usher/v1/interaction.pb.h"

namespace usher {

// No list has more results.
inline constexpr int kMaxShownPositions = 200;

struct ShownPositions {
  std::string recommendation_id;
  std::vector<int32_t> positions;  // None: all.
};

// InvalidArgument begins with the path of the field.
absl::StatusOr<ShownPositions> FromProto(
    const v1::RecordExposuresRequest& request);

void ToProto(const std::vector<Assignment>& assignments,
             google::protobuf::RepeatedPtrField<v1::Assignment>* protos);
void ToProto(const ExperimentReport& report, v1::GetReportResponse* response);

}  // namespace usher

#endif  // USHER_SERVING_CONVERT_EXPERIMENTS_H_
