#include "serving/usherctl/field_text.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "usher/v1/admin.pb.h"
#include "usher/v1/catalog.pb.h"
#include "usher/v1/recommendation.pb.h"

namespace usher::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FieldTextTest, ReadsEachTypeOfField) {
  v1::RecommendRequest request;
  ASSERT_TRUE(SetField(request, "user_id", "ann").ok());
  ASSERT_TRUE(SetField(request, "limit", "7").ok());
  ASSERT_TRUE(SetField(request, "filter.max_price", "12.5").ok());
  ASSERT_TRUE(SetField(request, "filter.include_running", "true").ok());
  ASSERT_TRUE(SetField(request, "detail", "Features").ok());
  ASSERT_TRUE(SetField(request, "context.now", "1496430000.25").ok());
  ASSERT_TRUE(SetField(request, "context.location", "-33.9,151.2").ok());
  EXPECT_EQ(request.user_id(), "ann");
  EXPECT_EQ(request.limit(), 7);
  EXPECT_EQ(request.filter().max_price(), 12.5);
  EXPECT_TRUE(request.filter().include_running());
  EXPECT_EQ(request.detail(), v1::FEATURES);
  EXPECT_EQ(request.context().now().seconds(), 1496430000);
  EXPECT_EQ(request.context().now().nanos(), 250000000);
  EXPECT_EQ(request.context().location().latitude(), -33.9);
  EXPECT_EQ(request.context().location().longitude(), 151.2);
}

TEST(FieldTextTest, KeepsNanosPositiveBeforeTheEpoch) {
  v1::RequestContext context;
  ASSERT_TRUE(SetField(context, "now", "-3.5").ok());
  EXPECT_EQ(context.now().seconds(), -4);
  EXPECT_EQ(context.now().nanos(), 500000000);
}

TEST(FieldTextTest, ListsGrowAndABackslashTakesTheComma) {
  v1::Filter filter;
  ASSERT_TRUE(SetField(filter, "tags_any", "jazz,rock\\, loud").ok());
  ASSERT_TRUE(SetField(filter, "tags_any", "C:\\\\x").ok());
  EXPECT_THAT(filter.tags_any(), ElementsAre("jazz", "rock, loud", "C:\\x"));
  EXPECT_THAT(SetField(filter, "tags_any", "a,,b").message(),
              HasSubstr("'a,,b' has an empty entry"));
}

TEST(FieldTextTest, ReadsFieldsOfAMask) {
  v1::UpsertEventsRequest request;
  ASSERT_TRUE(SetField(request, "update_mask.paths", "title,price").ok());
  EXPECT_THAT(request.update_mask().paths(), ElementsAre("title", "price"));
}

TEST(FieldTextTest, ReadsSeedsWithKindAndWeight) {
  v1::RecommendRequest request;
  ASSERT_TRUE(SetField(request, "seeds", "e1,e2:click,m\\:3:RSVP_NO:0.5").ok());
  ASSERT_EQ(request.seeds_size(), 3);
  EXPECT_EQ(request.seeds(0).event_id(), "e1");
  EXPECT_EQ(request.seeds(0).kind(), v1::INTERACTION_KIND_UNSPECIFIED);
  EXPECT_FALSE(request.seeds(0).has_weight());
  EXPECT_EQ(request.seeds(1).kind(), v1::INTERACTION_KIND_CLICK);
  EXPECT_EQ(request.seeds(2).event_id(), "m:3");
  EXPECT_EQ(request.seeds(2).kind(), v1::INTERACTION_KIND_RSVP_NO);
  EXPECT_EQ(request.seeds(2).weight(), 0.5);
}

TEST(FieldTextTest, RefusesBadValuesAndSaysWhatIsAllowed) {
  v1::RecommendRequest request;
  const auto error = [&request](const char* path, const char* text) {
    const absl::Status status = SetField(request, path, text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(status.message());
  };
  EXPECT_EQ(error("limit", "ten"), "'ten' is no whole number");
  EXPECT_EQ(error("limit", "3000000000"), "'3000000000' is no whole number");
  EXPECT_EQ(error("filter.max_price", "nan"), "'nan' is no number");
  EXPECT_EQ(error("filter.include_running", "1"),
            "'1' is neither true nor false");
  EXPECT_EQ(error("detail", "all"),
            "'all' is not one of none, reasons, features");
  EXPECT_THAT(error("detail", "detail_unspecified"), HasSubstr("not one of"));
  EXPECT_THAT(error("seeds", "e1:rspv_yes"), HasSubstr("rsvp_yes, rsvp_maybe"));
  EXPECT_THAT(error("seeds", ":click"), HasSubstr("EVENT[:KIND[:WEIGHT]]"));
  EXPECT_THAT(error("seeds", "e1:click:x"), HasSubstr("'x' is no number"));
  for (const char* text : {"1", "91,0", "0,181", "a,b", "nan,0", "1,2,3"}) {
    EXPECT_THAT(error("context.location", text), HasSubstr("write LAT,LON"));
  }
  EXPECT_THAT(error("user_id", "\xff"), HasSubstr("is not UTF-8"));
}

TEST(FieldTextTest, AFieldThatIsNotThereIsOurOwnMistake) {
  v1::RecommendRequest request;
  for (const char* path :
       {"nothing", "user_id.x", "seeds.event_id", "filter"}) {
    EXPECT_EQ(SetField(request, path, "x").code(), absl::StatusCode::kInternal)
        << path;
  }
}

}  // namespace
}  // namespace usher::ctl
