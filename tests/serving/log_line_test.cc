#include "serving/log_line.h"

#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(LogLineTest, KeysFollowTheEvent) {
  EXPECT_EQ(LogLine("model_serving")
                .Add("version", int64_t{3})
                .Add("state", "live.db")
                .text(),
            "event=model_serving version=3 state=live.db");
}

TEST(LogLineTest, NothingInAValueEndsItsLineOrBeginsAKey) {
  EXPECT_EQ(LogLine("x").Add("a", "two words").text(),
            "event=x a=\"two words\"");
  EXPECT_EQ(LogLine("x").Add("a", "").text(), "event=x a=\"\"");
  EXPECT_EQ(LogLine("x").Add("a", "b=c").text(), "event=x a=\"b=c\"");
  EXPECT_EQ(LogLine("x").Add("a", "\"\n\\").text(), R"(event=x a="\"\n\\")");
  EXPECT_EQ(LogLine("x").Add("a", "Zürich").text(), "event=x a=\"Zürich\"");
}

}  // namespace
}  // namespace usher
