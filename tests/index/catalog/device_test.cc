#include "index/catalog/device.h"

#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(DeviceTest, UsualWordsAreKnownInAnyCase) {
  EXPECT_EQ(DeviceFromWord("iOS"), Device::kPhone);
  EXPECT_EQ(DeviceFromWord("android"), Device::kPhone);
  EXPECT_EQ(DeviceFromWord("iPad"), Device::kTablet);
  EXPECT_EQ(DeviceFromWord("WEB"), Device::kDesktop);
  EXPECT_EQ(DeviceFromWord("e-mail"), Device::kMail);
}

TEST(DeviceTest, ANameIsAWordForItself) {
  for (int i = 0; i <= static_cast<int>(Device::kMail); ++i) {
    const auto device = static_cast<Device>(i);
    EXPECT_EQ(DeviceFromWord(DeviceName(device)), device);
    EXPECT_EQ(DeviceName(device).empty(), device == Device::kUnknown);
  }
}

TEST(DeviceTest, OtherWordsAreNotKnown) {
  for (const char* word : {"", "fridge", "phone ", "phones", "web\n"}) {
    EXPECT_EQ(DeviceFromWord(word), Device::kUnknown) << word;
  }
}

}  // namespace
}  // namespace usher
