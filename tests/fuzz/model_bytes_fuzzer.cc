// The model's flat blocks: what is accepted can be used. The first byte chooses
// which.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "index/model/content_encoder.h"
#include "index/model/place_features.h"
#include "index/model/ridge_map.h"

namespace {

void Use(const usher::ContentEncoder& encoder) {
  usher::Event event;
  event.title = "jazz at the river";
  encoder.Encode(event);
  event.embedding.assign(encoder.given_dim(), 1.0f);
  encoder.Encode(event);
}

void Use(const usher::RidgeMap& map) {
  map.Apply(std::vector<float>(map.inputs(), 1.0f));
}

void Use(const usher::PlaceFeatures& places) { places.Apply({52.5f, 13.4f}); }

template <class Part>
void Read(const std::shared_ptr<const std::string>& bytes) {
  const auto part = Part::FromBytes(*bytes, bytes);
  if (part.ok()) Use(*part);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::make_shared<const std::string>(
      reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      Read<usher::ContentEncoder>(bytes);
      break;
    case 1:
      Read<usher::RidgeMap>(bytes);
      break;
    default:
      Read<usher::PlaceFeatures>(bytes);
  }
  return 0;
}
