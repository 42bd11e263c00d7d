#include "trainer/algorithms/gru.h"

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

// A window's slope is cut to this length: one strange history moves nothing
// far (Pascanu, Mikolov and Bengio 2013).
constexpr float kLongestSlope = 5;

GatedUnit UnitOf(const GruModel& model) {
  return {model.inputs.dim(), model.hidden};
}

// Where a gate's numbers begin.
struct GateAt {
  size_t input;
  size_t state;
  size_t bias;
};
GateAt Gate(const GatedUnit& unit, int index) {
  const size_t input = static_cast<size_t>(index) * unit.gate_numbers();
  const size_t state = input + unit.hidden * unit.input;
  return {input, state, state + unit.hidden * unit.hidden};
}

// One gate's share of a step backward: `slope` is by what goes into its
// squashing function; `past` is what its U was multiplied with.
void GateBackward(const GatedUnit& unit, const GateAt& at,
                  const std::vector<float>& numbers,
                  const std::vector<float>& slope, absl::Span<const float> x,
                  absl::Span<const float> past, std::vector<float>& by_numbers,
                  std::vector<float>& by_x, std::vector<float>& by_past) {
  for (size_t row = 0; row < unit.hidden; ++row) {
    const float s = slope[row];
    float* w = by_numbers.data() + at.input + row * unit.input;
    const float* w_now = numbers.data() + at.input + row * unit.input;
    for (size_t i = 0; i < unit.input; ++i) {
      w[i] += s * x[i];
      by_x[i] += s * w_now[i];
    }
    float* u = by_numbers.data() + at.state + row * unit.hidden;
    const float* u_now = numbers.data() + at.state + row * unit.hidden;
    for (size_t i = 0; i < unit.hidden; ++i) {
      u[i] += s * past[i];
      by_past[i] += s * u_now[i];
    }
    by_numbers[at.bias + row] += s;
  }
}

// From the slope by h' to that by h, added into `by_h`.
void UnitBackward(const GatedUnit& unit, const std::vector<float>& numbers,
                  const GatedUnit::Step& step, absl::Span<const float> x,
                  absl::Span<const float> h, const std::vector<float>& by_next,
                  std::vector<float>& by_numbers, std::vector<float>& by_x,
                  std::vector<float>& by_h) {
  const size_t hidden = unit.hidden;
  std::vector<float> by_z(hidden);
  std::vector<float> by_n(hidden);
  std::vector<float> by_r(hidden);
  std::vector<float> kept(hidden);
  std::vector<float> by_kept(hidden, 0.0f);
  for (size_t i = 0; i < hidden; ++i) {
    const float z = step.z[i];
    by_z[i] = by_next[i] * (step.n[i] - h[i]) * z * (1 - z);
    by_n[i] = by_next[i] * z * (1 - step.n[i] * step.n[i]);
    by_h[i] += by_next[i] * (1 - z);
    kept[i] = step.r[i] * h[i];
  }
  GateBackward(unit, Gate(unit, 2), numbers, by_n, x, kept, by_numbers, by_x,
               by_kept);
  for (size_t i = 0; i < hidden; ++i) {
    by_r[i] = by_kept[i] * h[i] * step.r[i] * (1 - step.r[i]);
    by_h[i] += by_kept[i] * step.r[i];
  }
  GateBackward(unit, Gate(unit, 0), numbers, by_z, x, h, by_numbers, by_x,
               by_h);
  GateBackward(unit, Gate(unit, 1), numbers, by_r, x, h, by_numbers, by_x,
               by_h);
}

// The cross entropy of one step; fills the slopes by the state and by the rows.
double StepLoss(const GruModel& model, absl::Span<const float> state,
                int32_t next, const std::vector<int32_t>& others,
                std::vector<std::vector<float>>* by_rows,
                std::vector<float>* by_state) {
  std::vector<double> scores;
  const auto row_of = [&](size_t i) {
    return model.items.Row(i == 0 ? next : others[i - 1]);
  };
  for (size_t i = 0; i <= others.size(); ++i) {
    const absl::Span<const float> row = row_of(i);
    double score = row[state.size()];
    for (size_t j = 0; j < state.size(); ++j) {
      score += double{state[j]} * row[j];
    }
    scores.push_back(score);
  }
  const double most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const double score : scores) sum += std::exp(score - most);
  if (by_rows != nullptr) {
    by_rows->resize(scores.size());
    for (size_t i = 0; i < scores.size(); ++i) {
      const auto slope = static_cast<float>(std::exp(scores[i] - most) / sum -
                                            (i == 0 ? 1 : 0));
      std::vector<float>& by_row = (*by_rows)[i];
      by_row.assign(state.begin(), state.end());
      by_row.push_back(1);
      for (float& value : by_row) value *= slope;
      const absl::Span<const float> row = row_of(i);
      for (size_t j = 0; j < state.size(); ++j) {
        (*by_state)[j] += slope * row[j];
      }
    }
  }
  return most + std::log(sum) - scores[0];
}

