#include "trainer/algorithms/ncf.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "index/model/neural.h"
#include "trainer/algorithms/adagrad.h"

namespace usher {
namespace {

// Of a long history, a random part is the user's input in a step.
constexpr size_t kMostLiked = 64;

TwoLayers TowerOf(const NcfModel& model) {
  return {model.inputs.dim() - model.scaled, model.hidden, model.output};
}

double LogOnePlusExp(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

void RandomNumbers(absl::Span<float> values, double stddev, Random& random) {
  for (float& value : values) {
    value = static_cast<float>(random.Normal() * stddev);
  }
}

// y -> W' y, added to `out`.
void AddTransposed(const float* weights, absl::Span<const float> y,
                   absl::Span<float> out) {
  for (size_t row = 0; row < y.size(); ++row) {
    const float* w = weights + row * out.size();
    for (size_t i = 0; i < out.size(); ++i) out[i] += y[row] * w[i];
  }
}

// Adds y x' to the weights and y to the bias behind them.
void AddOuter(absl::Span<const float> y, absl::Span<const float> x,
              float* weights) {
  for (size_t row = 0; row < y.size(); ++row) {
    float* w = weights + row * x.size();
    for (size_t i = 0; i < x.size(); ++i) w[i] += y[row] * x[i];
  }
  float* bias = weights + y.size() * x.size();
  for (size_t row = 0; row < y.size(); ++row) bias[row] += y[row];
}

// From the slope by the user's vector to those by the numbers and the input.
void Backward(const NcfModel& model, absl::Span<const float> mean,
              const std::vector<float>& middle, absl::Span<const float> user,
              NcfGradient& gradient) {
  const size_t scaled = model.scaled;
  gradient.numbers.assign(model.numbers.size(), 0.0f);
  gradient.mean.assign(mean.size(), 0.0f);
  for (size_t i = 0; i < scaled; ++i) {
    gradient.numbers[i] = user[i] * mean[i];
    gradient.mean[i] = user[i] * model.numbers[i];
  }
  const TwoLayers tower = TowerOf(model);
  if (tower.output == 0) return;
  const size_t second = scaled + tower.hidden * (tower.input + 1);
  const absl::Span<const float> out = user.subspan(scaled, tower.output);
  AddOuter(out, middle, gradient.numbers.data() + second);
  std::vector<float> hidden(tower.hidden, 0.0f);
  AddTransposed(model.numbers.data() + second, out, absl::MakeSpan(hidden));
  for (size_t i = 0; i < hidden.size(); ++i) {
    if (!(middle[i] > 0)) hidden[i] = 0;
  }
  AddOuter(hidden, mean.subspan(scaled), gradient.numbers.data() + scaled);
  AddTransposed(model.numbers.data() + scaled, hidden,
                absl::MakeSpan(gradient.mean).subspan(scaled));
}

NcfModel FirstModel(size_t items, const NcfOptions& options, Random& random) {
  NcfModel model;
  const auto dim = static_cast<uint32_t>(options.dim);
  const uint32_t tower = options.shape == NcfShape::kGmf ? 0 : dim;
  model.scaled = options.shape == NcfShape::kMlp ? 0 : dim;
  model.hidden = tower == 0 ? 0 : static_cast<uint32_t>(options.hidden);
  model.output = tower;
  model.inputs = Factors(items, model.scaled + tower);
  model.items = Factors(items, model.scaled + tower + 1);
  for (size_t row = 0; row < items; ++row) {
    const double stddev = 1 / std::sqrt(static_cast<double>(dim));
    RandomNumbers(model.inputs.MutableRow(row), stddev, random);
    RandomNumbers(model.items.MutableRow(row), stddev, random);
    model.items.MutableRow(row).back() = 0;
  }
  const TwoLayers layers = TowerOf(model);
  model.numbers.assign(model.scaled + layers.numbers(), 0.0f);
  const absl::Span<float> numbers = absl::MakeSpan(model.numbers);
  for (size_t i = 0; i < model.scaled; ++i) numbers[i] = 1;
  if (tower == 0) return model;
  RandomNumbers(numbers.subspan(model.scaled, layers.hidden * layers.input),
                std::sqrt(2.0 / static_cast<double>(layers.input)), random);
  RandomNumbers(
      numbers.subspan(model.scaled + layers.hidden * (layers.input + 1),
                      layers.output * layers.hidden),
      std::sqrt(1.0 / static_cast<double>(layers.hidden)), random);
  return model;
}

class NcfTrainer {
 public:
  NcfTrainer(const SparseMatrix& matrix, const NcfOptions& options)
      : matrix_(matrix),
        options_(options),
        random_(Mix64(options.seed)),
        model_(FirstModel(matrix.columns(), options, random_)),
        inputs_(matrix.columns() * model_.inputs.dim(), options.rate,
                options.regularization),
        items_(matrix.columns() * model_.items.dim(), options.rate,
               options.regularization),
        numbers_(model_.numbers.size(), options.rate, 0) {
    for (int32_t user = 0; user < matrix.rows(); ++user) {
      for (int64_t i = 0; i < matrix.RowSize(user); ++i) {
        pairs_.push_back({user, static_cast<int32_t>(i)});
      }
    }
  }

  double Epoch() {
    for (size_t i = pairs_.size(); i > 1; --i) {
      std::swap(pairs_[i - 1], pairs_[random_.Below(i)]);
    }
    double loss = 0;
    int64_t steps = 0;
    for (const auto& [user, index] : pairs_) {
      const NcfExample example = ExampleOf(user, index);
      if (example.liked.empty()) continue;
      loss += NcfLoss(model_, example, &gradient_);
      Descend(example);
      ++steps;
    }
    return loss / static_cast<double>(std::max<int64_t>(1, steps));
  }

  NcfModel Take() { return std::move(model_); }

 private:
  NcfExample ExampleOf(int32_t user, int32_t index) {
    const absl::Span<const int32_t> columns = matrix_.RowColumns(user);
    const absl::Span<const float> values = matrix_.RowValues(user);
    NcfExample example;
    example.targets.push_back(columns[index]);
    const bool hidden = random_.Uniform() < options_.hide;
    const double keep =
        static_cast<double>(kMostLiked) / static_cast<double>(columns.size());
    float sum = 0;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (hidden && static_cast<int32_t>(i) == index) continue;
      if (keep < 1 && random_.Uniform() >= keep) continue;
      example.liked.push_back({columns[i], values[i]});
      sum += values[i];
    }
    for (WeightedItem& liked : example.liked) liked.weight /= sum;
    for (int i = 0; i < options_.negatives; ++i) {
      const auto drawn = static_cast<int32_t>(random_.Below(matrix_.columns()));
      if (!std::binary_search(columns.begin(), columns.end(), drawn)) {
        example.targets.push_back(drawn);
      }
    }
    return example;
  }

  void Descend(const NcfExample& example) {
    for (size_t i = 0; i < example.targets.size(); ++i) {
      const size_t row = example.targets[i];
      items_.Descend(row * model_.items.dim(), gradient_.items[i],
                     model_.items.MutableRow(row));
    }
    std::vector<float> slope(gradient_.mean.size());
    for (const WeightedItem& liked : example.liked) {
      for (size_t i = 0; i < slope.size(); ++i) {
        slope[i] = liked.weight * gradient_.mean[i];
      }
      inputs_.Descend(liked.item * model_.inputs.dim(), slope,
                      model_.inputs.MutableRow(liked.item));
    }
    numbers_.Descend(0, gradient_.numbers, absl::MakeSpan(model_.numbers));
  }

  const SparseMatrix& matrix_;
  const NcfOptions& options_;
  Random random_;
  NcfModel model_;
  Adagrad inputs_;
  Adagrad items_;
  Adagrad numbers_;
  NcfGradient gradient_;
  std::vector<std::pair<int32_t, int32_t>> pairs_;
};

}  // namespace

absl::Status ValidateNcfOptions(const NcfOptions& options) {
  if (options.dim < 1 || options.dim > 256 || options.hidden < 1 ||
      options.hidden > 1024 || options.epochs < 1 || options.epochs > 1000 ||
      options.negatives < 1 || options.negatives > 100) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ncf: dim is ", options.dim, ", hidden ", options.hidden, ", epochs ",
        options.epochs, ", negatives ", options.negatives,
        "; choose 1 to 256, 1 to 1024, 1 to 1000 and 1 to 100"));
  }
  if (!(options.rate > 0 && options.rate <= 10) ||
      !(options.regularization >= 0 && options.regularization <= 10) ||
      !(options.hide >= 0 && options.hide <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("ncf: rate is ", options.rate, ", regularization ",
                     options.regularization, ", hide ", options.hide,
                     "; choose above 0 up to 10, 0 to 10 and 0 to 1"));
  }
  return absl::OkStatus();
}

