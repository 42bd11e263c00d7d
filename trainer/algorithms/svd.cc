#include "trainer/algorithms/svd.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

absl::Status CheckRatings(int32_t users, int32_t items,
                          absl::Span<const Rating> ratings) {
  if (ratings.empty()) {
    return absl::InvalidArgumentError("svd: there are no ratings");
  }
  for (const Rating& rating : ratings) {
    if (rating.user < 0 || rating.user >= users || rating.item < 0 ||
        rating.item >= items || !std::isfinite(rating.value)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "svd: user ", rating.user, " and item ", rating.item, " rated ",
          rating.value, " do not fit ", users, " users and ", items, " items"));
    }
  }
  return absl::OkStatus();
}

Factors FirstFactors(int32_t rows, size_t dim, Random& random) {
  Factors factors(static_cast<size_t>(rows), dim + 2);
  for (int32_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < dim; ++i) {
      factors.MutableRow(row)[i] = static_cast<float>(random.Normal()) / 10;
    }
  }
  return factors;
}

void ForgetUnrated(absl::Span<const Rating> ratings, size_t dim,
                   SvdModel& model) {
  std::vector<bool> rates(model.users.rows(), false);
  std::vector<bool> rated(model.items.rows(), false);
  for (const Rating& rating : ratings) {
    rates[rating.user] = true;
    rated[rating.item] = true;
  }
  for (size_t user = 0; user < rates.size(); ++user) {
    if (rates[user]) continue;
    const absl::Span<float> p = model.users.MutableRow(user).first(dim);
    std::fill(p.begin(), p.end(), 0.0f);
  }
  for (size_t item = 0; item < rated.size(); ++item) {
    if (rated[item]) continue;
    const absl::Span<float> q = model.items.MutableRow(item).first(dim);
    std::fill(q.begin(), q.end(), 0.0f);
  }
}

void ShuffleOrder(std::vector<uint32_t>& order, Random& random) {
  for (size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[random.Below(i)]);
  }
}

}  // namespace

absl::Status ValidateSvdOptions(const SvdOptions& options) {
  if (options.dim < 1 || options.dim > 512 || options.epochs < 1 ||
      options.epochs > 1000) {
    return absl::InvalidArgumentError(
        absl::StrCat("svd: dim is ", options.dim, " and epochs ",
                     options.epochs, "; choose 1 to 512 and 1 to 1000"));
  }
  if (!(options.rate > 0 && options.rate < 1) ||
      !(options.regularization > 0 && options.regularization < 10)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "svd: rate is ", options.rate, " and regularization ",
        options.regularization, "; choose above 0, below 1 and below 10"));
  }
  return absl::OkStatus();
}

absl::StatusOr<SvdModel> TrainSvd(
    int32_t users, int32_t items, absl::Span<const Rating> ratings,
    const SvdOptions& options,
    absl::FunctionRef<void(const SvdProgress&)> progress) {
  RETURN_IF_ERROR(ValidateSvdOptions(options));
  RETURN_IF_ERROR(CheckRatings(users, items, ratings));
  const auto dim = static_cast<size_t>(options.dim);
  Random random(Mix64(options.seed));
  SvdModel model;
  model.users = FirstFactors(users, dim, random);
  model.items = FirstFactors(items, dim, random);
  double sum = 0;
  for (const Rating& rating : ratings) sum += rating.value;
  model.mean = static_cast<float>(sum / static_cast<double>(ratings.size()));
  ForgetUnrated(ratings, dim, model);
  std::vector<uint32_t> order(ratings.size());
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<uint32_t>(i);
  }
  const float decay = options.regularization;
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    ShuffleOrder(order, random);
    // Falls to a tenth: the last passes settle what the first ones found.
    const float rate =
        options.rate * (1 - 0.9f * static_cast<float>(epoch - 1) /
                                static_cast<float>(options.epochs));
    double squares = 0;
    for (const uint32_t index : order) {
      const Rating& rating = ratings[index];
      float* p = model.users.MutableRow(rating.user).data();
      float* q = model.items.MutableRow(rating.item).data();
      float guess = model.mean + p[dim] + q[dim + 1];
      for (size_t i = 0; i < dim; ++i) guess += p[i] * q[i];
      const float error = rating.value - guess;
      squares += double{error} * error;
      for (size_t i = 0; i < dim; ++i) {
        const float was = p[i];
        p[i] += rate * (error * q[i] - decay * was);
        q[i] += rate * (error * was - decay * q[i]);
      }
      p[dim] += rate * (error - decay * p[dim]);
      q[dim + 1] += rate * (error - decay * q[dim + 1]);
    }
    progress({epoch, std::sqrt(squares / static_cast<double>(order.size()))});
  }
  for (int32_t user = 0; user < users; ++user) {
    model.users.MutableRow(user)[dim] += model.mean;
    model.users.MutableRow(user)[dim + 1] = 1;
  }
  for (int32_t item = 0; item < items; ++item) {
    model.items.MutableRow(item)[dim] = 1;
  }
  return model;
}

}  // namespace usher
