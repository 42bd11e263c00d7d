#include "trainer/evaluation/report.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "trainer/evaluation/svg_chart.h"

namespace usher {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int Count(absl::string_view text, absl::string_view part) {
  int count = 0;
  for (size_t at = text.find(part); at != absl::string_view::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

EvaluationReport Report() {
  EvaluationReport report;
  report.protocol = "replay";
  report.clock = "rsvp";
  report.notes = {"60 <queries> & more"};
  Random random(3);
  for (const char* name : {"hybrid", "als"}) {
    Judgement judgement;
    judgement.name = name;
    for (int i = 0; i < 60; ++i) {
      ReplayQuery query;
      query.user = i % 20;
      query.history = i;
      query.lead_hours = 20.0 * i;
      query.warm_user = i % 2 == 0;
      ListScores scores;
      scores.ndcg = random.Uniform() / (*name == 'h' ? 1 : 2);
      judgement.Add(query, scores);
    }
    judgement.retrieval_queries = 60;
    judgement.retrieved = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7};
    report.judgements.push_back(judgement);
  }
  report.judgements[1].ratings.Add(0.5);
  for (const double share : {0.25, 1.0}) {
    report.judgements[0].curve.push_back({share,
                                          static_cast<int64_t>(4000 * share),
                                          report.judgements[0].all, 12.5});
  }
  report.judgements[0].train_mb = 321;
  return report;
}

using google::protobuf::Value;

// What is at the end of the names; null where there is nothing.
Value At(const google::protobuf::Struct& json,
         const std::vector<std::string>& names) {
  Value value;
  *value.mutable_struct_value() = json;
  for (const std::string& name : names) {
    const auto& fields = value.struct_value().fields();
    const auto found = fields.find(name);
    if (found == fields.end()) return Value();
    const Value next = found->second;
    value = next;
  }
  return value;
}

TEST(ReportTest, TheJsonIsJsonAndHoldsTheFigures) {
  const EvaluationReport report = Report();
  const std::string text = JsonReport(report);
  google::protobuf::Struct json;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(text, &json).ok())
      << text;
  const auto number = [&](const std::vector<std::string>& names) {
    return At(json, names).number_value();
  };
  EXPECT_NEAR(number({"hybrid", "all", "NDCG@10"}),
              report.judgements[0].all.Mean().ndcg, 1e-6);
  EXPECT_EQ(number({"hybrid", "warm_user", "queries"}), 30);
  EXPECT_EQ(number({"als", "by_history", "0", "queries"}), 1);
  EXPECT_EQ(At(json, {"hybrid", "better"}).kind_case(), Value::kNullValue);
  EXPECT_NEAR(number({"als", "better", "NDCG@10"}),
              report.judgements[1].all.Mean().ndcg -
                  report.judgements[0].all.Mean().ndcg,
              1e-5);
  EXPECT_LT(At(json, {"als", "better", "interval95"})
                .list_value()
                .values(1)
                .number_value(),
            0);
  EXPECT_NEAR(number({"als", "rating_errors", "RMSE"}), 0.5, 1e-6);
  EXPECT_EQ(At(json, {"hybrid", "lists"}).kind_case(), Value::kNullValue);
  EXPECT_NEAR(number({"als", "retrieval", "Recall@500"}), 0.7, 1e-6);
  const google::protobuf::ListValue curve =
      At(json, {"hybrid", "learning_curve"}).list_value();
  ASSERT_EQ(curve.values_size(), 2);
  const auto& point = curve.values(0).struct_value().fields();
  EXPECT_EQ(point.at("share").number_value(), 0.25);
  EXPECT_EQ(point.at("interactions").number_value(), 1000);
  EXPECT_EQ(At(json, {"als", "learning_curve"}).list_value().values_size(), 0);
  EXPECT_EQ(number({"hybrid", "train_peak_mb"}), 321);
  EXPECT_EQ(At(json, {"als", "train_peak_mb"}).kind_case(), Value::kNullValue);
}

TEST(ReportTest, ThePageNeedsNothingFromElsewhere) {
  const std::string page = HtmlReport(Report());
  for (const char* outside :
       {"http", "src=", "href=", "<script", "url(", "@import", "<link"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
  EXPECT_THAT(page, HasSubstr("<svg"));
  EXPECT_THAT(page, HasSubstr("60 &lt;queries&gt; &amp; more"));
  EXPECT_THAT(page, HasSubstr("By lead time"));
  EXPECT_THAT(page, HasSubstr("Candidates"));
  EXPECT_THAT(page, HasSubstr("Learning curve"));
  EXPECT_THAT(page, HasSubstr("25 % (1000)"));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  // Every tag that is opened is closed.
  for (const char* tag : {"svg", "table", "tr", "ul", "body", "html"}) {
    const int open = Count(page, absl::StrCat("<", tag, ">")) +
                     Count(page, absl::StrCat("<", tag, " "));
    EXPECT_EQ(open, Count(page, absl::StrCat("</", tag, ">"))) << tag;
    EXPECT_GT(open, 0) << tag;
  }
}

TEST(ReportTest, TheTableHasALineForEach) {
  const std::string table = TableReport(Report());
  EXPECT_THAT(table, HasSubstr("hybrid"));
  EXPECT_THAT(table, HasSubstr("als: RMSE 0.5000"));
  EXPECT_THAT(table, HasSubstr("hybrid, 25 % of the data (1000): NDCG@10"));
}

TEST(SvgChartTest, BarsAreAsLongAsTheirValues) {
  const std::string svg = BarChart({{"a", 0.5, 0.4, 0.6}, {"b<", 1.0, 1, 1}});
  EXPECT_THAT(svg, HasSubstr("width=\"240.0\""));
  EXPECT_THAT(svg, HasSubstr("width=\"480.0\""));
  EXPECT_THAT(svg, HasSubstr("b&lt;"));
}

TEST(SvgChartTest, DotsFillTheirFrameAndStepsGoAcrossFirst) {
  const std::string svg = DotChart(
      {{0, 0.2, "low"}, {1, 0.4, "a < b", true}, {0.5, std::nan(""), "none"}},
      {{0, 0.2, ""}, {1, 0.4, ""}}, "left", "right");
  EXPECT_EQ(Count(svg, "<circle"), 2);
  EXPECT_THAT(svg, HasSubstr("cx=\"46.0\" cy=\"142.0\""));
  EXPECT_THAT(svg, HasSubstr("cx=\"326.0\" cy=\"12.0\""));
  EXPECT_THAT(svg, HasSubstr("d=\"M46.0 142.0H326.0V12.0\""));
  EXPECT_THAT(svg, HasSubstr("a &lt; b"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(DotChart({{0.5, 0.3, "one"}}, {}, "l", "r"), HasSubstr("0.3000"));
}

TEST(SvgChartTest, ALineHasAGapWhereNothingIsKnown) {
  const std::string svg =
      LineChart({"1", "2", "3", "4"}, {{"x", {0.1, std::nan(""), 0.2, 0.3}}});
  EXPECT_EQ(Count(svg, "<polyline"), 2);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace usher