void CutLength(std::vector<float>& slope) {
  double squares = 0;
  for (const float value : slope) squares += double{value} * value;
  if (!(squares > kLongestSlope * kLongestSlope)) return;
  const auto scale = static_cast<float>(kLongestSlope / std::sqrt(squares));
  for (float& value : slope) value *= scale;
}

class GruTrainer {
 public:
  GruTrainer(size_t items, const std::vector<std::vector<int32_t>>& sequences,
             const GruOptions& options)
      : options_(options),
        random_(Mix64(options.seed)),
        inputs_(items * options.dim, options.rate, options.regularization),
        items_(items * (options.hidden + 1), options.rate,
               options.regularization),
        numbers_(GatedUnit{static_cast<size_t>(options.dim),
                           static_cast<size_t>(options.hidden)}
                     .numbers(),
                 options.rate, 0) {
    MakeFirst(items);
    const auto window = static_cast<size_t>(options.window) + 1;
    for (const std::vector<int32_t>& sequence : sequences) {
      occurring_.insert(occurring_.end(), sequence.begin(), sequence.end());
      // Windows that share one item, so that every step is learned once.
      for (size_t end = sequence.size(); end >= 2;) {
        const size_t begin = end > window ? end - window : 0;
        windows_.emplace_back(sequence.begin() + begin, sequence.begin() + end);
        if (begin == 0) break;
        end = begin + 1;
      }
    }
  }

  double Epoch() {
    for (size_t i = windows_.size(); i > 1; --i) {
      std::swap(windows_[i - 1], windows_[random_.Below(i)]);
    }
    double loss = 0;
    int64_t steps = 0;
    GruGradient gradient;
    for (const std::vector<int32_t>& window : windows_) {
      GruExample example;
      example.sequence = window;
      for (size_t i = 1; i < window.size(); ++i) {
        example.others.push_back(OthersThan(window[i]));
      }
      loss += GruLoss(model_, example, &gradient);
      Descend(example, gradient);
      steps += static_cast<int64_t>(example.others.size());
    }
    return loss / static_cast<double>(std::max<int64_t>(1, steps));
  }

  GruModel Take() { return std::move(model_); }

 private:
  void MakeFirst(size_t items) {
    model_.hidden = static_cast<uint32_t>(options_.hidden);
    model_.window = static_cast<uint32_t>(options_.window);
    model_.inputs = Factors(items, options_.dim);
    model_.items = Factors(items, options_.hidden + 1);
    const double by_dim = 1 / std::sqrt(static_cast<double>(options_.dim));
    const double by_hidden =
        1 / std::sqrt(static_cast<double>(options_.hidden));
    for (size_t row = 0; row < items; ++row) {
      for (float& value : model_.inputs.MutableRow(row)) {
        value = static_cast<float>(random_.Normal());
      }
      for (float& value : model_.items.MutableRow(row)) {
        value = static_cast<float>(random_.Normal() * by_hidden);
      }
      model_.items.MutableRow(row).back() = 0;
    }
    const GatedUnit unit = UnitOf(model_);
    model_.numbers.assign(unit.numbers(), 0.0f);
    for (int gate = 0; gate < 3; ++gate) {
      const GateAt at = Gate(unit, gate);
      for (size_t i = at.input; i < at.bias; ++i) {
        model_.numbers[i] = static_cast<float>(
            random_.Normal() * (i < at.state ? by_dim : by_hidden));
      }
    }
  }

  std::vector<int32_t> OthersThan(int32_t next) {
    std::vector<int32_t> others;
    for (int i = 0; i < options_.negatives; ++i) {
      const int32_t drawn = occurring_[random_.Below(occurring_.size())];
      if (drawn != next) others.push_back(drawn);
    }
    return others;
  }

