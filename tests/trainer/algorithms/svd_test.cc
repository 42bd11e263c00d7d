#include "trainer/algorithms/svd.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

void Quiet(const SvdProgress&) {}

double Predict(const SvdModel& model, int user, int item) {
  double sum = 0;
  for (size_t i = 0; i < model.users.dim(); ++i) {
    sum += double{model.users.Row(user)[i]} * model.items.Row(item)[i];
  }
  return sum;
}

TEST(SvdTest, RatingsThatAreOnlyBiasesAreFoundAgain) {
  Random random(1);
  std::vector<Rating> ratings;
  const auto truth = [](int user, int item) {
    return 3 + 0.1f * static_cast<float>(user % 7 - 3) +
           0.2f * static_cast<float>(item % 5 - 2);
  };
  for (int user = 0; user < 60; ++user) {
    for (int item = 0; item < 40; ++item) {
      if (random.Uniform() < 0.5) {
        ratings.push_back({user, item, truth(user, item)});
      }
    }
  }
  SvdOptions options;
  options.dim = 2;
  options.regularization = 0.001f;
  options.epochs = 100;
  const SvdModel model = TrainSvd(60, 40, ratings, options, Quiet).value();
  double squares = 0;
  for (int user = 0; user < 60; ++user) {
    for (int item = 0; item < 40; ++item) {
      squares += std::pow(Predict(model, user, item) - truth(user, item), 2);
    }
  }
  EXPECT_LT(std::sqrt(squares / (60 * 40)), 0.03);
}

TEST(SvdTest, HeldOutRatingsOfRankTwoAreFoundAgain) {
  Random random(2);
  Factors p(80, 2);
  Factors q(60, 2);
  for (size_t i = 0; i < 160; ++i) {
    p.mutable_data()[i] = static_cast<float>(random.Normal());
  }
  for (size_t i = 0; i < 120; ++i) {
    q.mutable_data()[i] = static_cast<float>(random.Normal());
  }
  std::vector<Rating> ratings;
  std::vector<Rating> held_out;
  for (int user = 0; user < 80; ++user) {
    for (int item = 0; item < 60; ++item) {
      const float value =
          3 + p.Row(user)[0] * q.Row(item)[0] + p.Row(user)[1] * q.Row(item)[1];
      (random.Uniform() < 0.6 ? ratings : held_out)
          .push_back({user, item, value});
    }
  }
  SvdOptions options;
  options.dim = 4;
  options.regularization = 0.01f;
  options.rate = 0.02f;
  options.epochs = 200;
  const SvdModel model = TrainSvd(80, 60, ratings, options, Quiet).value();
  double squares = 0;
  double variance = 0;
  for (const Rating& rating : held_out) {
    squares +=
        std::pow(Predict(model, rating.user, rating.item) - rating.value, 2);
    variance += std::pow(rating.value - model.mean, 2);
  }
  EXPECT_LT(squares, variance / 50);
}

TEST(SvdTest, NoRatingsAndRatingsOutsideAreErrors) {
  EXPECT_FALSE(TrainSvd(1, 1, {}, SvdOptions(), Quiet).ok());
  const Rating outside{0, 1, 3.0f};
  EXPECT_FALSE(TrainSvd(1, 1, {outside}, SvdOptions(), Quiet).ok());
  const Rating nan{0, 0, std::nanf("")};
  EXPECT_FALSE(TrainSvd(1, 1, {nan}, SvdOptions(), Quiet).ok());
}

}  // namespace
}  // namespace usher
