#include "trainer/publish_gate.h"

#include <cmath>
#include <optional>

#include "absl/strings/str_format.h"

namespace usher {
namespace {

struct Judgement {
  double lists = 0;
  double ndcg = 0;
  double half_interval = 0;
  double lift = 0;
};

// Of equal lists, beside lists drawn anew.
constexpr double kChanceOfEqualData = 0.25;

std::optional<double> MetricOf(const TrainingRecord& record,
                               absl::string_view name) {
  for (const auto& [metric, value] : record.metrics) {
    if (metric == name && std::isfinite(value)) return value;
  }
  return std::nullopt;
}

std::optional<Judgement> JudgementOf(const TrainingRecord& record) {
  const std::optional<double> lists = MetricOf(record, kJudgedLists);
  const std::optional<double> ndcg = MetricOf(record, kJudgedNdcg);
  const std::optional<double> low = MetricOf(record, kJudgedNdcgLow);
  const std::optional<double> high = MetricOf(record, kJudgedNdcgHigh);
  const std::optional<double> rule = MetricOf(record, kOwnOrganizersNdcg);
  if (!lists || !ndcg || !low || !high || !rule) return std::nullopt;
  return Judgement{*lists, *ndcg, (*high - *low) / 2, *ndcg - *rule};
}

}  // namespace

absl::Status CheckNotWorse(const Manifest& published,
                           const TrainingRecord& made) {
  const std::optional<Judgement> was = JudgementOf(published.training);
  if (!was.has_value()) return absl::OkStatus();
  const std::optional<Judgement> is = JudgementOf(made);
  const long long version = published.info.version;
  if (!is.has_value()) {
    return absl::AbortedError(absl::StrFormat(
        "not published: there are too few dated answers to judge it by, and "
        "version %d has an NDCG@10 of %.4f on its last stretch; give more "
        "data, or publish with --force",
        version, was->ndcg));
  }
  const bool equal_data =
      published.training.data_fingerprint == made.data_fingerprint &&
      was->lists == is->lists;
  const double chance = std::hypot(was->half_interval, is->half_interval) *
                        (equal_data ? kChanceOfEqualData : 1);
  const bool less_lift = is->lift < was->lift - chance;
  const bool less_ndcg = is->ndcg < was->ndcg - chance;
  const bool more_lift = is->lift > was->lift + chance;
  if (!less_lift && (!less_ndcg || more_lift)) {
    return absl::OkStatus();
  }
  return absl::AbortedError(absl::StrFormat(
      "not published: NDCG@10 of its last stretch is %.4f, %+.4f beside own "
      "organizers; of version %d it was %.4f, %+.4f%s, and chance explains "
      "%.4f; look at what changed in the data and the configuration, or "
      "publish "
      "with --force",
      is->ndcg, is->lift, version, was->ndcg, was->lift,
      equal_data ? " on the same data" : "", chance));
}

}  // namespace usher
