#include "index/catalog/device.h"

#include "absl/strings/match.h"

namespace usher {
namespace {

struct DeviceWord {
  absl::string_view word;
  Device device;
};

constexpr DeviceWord kWords[] = {
    {"phone", Device::kPhone},      {"mobile", Device::kPhone},
    {"smartphone", Device::kPhone}, {"ios", Device::kPhone},
    {"iphone", Device::kPhone},     {"android", Device::kPhone},
    {"app", Device::kPhone},        {"tablet", Device::kTablet},
    {"ipad", Device::kTablet},      {"desktop", Device::kDesktop},
    {"web", Device::kDesktop},      {"browser", Device::kDesktop},
    {"laptop", Device::kDesktop},   {"pc", Device::kDesktop},
    {"computer", Device::kDesktop}, {"windows", Device::kDesktop},
    {"macos", Device::kDesktop},    {"linux", Device::kDesktop},
    {"mail", Device::kMail},        {"email", Device::kMail},
    {"e-mail", Device::kMail},      {"newsletter", Device::kMail}};

}  // namespace

absl::string_view DeviceName(Device device) {
  switch (device) {
    case Device::kUnknown:
      return "";
    case Device::kPhone:
      return "phone";
    case Device::kTablet:
      return "tablet";
    case Device::kDesktop:
      return "desktop";
    case Device::kMail:
      return "mail";
  }
  return "";
}

Device DeviceFromWord(absl::string_view word) {
  for (const DeviceWord& known : kWords) {
    if (absl::EqualsIgnoreCase(word, known.word)) return known.device;
  }
  return Device::kUnknown;
}

}  // namespace usher
