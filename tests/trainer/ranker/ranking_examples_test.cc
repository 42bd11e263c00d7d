#include "trainer/ranker/ranking_examples.h"

#include <algorithm>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RankingExamplesTest, RowsBelongToTheQueryThatWasAddedLast) {
  RankingExamples examples;
  RankedEvent event;
  event.features[2] = 7;
  event.score = 1.5f;
  examples.AddQuery(1, 0);
  examples.AddRow(event, {true, true});
  examples.AddQuery(2, 0);
  examples.AddQuery(3, 0);
  event.features[2] = 8;
  examples.AddRow(event, {});
  ASSERT_EQ(examples.queries(), 3);
  EXPECT_EQ(examples.rows(), 2);
  EXPECT_EQ(examples.end(0), 1);
  EXPECT_EQ(examples.begin(1), examples.end(1));
  EXPECT_EQ(examples.FeaturesOf(2).Row(0)[2], 8);
  EXPECT_EQ(examples.relevant(2), 3);
  EXPECT_TRUE(examples.label(0).relevant);
  EXPECT_FALSE(examples.label(1).relevant);
  EXPECT_THAT(examples.linear(), ElementsAre(1.5f, 1.5f));
}

TEST(SampleOfListTest, RelevantOnesAndTheBestAreAlwaysThere) {
  std::vector<bool> relevant(900, false);
  relevant[700] = relevant[899] = true;
  const std::vector<size_t> rows = SampleOfList(relevant, 1);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ(rows[i], i);
  EXPECT_THAT(rows, Contains(700));
  EXPECT_THAT(rows, Contains(899));
  EXPECT_LE(rows.size(), 20 + 20 + 25 + 2);
  EXPECT_GT(rows.size(), 45);
  EXPECT_EQ(rows, SampleOfList(relevant, 1));
  EXPECT_NE(rows, SampleOfList(relevant, 2));
}

TEST(SampleOfListTest, AShortListIsKeptWhole) {
  EXPECT_THAT(SampleOfList({}, 1), IsEmpty());
  EXPECT_THAT(SampleOfList({false, true, false}, 1), ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace usher
