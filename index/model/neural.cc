#include "index/model/neural.h"

#include <algorithm>
#include <cmath>

namespace usher {
namespace {

// Adds W x to y.
void AddProduct(const float* weights, absl::Span<const float> x,
                absl::Span<float> y) {
  for (size_t row = 0; row < y.size(); ++row) {
    const float* w = weights + row * x.size();
    float sum = 0;
    for (size_t i = 0; i < x.size(); ++i) sum += w[i] * x[i];
    y[row] += sum;
  }
}

float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

void Affine(const float* weights, const float* bias, absl::Span<const float> x,
            absl::Span<float> y) {
  std::copy_n(bias, y.size(), y.begin());
  AddProduct(weights, x, y);
}

void TwoLayers::Apply(const float* numbers, absl::Span<const float> x,
                      std::vector<float>& middle, absl::Span<float> y) const {
  const float* second = numbers + hidden * (input + 1);
  middle.resize(hidden);
  Affine(numbers, numbers + hidden * input, x, absl::MakeSpan(middle));
  for (float& value : middle) value = std::max(0.0f, value);
  Affine(second, second + output * hidden, middle, y);
}

void GatedUnit::Apply(const float* numbers, absl::Span<const float> x,
                      absl::Span<const float> h, Step& step) const {
  const auto gate = [&](int index, absl::Span<const float> past,
                        std::vector<float>& out) {
    const float* w = numbers + index * gate_numbers();
    const float* u = w + hidden * input;
    out.resize(hidden);
    Affine(w, u + hidden * hidden, x, absl::MakeSpan(out));
    AddProduct(u, past, absl::MakeSpan(out));
  };
  gate(0, h, step.z);
  for (float& value : step.z) value = Sigmoid(value);
  gate(1, h, step.r);
  for (float& value : step.r) value = Sigmoid(value);
  std::vector<float> kept(hidden);
  for (size_t i = 0; i < hidden; ++i) kept[i] = step.r[i] * h[i];
  gate(2, kept, step.n);
  step.h.resize(hidden);
  for (size_t i = 0; i < hidden; ++i) {
    step.n[i] = std::tanh(step.n[i]);
    step.h[i] = (1 - step.z[i]) * h[i] + step.z[i] * step.n[i];
  }
}

}  // namespace usher
