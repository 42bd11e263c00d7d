#include "trainer/tuning/parameter_space.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "serving/ranking/policy.h"

namespace usher {
namespace {

using Scale = TunedParameter::Scale;

double WeightIn(const TrainOptions& options, absl::string_view feature) {
  const absl::StatusOr<RankingPolicy> policy =
      ApplyRankingConfig(RankingPolicy(), options.ranking_config);
  return policy.ok() ? policy->weight(*FeatureFromName(feature)) : 0;
}

// A later line of the same feature replaces an earlier one.
void SetWeight(absl::string_view feature, double weight,
               TrainOptions& options) {
  absl::StrAppendFormat(&options.ranking_config,
                        "\nweights { feature: \"%s\" weight: %.6g }", feature,
                        weight);
}

constexpr TunedParameter kParameters[] = {
    {"event_als.dim", 16, 128, Scale::kWholeLog, 8,
     [](const TrainOptions& o) { return static_cast<double>(o.event_als.dim); },
     [](double v, TrainOptions& o) { o.event_als.dim = static_cast<int>(v); }},
    {"event_als.unobserved_weight", 0.002, 0.2, Scale::kLog, 1,
     [](const TrainOptions& o) {
       return static_cast<double>(o.event_als.unobserved_weight);
     },
     [](double v, TrainOptions& o) {
       o.event_als.unobserved_weight = static_cast<float>(v);
     }},
    {"event_als.regularization", 0.0005, 0.05, Scale::kLog, 1,
     [](const TrainOptions& o) {
       return static_cast<double>(o.event_als.regularization);
     },
     [](double v, TrainOptions& o) {
       o.event_als.regularization = static_cast<float>(v);
     }},
    {"organizer_als.dim", 16, 128, Scale::kWholeLog, 8,
     [](const TrainOptions& o) {
       return static_cast<double>(o.organizer_als.dim);
     },
     [](double v, TrainOptions& o) {
       o.organizer_als.dim = static_cast<int>(v);
     }},
    {"organizer_als.unobserved_weight", 0.005, 0.5, Scale::kLog, 1,
     [](const TrainOptions& o) {
       return static_cast<double>(o.organizer_als.unobserved_weight);
     },
     [](double v, TrainOptions& o) {
       o.organizer_als.unobserved_weight = static_cast<float>(v);
     }},
    {"organizer_als.regularization", 0.001, 0.1, Scale::kLog, 1,
     [](const TrainOptions& o) {
       return static_cast<double>(o.organizer_als.regularization);
     },
     [](double v, TrainOptions& o) {
       o.organizer_als.regularization = static_cast<float>(v);
     }},
    {"content_dim", 16, 128, Scale::kWholeLog, 8,
     [](const TrainOptions& o) { return static_cast<double>(o.content.dim); },
     [](double v, TrainOptions& o) { o.content.dim = static_cast<int>(v); }},
    {"ranking.weights.als_event", 0, 1.5, Scale::kLinear, 1,
     [](const TrainOptions& o) { return WeightIn(o, "als_event"); },
     [](double v, TrainOptions& o) { SetWeight("als_event", v, o); }},
    {"ranking.weights.als_organizer", 0, 2, Scale::kLinear, 1,
     [](const TrainOptions& o) { return WeightIn(o, "als_organizer"); },
     [](double v, TrainOptions& o) { SetWeight("als_organizer", v, o); }},
    {"ranking.weights.content", 0, 2, Scale::kLinear, 1,
     [](const TrainOptions& o) { return WeightIn(o, "content"); },
     [](double v, TrainOptions& o) { SetWeight("content", v, o); }},
    {"ranking.weights.distance", -0.6, 0, Scale::kLinear, 1,
     [](const TrainOptions& o) { return WeightIn(o, "distance"); },
     [](double v, TrainOptions& o) { SetWeight("distance", v, o); }},
    {"ranking.weights.lead_rank", -0.5, 0, Scale::kLinear, 1,
     [](const TrainOptions& o) { return WeightIn(o, "lead_rank"); },
     [](double v, TrainOptions& o) { SetWeight("lead_rank", v, o); }},
    {"ranking.weights.day_rank", -0.8, 0, Scale::kLinear, 1,
     [](const TrainOptions& o) { return WeightIn(o, "day_rank"); },
     [](double v, TrainOptions& o) { SetWeight("day_rank", v, o); }},
    {"ranking.weights.answer_rank", -0.6, 0, Scale::kLinear, 1,
     [](const TrainOptions& o) { return WeightIn(o, "answer_rank"); },
     [](double v, TrainOptions& o) { SetWeight("answer_rank", v, o); }},
    {"ranker.trees", 50, 300, Scale::kWholeLog, 10,
     [](const TrainOptions& o) { return static_cast<double>(o.ranker.trees); },
     [](double v, TrainOptions& o) { o.ranker.trees = static_cast<int>(v); }},
    {"ranker.depth", 3, 6, Scale::kWholeLog, 1,
     [](const TrainOptions& o) { return static_cast<double>(o.ranker.depth); },
     [](double v, TrainOptions& o) { o.ranker.depth = static_cast<int>(v); }},
    {"ranker.learning_rate", 0.03, 0.3, Scale::kLog, 1,
     [](const TrainOptions& o) {
       return static_cast<double>(o.ranker.learning_rate);
     },
     [](double v, TrainOptions& o) {
       o.ranker.learning_rate = static_cast<float>(v);
     }},
};

}  // namespace

absl::Span<const TunedParameter> TunedParameters() { return kParameters; }

double ValueAt(const TunedParameter& parameter, double coordinate) {
  const double t = std::clamp(coordinate, 0.0, 1.0);
  if (parameter.scale == Scale::kLinear) {
    return parameter.low + t * (parameter.high - parameter.low);
  }
  const double value =
      parameter.low * std::pow(parameter.high / parameter.low, t);
  if (parameter.scale == Scale::kLog) {
    return std::clamp(value, parameter.low, parameter.high);
  }
  const double whole = std::round(value / parameter.step) * parameter.step;
  return std::clamp(whole, parameter.low, parameter.high);
}

double CoordinateOf(const TunedParameter& parameter, double value) {
  const double t =
      parameter.scale == Scale::kLinear
          ? (value - parameter.low) / (parameter.high - parameter.low)
          : std::log(value / parameter.low) /
                std::log(parameter.high / parameter.low);
  return std::clamp(t, 0.0, 1.0);
}

UnitPoint PointOf(const TrainOptions& options) {
  UnitPoint point;
  for (const TunedParameter& parameter : kParameters) {
    point.push_back(CoordinateOf(
        parameter,
        std::clamp(parameter.get(options), parameter.low, parameter.high)));
  }
  return point;
}

TrainOptions OptionsAt(const UnitPoint& point, TrainOptions base) {
  for (size_t i = 0; i < std::size(kParameters); ++i) {
    kParameters[i].set(ValueAt(kParameters[i], point[i]), base);
  }
  return base;
}

}  // namespace usher
