#include "serving/convert_resources.h"

#include <cctype>
#include <string>

#include "gtest/gtest.h"
#include "index/base/clock.h"

namespace usher {
namespace {

TEST(ConvertResourcesTest, TimesComeBackToTheMicrosecond) {
  for (const Micros time :
       {Micros{0}, Micros{1}, Micros{-1}, 1'700'000'000 * kSecond + 123'456,
        -5 * kSecond - 999'999}) {
    const google::protobuf::Timestamp proto = ToProto(time);
    EXPECT_GE(proto.nanos(), 0);
    EXPECT_EQ(FromProto(proto, "t").value(), time);
  }
}

TEST(ConvertResourcesTest, WhatAnEventDoesNotHaveStaysUnset) {
  Event bare;
  bare.id = "e";
  v1::Event expected;
  expected.set_id("e");
  expected.set_status(v1::EVENT_STATUS_SCHEDULED);
  EXPECT_EQ(ToProto(bare).SerializeAsString(), expected.SerializeAsString());
}

TEST(ConvertResourcesTest, AnEventGoesOutWhole) {
  Event event;
  event.id = "e";
  event.tags = {"a", "b"};
  event.location = {1, 2};
  event.start_time = 3 * kSecond;
  event.price = 4.5f;
  event.capacity = 0;
  event.status = EventStatus::kHidden;
  event.embedding = {0.5f, 1.5f};
  const v1::Event proto = ToProto(event);
  EXPECT_EQ(proto.tags(1), "b");
  EXPECT_EQ(proto.location().longitude(), 2);
  EXPECT_EQ(proto.start_time().seconds(), 3);
  EXPECT_FALSE(proto.has_end_time());
  EXPECT_EQ(proto.price(), 4.5);
  EXPECT_TRUE(proto.has_capacity());
  EXPECT_EQ(proto.status(), v1::EVENT_STATUS_HIDDEN);
  EXPECT_EQ(proto.embedding(1), 1.5f);
}

TEST(ConvertResourcesTest, AUserGoesOutWhole) {
  User user;
  user.id = "u";
  user.groups = {{"g", 5 * kSecond}, {"h", kNoTime}};
  user.features = {{"age", 30.0}, {"degree", std::string("phd")}};
  const v1::User proto = ToProto(user);
  EXPECT_FALSE(proto.has_location());
  EXPECT_EQ(proto.groups(0).joined().seconds(), 5);
  EXPECT_FALSE(proto.groups(1).has_joined());
  EXPECT_EQ(proto.features().at("age").number(), 30);
  EXPECT_EQ(proto.features().at("degree").text(), "phd");
}

TEST(ConvertResourcesTest, EveryKindOfInteractionHasItsOwnNumber) {
  for (int kind = 1; kind < kNumInteractionKinds; ++kind) {
    const auto proto = static_cast<v1::InteractionKind>(kind);
    const std::string name = v1::InteractionKind_Name(proto);
    std::string expected = "INTERACTION_KIND_";
    for (const char c : InteractionKindName(FromProto(proto, "k").value())) {
      expected += c == '_' ? '_' : static_cast<char>(std::toupper(c));
    }
    EXPECT_EQ(name, expected);
  }
}

}  // namespace
}  // namespace usher
