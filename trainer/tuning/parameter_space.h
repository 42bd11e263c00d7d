// What a search may change of the training options, and within which bounds.
#ifndef USHER_TRAINER_TUNING_PARAMETER_SPACE_H_
#define USHER_TRAINER_TUNING_PARAMETER_SPACE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "trainer/train_hybrid.h"

namespace usher {

// One number of the options. Plain data, for a table.
struct TunedParameter {
  enum class Scale { kLinear, kLog, kWholeLog };  // kWholeLog: whole numbers.

  absl::string_view name;
  double low = 0;  // Both are allowed.
  double high = 1;
  Scale scale = Scale::kLinear;
  int step = 1;  // Of a whole number.
  double (*get)(const TrainOptions& options);
  void (*set)(double value, TrainOptions& options);
};

// All that are searched. Their names are columns of trials.csv.
absl::Span<const TunedParameter> TunedParameters();

// A point of the unit cube, a coordinate for each parameter.
using UnitPoint = std::vector<double>;

// The parameter's value at a coordinate in [0, 1].
double ValueAt(const TunedParameter& parameter, double coordinate);

// The coordinate of a value in [low, high].
double CoordinateOf(const TunedParameter& parameter, double value);

// Where the options lie: the nearest point. They have been checked before.
UnitPoint PointOf(const TrainOptions& options);

// `base` with every parameter set to its value at `point`. Requires a
// coordinate for each.
TrainOptions OptionsAt(const UnitPoint& point, TrainOptions base);

}  // namespace usher

#endif  // USHER_TRAINER_TUNING_PARAMETER_SPACE_H_
