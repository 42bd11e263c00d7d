// The model's flat blocks. The first byte chooses which.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "index/model/content_encoder.h"
#include "index/model/place_features.h"
#include "index/model/ridge_map.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto keep = std::make_shared<const std::string>(
      reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: {
      const auto encoder = usher::ContentEncoder::FromBytes(*keep, keep);
      usher::Event event;
      event.title = "jazz at the river";
      if (encoder.ok()) encoder->Encode(event);
      break;
    }
    case 1:
      usher::RidgeMap::FromBytes(*keep, keep).IgnoreError();
      break;
    default: {
      const auto places = usher::PlaceFeatures::FromBytes(*keep, keep);
      if (places.ok()) places->Apply({52.5f, 13.4f});
    }
  }
  return 0;
}
