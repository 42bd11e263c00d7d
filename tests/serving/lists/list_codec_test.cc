#include "serving/lists/list_codec.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "usher/v1/precomputed.pb.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

RankedList AList() {
  RankedList list;
  list.event_ids = {"jazz1", "code2"};
  list.scores = {1.5f, -2.25f};
  list.batch = "20261123T060519.990-v1";
  list.model_version = 7;
  list.policy = "0123456789abcdef";
  list.generated_at = 1'700'000'000'123'456;
  list.location = {51.05f, 3.72f};
  return list;
}

v1::PrecomputedRanking Message() {
  v1::PrecomputedRanking message;
  EXPECT_TRUE(message.ParseFromString(EncodeList(AList())));
  return message;
}

std::string ErrorOf(const v1::PrecomputedRanking& message) {
  const auto list = DecodeRankedList(message.SerializeAsString());
  EXPECT_TRUE(absl::IsDataLoss(list.status()));
  return std::string(list.status().message());
}

TEST(ListCodecTest, WhatIsEncodedDecodesToTheSame) {
  const RankedList list = *DecodeRankedList(EncodeList(AList()));
  EXPECT_EQ(list.event_ids, AList().event_ids);
  EXPECT_EQ(list.scores, AList().scores);
  EXPECT_EQ(list.batch, AList().batch);
  EXPECT_EQ(list.model_version, 7);
  EXPECT_EQ(list.policy, AList().policy);
  EXPECT_EQ(list.generated_at, AList().generated_at);
  EXPECT_EQ(list.location.latitude, AList().location.latitude);
}

TEST(ListCodecTest, AnInstantBefore1970IsKept) {
  RankedList list = AList();
  list.generated_at = -1;
  EXPECT_EQ(DecodeRankedList(EncodeList(list))->generated_at, -1);
}

TEST(ListCodecTest, WhatIsNotSaidIsUnset) {
  const RankedList list = *DecodeRankedList("");
  EXPECT_TRUE(list.event_ids.empty());
  EXPECT_EQ(list.generated_at, kNoTime);
  EXPECT_FALSE(list.location.known());
}

TEST(ListCodecTest, BytesThatAreNoMessageAreNamedSo) {
  const auto list = DecodeRankedList("\xff\xff");
  EXPECT_TRUE(absl::IsDataLoss(list.status()));
  EXPECT_THAT(std::string(list.status().message()),
              HasSubstr("usher.v1.PrecomputedRanking"));
  EXPECT_FALSE(DecodeRankedList(std::string(kMaxListBytes + 1, 'a')).ok());
}

TEST(ListCodecTest, EachBadFieldIsNamed) {
  v1::PrecomputedRanking message = Message();
  message.add_scores(1);
  EXPECT_THAT(ErrorOf(message), HasSubstr("2 entries, but scores has 3"));
  message = Message();
  message.set_scores(0, std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(ErrorOf(message), HasSubstr("no finite number"));
  message = Message();
  message.set_event_ids(1, "jazz1");
  EXPECT_THAT(ErrorOf(message), HasSubstr("\"jazz1\" twice"));
  message = Message();
  message.set_event_ids(1, "");
  EXPECT_THAT(ErrorOf(message), HasSubstr("0 bytes"));
  message = Message();
  message.set_event_ids(1, std::string(129, 'x'));
  EXPECT_THAT(ErrorOf(message), HasSubstr("129 bytes"));
  message = Message();
  message.mutable_location()->set_latitude(91);
  EXPECT_THAT(ErrorOf(message), HasSubstr("location"));
  message = Message();
  message.mutable_generated_at()->set_seconds(
      std::numeric_limits<int64_t>::max());
  EXPECT_THAT(ErrorOf(message), HasSubstr("generated_at"));
  message = Message();
  message.set_model_version(-1);
  EXPECT_THAT(ErrorOf(message), HasSubstr("model_version"));
  message = Message();
  message.set_policy(std::string(129, 'x'));
  EXPECT_THAT(ErrorOf(message), HasSubstr("policy"));
  message = Message();
  message.set_batch(std::string(129, 'x'));
  EXPECT_THAT(ErrorOf(message), HasSubstr("batch"));
}

TEST(ListCodecTest, AListHasAThousandEntriesAtMost) {
  RankedList list = AList();
  list.scores.clear();
  list.event_ids.clear();
  for (size_t i = 0; i < kMaxListed; ++i) {
    list.event_ids.push_back(absl::StrCat(std::string(124, 'e'), 1000 + i));
  }
  EXPECT_TRUE(DecodeRankedList(EncodeList(list)).ok());
  list.event_ids.push_back("one more");
  EXPECT_THAT(
      std::string(DecodeRankedList(EncodeList(list)).status().message()),
      HasSubstr("more than 1000"));
}

TEST(ListCodecTest, NeighboursAreCheckedLikeEvents) {
  NeighbourList list;
  list.user_ids = {"ann", "bob"};
  list.scores = {0.5f, 0.25f};
  list.batch = "b";
  const NeighbourList decoded = *DecodeNeighbourList(EncodeList(list));
  EXPECT_EQ(decoded.user_ids, list.user_ids);
  EXPECT_EQ(decoded.scores, list.scores);
  list.user_ids = {"ann", "ann"};
  EXPECT_FALSE(DecodeNeighbourList(EncodeList(list)).ok());
}

}  // namespace
}  // namespace usher
