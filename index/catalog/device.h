// What a person holds when they ask or act.
#ifndef USHER_INDEX_CATALOG_DEVICE_H_
#define USHER_INDEX_CATALOG_DEVICE_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace usher {

// Trees are learned with these values; never renumber.
enum class Device : uint8_t {
  kUnknown = 0,
  kPhone = 1,
  kTablet = 2,
  kDesktop = 3,
  kMail = 4,
};

// The kind of device that a word names, in any case: "phone", "mobile",
// "smartphone", "ios", "iphone", "android" and "app"; "tablet" and "ipad";
// "desktop", "web", "browser", "laptop", "pc", "computer", "windows", "macos"
// and "linux"; "mail", "email", "e-mail" and "newsletter". Others are kUnknown.
Device DeviceFromWord(absl::string_view word);

// "phone", "tablet", "desktop", "mail"; empty for kUnknown.
absl::string_view DeviceName(Device device);

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_DEVICE_H_