  void Descend(const GruExample& example, GruGradient& gradient) {
    CutLength(gradient.numbers);
    for (size_t step = 0; step < example.others.size(); ++step) {
      for (size_t i = 0; i < gradient.items[step].size(); ++i) {
        const size_t row =
            i == 0 ? example.sequence[step + 1] : example.others[step][i - 1];
        items_.Descend(row * model_.items.dim(), gradient.items[step][i],
                       model_.items.MutableRow(row));
      }
      const size_t row = example.sequence[step];
      inputs_.Descend(row * model_.inputs.dim(), gradient.inputs[step],
                      model_.inputs.MutableRow(row));
    }
    numbers_.Descend(0, gradient.numbers, absl::MakeSpan(model_.numbers));
  }

  const GruOptions& options_;
  Random random_;
  GruModel model_;
  Adagrad inputs_;
  Adagrad items_;
  Adagrad numbers_;
  std::vector<int32_t> occurring_;
  std::vector<std::vector<int32_t>> windows_;
};

}  // namespace

absl::Status ValidateGruOptions(const GruOptions& options) {
  if (options.dim < 1 || options.dim > 256 || options.hidden < 1 ||
      options.hidden > 512 || options.window < 2 || options.window > 200 ||
      options.epochs < 1 || options.epochs > 1000 || options.negatives < 1 ||
      options.negatives > 1000) {
    return absl::InvalidArgumentError(absl::StrCat(
        "gru: dim is ", options.dim, ", hidden ", options.hidden, ", window ",
        options.window, ", epochs ", options.epochs, ", negatives ",
        options.negatives,
        "; choose 1 to 256, 1 to 512, 2 to 200, 1 to 1000 and 1 to 1000"));
  }
  if (!(options.rate > 0 && options.rate <= 10) ||
      !(options.regularization >= 0 && options.regularization <= 10)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "gru: rate is ", options.rate, " and regularization ",
        options.regularization, "; choose above 0 up to 10 and 0 to 10"));
  }
  return absl::OkStatus();
}

double GruLoss(const GruModel& model, const GruExample& example,
               GruGradient* gradient) {
  const GatedUnit unit = UnitOf(model);
  const size_t steps = example.others.size();
  const std::vector<float> zeros(unit.hidden, 0.0f);
  std::vector<GatedUnit::Step> states(steps);
  std::vector<std::vector<float>> by_state(
      steps, std::vector<float>(unit.hidden, 0.0f));
  const auto before = [&](size_t step) -> absl::Span<const float> {
    return step == 0 ? zeros : states[step - 1].h;
  };
  if (gradient != nullptr) {
    gradient->inputs.assign(steps, std::vector<float>(unit.input, 0.0f));
    gradient->items.resize(steps);
    gradient->numbers.assign(model.numbers.size(), 0.0f);
  }
  double loss = 0;
  for (size_t step = 0; step < steps; ++step) {
    unit.Apply(model.numbers.data(), model.inputs.Row(example.sequence[step]),
               before(step), states[step]);
    loss += StepLoss(model, states[step].h, example.sequence[step + 1],
                     example.others[step],
                     gradient == nullptr ? nullptr : &gradient->items[step],
                     &by_state[step]);
  }
  if (gradient == nullptr) return loss;
  for (size_t step = steps; step-- > 0;) {
    std::vector<float> by_h(unit.hidden, 0.0f);
    UnitBackward(unit, model.numbers, states[step],
                 model.inputs.Row(example.sequence[step]), before(step),
                 by_state[step], gradient->numbers, gradient->inputs[step],
                 by_h);
    if (step == 0) break;
    for (size_t i = 0; i < by_h.size(); ++i) by_state[step - 1][i] += by_h[i];
  }
  return loss;
}

absl::StatusOr<GruModel> TrainGru(
    int32_t items, const std::vector<std::vector<int32_t>>& sequences,
    const GruOptions& options,
    absl::FunctionRef<void(const GruProgress&)> progress) {
  RETURN_IF_ERROR(ValidateGruOptions(options));
  bool learnable = false;
  for (const std::vector<int32_t>& sequence : sequences) {
    learnable |= sequence.size() >= 2;
    for (const int32_t item : sequence) {
      if (item >= 0 && item < items) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("gru: item ", item, " of ", items));
    }
  }
  if (!learnable) {
    return absl::InvalidArgumentError(
        "gru: nobody liked two things one after the other");
  }
  GruTrainer trainer(static_cast<size_t>(items), sequences, options);
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    progress({epoch, trainer.Epoch()});
  }
  return trainer.Take();
}

}  // namespace usher
