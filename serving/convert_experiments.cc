#include "serving/convert_experiments.h"

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "serving/convert_resources.h"

namespace usher {
namespace {

constexpr size_t kClick = static_cast<size_t>(Outcome::kClick);
constexpr size_t kRsvp = static_cast<size_t>(Outcome::kRsvp);
constexpr size_t kAttendance = static_cast<size_t>(Outcome::kAttendance);

void ToProto(const Estimate& estimate, v1::Estimate* proto) {
  proto->set_value(estimate.value);
  proto->set_lower(estimate.lower);
  proto->set_upper(estimate.upper);
}

void ToProto(const VariantReport& report, v1::VariantReport* proto) {
  proto->set_variant(report.variant);
  proto->set_assigned_users(report.assigned);
  proto->set_users(report.users);
  proto->set_exposures(report.exposures);
  proto->set_clicks(report.counts[kClick]);
  proto->set_rsvps(report.counts[kRsvp]);
  proto->set_attendances(report.counts[kAttendance]);
  ToProto(report.rates[kClick], proto->mutable_click_rate());
  ToProto(report.rates[kRsvp], proto->mutable_rsvp_rate());
  ToProto(report.rates[kAttendance], proto->mutable_attendance_rate());
  proto->set_dropped_exposures(report.dropped);
  if (!report.differences.has_value()) return;
  const auto& differences = *report.differences;
  ToProto(differences[kClick], proto->mutable_click_difference());
  ToProto(differences[kRsvp], proto->mutable_rsvp_difference());
  ToProto(differences[kAttendance], proto->mutable_attendance_difference());
}

}  // namespace

absl::StatusOr<ShownPositions> FromProto(
    const v1::RecordExposuresRequest& request) {
  RETURN_IF_ERROR(CheckId(request.recommendation_id(), "recommendation_id"));
  if (request.positions_size() > kMaxShownPositions) {
    return Invalid(
        "positions",
        absl::StrCat("has ", request.positions_size(), " entries; at most ",
                     kMaxShownPositions, " are allowed"));
  }
  return ShownPositions{
      request.recommendation_id(),
      {request.positions().begin(), request.positions().end()}};
}

void ToProto(const std::vector<Assignment>& assignments,
             google::protobuf::RepeatedPtrField<v1::Assignment>* protos) {
  for (const Assignment& assignment : assignments) {
    v1::Assignment& proto = *protos->Add();
    proto.set_experiment(assignment.experiment->name);
    proto.set_variant(assignment.variant->name);
  }
}

void ToProto(const ExperimentReport& report, v1::GetReportResponse* response) {
  response->set_experiment(report.experiment);
  for (const VariantReport& variant : report.variants) {
    ToProto(variant, response->add_variants());
  }
  response->set_sample_ratio_p_value(report.sample_ratio_p_value);
  response->mutable_warnings()->Add(report.warnings.begin(),
                                    report.warnings.end());
}

}  // namespace usher
