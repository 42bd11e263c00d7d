// Steps whose size falls, number by number, with what was already stepped.
#ifndef USHER_TRAINER_ALGORITHMS_ADAGRAD_H_
#define USHER_TRAINER_ALGORITHMS_ADAGRAD_H_

#include <cmath>
#include <cstddef>
#include <vector>

#include "absl/types/span.h"

namespace usher {

// Duchi, Hazan and Singer 2011. Single-threaded.
class Adagrad {
 public:
  Adagrad(size_t numbers, float rate, float decay)
      : squares_(numbers, 1e-6f), rate_(rate), decay_(decay) {}

  // Descends `values`, which are those from `first` on, along `slope` plus
  // decay * value.
  void Descend(size_t first, absl::Span<const float> slope,
               absl::Span<float> values) {
    for (size_t i = 0; i < values.size(); ++i) {
      const float step = slope[i] + decay_ * values[i];
      float& squares = squares_[first + i];
      squares += step * step;
      values[i] -= rate_ * step / std::sqrt(squares);
    }
  }

 private:
  std::vector<float> squares_;
  float rate_;
  float decay_;
};

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_ADAGRAD_H_