double NcfLoss(const NcfModel& model, const NcfExample& example,
               NcfGradient* gradient) {
  std::vector<float> mean(model.inputs.dim(), 0.0f);
  for (const WeightedItem& liked : example.liked) {
    const absl::Span<const float> row = model.inputs.Row(liked.item);
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += liked.weight * row[i];
  }
  const size_t scaled = model.scaled;
  std::vector<float> user(model.items.dim(), 1.0f);
  for (size_t i = 0; i < scaled; ++i) user[i] = model.numbers[i] * mean[i];
  std::vector<float> middle;
  if (model.output > 0) {
    TowerOf(model).Apply(model.numbers.data() + scaled,
                         absl::MakeConstSpan(mean).subspan(scaled), middle,
                         absl::MakeSpan(user).subspan(scaled, model.output));
  }
  std::vector<float> slope(user.size(), 0.0f);
  double loss = 0;
  if (gradient != nullptr) gradient->items.resize(example.targets.size());
  for (size_t target = 0; target < example.targets.size(); ++target) {
    const absl::Span<const float> item =
        model.items.Row(example.targets[target]);
    float logit = 0;
    for (size_t i = 0; i < user.size(); ++i) logit += user[i] * item[i];
    const float sign = target == 0 ? -1.0f : 1.0f;
    loss += LogOnePlusExp(sign * logit);
    if (gradient == nullptr) continue;
    const float by_logit = sign / (1 + std::exp(-sign * logit));
    std::vector<float>& row = gradient->items[target];
    row.resize(user.size());
    for (size_t i = 0; i < user.size(); ++i) {
      row[i] = by_logit * user[i];
      slope[i] += by_logit * item[i];
    }
  }
  if (gradient != nullptr) Backward(model, mean, middle, slope, *gradient);
  return loss;
}

absl::StatusOr<NcfModel> TrainNcf(
    const SparseMatrix& user_item, const NcfOptions& options,
    absl::FunctionRef<void(const NcfProgress&)> progress) {
  RETURN_IF_ERROR(ValidateNcfOptions(options));
  if (user_item.entries() == 0) {
    return absl::InvalidArgumentError(
        "ncf: the matrix is empty: nobody liked anything");
  }
  NcfTrainer trainer(user_item, options);
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    progress({epoch, trainer.Epoch()});
  }
  return trainer.Take();
}

}  // namespace usher
