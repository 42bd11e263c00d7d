#include "index/catalog/codec.h"

#include <cmath>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

using ::testing::ElementsAre;

Event FullEvent() {
  Event event;
  event.id = "e1";
  event.title = "Größe";
  event.description = std::string("a\0b", 3);
  event.tags = {"x", "", "y"};
  event.category = "music";
  event.organizer = "o1";
  event.organizer_name = "The O";
  event.venue = "v";
  event.city = "c";
  event.location = {51.5f, -3.25f};
  event.start_time = 11;
  event.end_time = 22;
  event.announce_time = -33;
  event.price = 9.5f;
  event.currency = "EUR";
  event.capacity = 400;
  event.status = EventStatus::kSoldOut;
  event.time_zone = "Europe/Paris";
  event.embedding = {1.5f, -2.5f};
  return event;
}

User FullUser() {
  User user;
  user.id = "u1";
  user.location = {1.5f, 2.5f};
  user.city = "c";
  user.tags = {"a", "b"};
  user.groups = {{"o1", 5}, {"o2", kNoTime}};
  user.joined_time = 99;
  user.features = {{"age", 41.5}, {"degree", std::string("phd")}};
  return user;
}

TEST(CodecTest, AnEventSurvives) {
  const Event a = FullEvent();
  const Event b = DecodeEvent(EncodeEvent(a)).value();
  EXPECT_EQ(b.id, a.id);
  EXPECT_EQ(b.title, a.title);
  EXPECT_EQ(b.description, a.description);
  EXPECT_EQ(b.tags, a.tags);
  EXPECT_EQ(b.category, a.category);
  EXPECT_EQ(b.organizer, a.organizer);
  EXPECT_EQ(b.organizer_name, a.organizer_name);
  EXPECT_EQ(b.venue, a.venue);
  EXPECT_EQ(b.city, a.city);
  EXPECT_EQ(b.location.latitude, a.location.latitude);
  EXPECT_EQ(b.location.longitude, a.location.longitude);
  EXPECT_EQ(b.start_time, a.start_time);
  EXPECT_EQ(b.end_time, a.end_time);
  EXPECT_EQ(b.announce_time, a.announce_time);
  EXPECT_EQ(b.price, a.price);
  EXPECT_EQ(b.currency, a.currency);
  EXPECT_EQ(b.capacity, a.capacity);
  EXPECT_EQ(b.status, a.status);
  EXPECT_EQ(b.time_zone, a.time_zone);
  EXPECT_EQ(b.embedding, a.embedding);
}

TEST(CodecTest, AUserSurvives) {
  const User a = FullUser();
  const User b = DecodeUser(EncodeUser(a)).value();
  EXPECT_EQ(b.id, a.id);
  EXPECT_EQ(b.location.latitude, a.location.latitude);
  EXPECT_EQ(b.city, a.city);
  EXPECT_EQ(b.tags, a.tags);
  ASSERT_EQ(b.groups.size(), 2u);
  EXPECT_EQ(b.groups[0].id, "o1");
  EXPECT_EQ(b.groups[0].joined, 5);
  EXPECT_EQ(b.groups[1].joined, kNoTime);
  EXPECT_EQ(b.joined_time, a.joined_time);
  EXPECT_EQ(b.features, a.features);
}

TEST(CodecTest, AbsentFieldsStayAbsent) {
  const Event event = DecodeEvent(EncodeEvent(Event())).value();
  EXPECT_EQ(event.start_time, kNoTime);
  EXPECT_TRUE(std::isnan(event.price));
  EXPECT_FALSE(event.location.known());
  EXPECT_EQ(event.capacity, -1);
  EXPECT_THAT(event.tags, ElementsAre());
  EXPECT_FALSE(DecodeUser(EncodeUser(User())).value().location.known());
}

TEST(CodecTest, BytesCutAnywhereAreDataLoss) {
  const std::string event = EncodeEvent(FullEvent());
  for (size_t size = 0; size < event.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(DecodeEvent(event.substr(0, size)).status()));
  }
  const std::string user = EncodeUser(FullUser());
  for (size_t size = 0; size < user.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(DecodeUser(user.substr(0, size)).status()));
  }
}

TEST(CodecTest, BytesBehindTheEndAreDataLoss) {
  EXPECT_FALSE(DecodeEvent(EncodeEvent(FullEvent()) + "x").ok());
  EXPECT_FALSE(DecodeUser(EncodeUser(FullUser()) + "x").ok());
}

TEST(CodecTest, RandomBytesNeverDoHarm) {
  Random random(1);
  const std::string event = EncodeEvent(FullEvent());
  const std::string user = EncodeUser(FullUser());
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = i % 2 == 0 ? event : user;
    bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    const auto decoded = DecodeEvent(bytes);
    if (decoded.ok()) {
      EXPECT_LT(static_cast<int>(decoded->status), kNumEventStatuses);
    }
    const auto as_user = DecodeUser(bytes);
    if (as_user.ok()) {
      EXPECT_LE(as_user->tags.size(), bytes.size());
    }
  }
}

}  // namespace
}  // namespace usher
