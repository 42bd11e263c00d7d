#include "trainer/tuning/tuning_page.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trainer/train_config.h"

namespace usher {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int CountOf(absl::string_view text, absl::string_view part) {
  int count = 0;
  for (size_t at = text.find(part); at != absl::string_view::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

std::string PageOf(const std::vector<double>& figures) {
  std::vector<Trial> trials;
  for (size_t i = 0; i < figures.size(); ++i) {
    UnitPoint point(TunedParameters().size(), 0.1 * static_cast<double>(i));
    if (i == 0) point.clear();
    trials.push_back(
        {point, figures[i], figures[i] - 0.01, figures[i] + 0.01, 30});
  }
  return TuningPage(trials, PointOf(TrainOptions()));
}

TEST(TuningPageTest, EveryTrialIsOnEveryChartAndInTheTable) {
  const std::string page = PageOf({0.30, 0.28, 0.34, 0.32});
  const auto parameters = static_cast<int>(TunedParameters().size());
  EXPECT_EQ(CountOf(page, "<svg"), 1 + parameters);
  EXPECT_EQ(CountOf(page, "<circle"), 4 * (1 + parameters));
  EXPECT_EQ(CountOf(page, "<tr"), 5);
  for (const TunedParameter& parameter : TunedParameters()) {
    EXPECT_EQ(CountOf(page, absl::StrCat("<figcaption>", parameter.name, "<")),
              1);
  }
}

TEST(TuningPageTest, TheBestIsMarked) {
  const std::string page = PageOf({0.30, 0.28, 0.34, 0.34});
  EXPECT_THAT(page, HasSubstr("trial 3: 0.3400 (0.3300 .. 0.3500)"));
  EXPECT_THAT(page, HasSubstr("<tr class=\"best\"><td>3</td>"));
  EXPECT_EQ(CountOf(page, "class=\"best\""), 1);
  EXPECT_EQ(CountOf(page, "r=\"5.0\""),
            1 + static_cast<int>(TunedParameters().size()));
}

TEST(TuningPageTest, ThePageNeedsNothingFromElsewhere) {
  for (const std::string& page :
       {PageOf({}), PageOf({0.3}), PageOf({0.3, 0.3}), PageOf({0.3, 0.4})}) {
    for (const char* outside :
         {"http", "src=", "href=", "<script", "url(", "@import", "<link"}) {
      EXPECT_THAT(page, Not(HasSubstr(outside)));
    }
    EXPECT_THAT(page, Not(HasSubstr("nan")));
    EXPECT_THAT(page, Not(HasSubstr("inf")));
    EXPECT_THAT(page, HasSubstr("</html>"));
  }
}

}  // namespace
}  // namespace usher
