// Manifests, with their closing checksum made right so that parsing goes on.
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/artifact/manifest.h"
#include "index/base/hash.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  usher::ParseManifest("manifest", text).IgnoreError();
  const std::string sealed = absl::StrCat(
      text, absl::StrFormat("# xxh3: %016x\n", usher::Hash64(text)));
  const auto manifest = usher::ParseManifest("manifest", sealed);
  if (manifest.ok()) usher::Describe(*manifest);
  return 0;
}
