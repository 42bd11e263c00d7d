#include "serving/page_token.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Micros kIssued = 1'700'000'000 * kSecond;

PageToken Some() {
  return {kIssued, 77, 20, {1, IdKey("a"), 0xffffffffffff, 0}};
}

TEST(PageTokenTest, ComesBackAsItWas) {
  const PageTokenCodec codec("key");
  const PageToken token =
      codec.Decode(codec.Encode(Some()), 77, kIssued + kPageLifetime).value();
  EXPECT_EQ(token.issued, kIssued);
  EXPECT_EQ(token.shown, 20);
  EXPECT_EQ(token.events, Some().events);
}

TEST(PageTokenTest, OfFiveHundredEventsIsFourKilobytes) {
  PageToken token = Some();
  token.events.resize(kMaxPagedEvents);
  EXPECT_LT(PageTokenCodec("key").Encode(token).size(), 4100u);
}

TEST(PageTokenTest, IsGoodOnEveryServerWithTheKeyAndNoOther) {
  const std::string text = PageTokenCodec("key").Encode(Some());
  EXPECT_TRUE(PageTokenCodec("key").Decode(text, 77, kIssued).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(
      PageTokenCodec("other").Decode(text, 77, kIssued).status()));
}

TEST(PageTokenTest, NoBitOfItCanBeChanged) {
  const PageTokenCodec codec("key");
  const std::string text = codec.Encode(Some());
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto decoded = codec.Decode(changed, 77, kIssued);
    EXPECT_TRUE(absl::IsInvalidArgument(decoded.status())) << i;
    EXPECT_THAT(std::string(decoded.status().message()),
                StartsWith("page_token: "));
    EXPECT_FALSE(codec.Decode(text.substr(0, i), 77, kIssued).ok());
  }
}

TEST(PageTokenTest, SaysWhyItIsRefused) {
  const PageTokenCodec codec("key");
  const std::string text = codec.Encode(Some());
  const auto why = [&](const std::string& token, uint64_t request, Micros now) {
    return std::string(codec.Decode(token, request, now).status().message());
  };
  EXPECT_THAT(why("nonsense!", 77, kIssued),
              HasSubstr("not one of this service"));
  EXPECT_THAT(why("", 77, kIssued), HasSubstr("not one of this service"));
  EXPECT_THAT(why(text, 78, kIssued), HasSubstr("another request"));
  EXPECT_THAT(why(text, 77, kIssued + kPageLifetime + 1),
              HasSubstr("older than 30 minutes"));
}

}  // namespace
}  // namespace usher
