// Rates whose unit is the user: a ratio of sums, and how sure it is.
#ifndef USHER_SERVING_EXPERIMENTS_RATIO_METRIC_H_
#define USHER_SERVING_EXPERIMENTS_RATIO_METRIC_H_

#include <cstdint>
#include <optional>

namespace usher {

// A figure and its 95 % confidence interval.
struct Estimate {
  double value = 0;
  double lower = 0;
  double upper = 0;
};

// Sums over the users of one variant; of each user the events that came of it
// (x) and the exposures (y). A user's exposures are not independent of each
// other, users are. A value.
class RatioSums {
 public:
  void AddUser(double x, double y);

  int64_t users() const { return users_; }
  double x() const { return x_; }
  double y() const { return y_; }

  // R = sum x / sum y. 0 without exposures.
  double Ratio() const;

  // Var(R) by the delta method (Deng, Knoblich and Lu, "Applying the Delta
  // Method in Metric Analytics", KDD 2018, eq. 3):
  //   1/(n ybar^2) (s_xx - 2 R s_xy + R^2 s_yy) = n s^2 / (sum y)^2,
  // where s^2 is the variance of x - R y over users. Unset below two users or
  // without exposures: nothing is known then.
  std::optional<double> Variance() const;

 private:
  int64_t users_ = 0;
  double x_ = 0, y_ = 0, xx_ = 0, xy_ = 0, yy_ = 0;
};

// The ratio of a part to its whole: R +- 1.96 sqrt(Var(R)) within [0, 1], and
// all of [0, 1] where nothing is known.
Estimate RateOf(const RatioSums& sums);

// `treatment` minus `control`, two independent groups of users: the variances
// add up. Within [-1, 1], and all of it where nothing is known.
Estimate DifferenceOf(const RatioSums& treatment, const RatioSums& control);

}  // namespace usher

#endif  // USHER_SERVING_EXPERIMENTS_RATIO_METRIC_H_
