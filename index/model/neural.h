// The few layers that taste models run a history through.
#ifndef USHER_INDEX_MODEL_NEURAL_H_
#define USHER_INDEX_MODEL_NEURAL_H_

#include <cstddef>
#include <vector>

#include "absl/types/span.h"

namespace usher {

// y = W x + b; W is y.size() x x.size(), row-major.
void Affine(const float* weights, const float* bias, absl::Span<const float> x,
            absl::Span<float> y);

// Two layers, ReLU between them. Numbers in order: W1 (hidden x input), b1, W2
// (output x hidden), b2.
struct TwoLayers {
  size_t input = 0;
  size_t hidden = 0;
  size_t output = 0;

  size_t numbers() const {
    return hidden * (input + 1) + output * (hidden + 1);
  }
  // `middle` gets the hidden layer.
  void Apply(const float* numbers, absl::Span<const float> x,
             std::vector<float>& middle, absl::Span<float> y) const;
};

// A gated recurrent unit (Cho et al. 2014), as in Hidasi et al. 2016:
//   z = sigmoid(Wz x + Uz h + bz)     r = sigmoid(Wr x + Ur h + br)
//   n = tanh(Wn x + Un (r h) + bn)    h' = (1 - z) h + z n
// Numbers in order: Wz, Uz, bz, Wr, Ur, br, Wn, Un, bn.
struct GatedUnit {
  size_t input = 0;
  size_t hidden = 0;

  size_t gate_numbers() const { return hidden * (input + hidden + 1); }
  size_t numbers() const { return 3 * gate_numbers(); }

  // What one step worked out: all that its derivative needs.
  struct Step {
    std::vector<float> z, r, n, h;  // h after it.
  };
  void Apply(const float* numbers, absl::Span<const float> x,
             absl::Span<const float> h, Step& step) const;
};

}  // namespace usher

#endif  // USHER_INDEX_MODEL_NEURAL_H_
