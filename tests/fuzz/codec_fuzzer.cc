// Documents of the catalogue: what decodes encodes to the same bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "index/catalog/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto event = usher::DecodeEvent(bytes);
  if (event.ok() && usher::EncodeEvent(*event) != bytes) std::abort();
  const auto user = usher::DecodeUser(bytes);
  if (user.ok() && usher::EncodeUser(*user) != bytes) std::abort();
  return 0;
}
