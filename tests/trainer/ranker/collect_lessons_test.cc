#include "trainer/ranker/collect_lessons.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"
#include "tests/testing/synthetic_city.h"
#include "trainer/evaluation/play.h"

namespace usher {
namespace {

class CollectLessonsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    replay_ = new Replay(BuildReplay(SyntheticCity(SmallCity(3)), {}).value());
  }
  static void TearDownTestSuite() { delete replay_; }

  static RankingLessons Collect(const LessonOptions& options) {
    TrainedVersion trained = Trained(replay_->training);
    return CollectLessons(*replay_, RankingPolicy(), trained.snapshot, options);
  }

  static Replay* replay_;
};
Replay* CollectLessonsTest::replay_ = nullptr;

TEST_F(CollectLessonsTest, ListsAreThoseThatWouldHaveBeenServed) {
  LessonOptions options;
  options.judged_share = 1;
  options.hidden_devices = 0;
  const RankingLessons lessons = Collect(options);
  ASSERT_EQ(lessons.judged.queries(), replay_->queries.size());
  TrainedVersion trained = Trained(replay_->training);
  size_t at = 0;
  PlayOptions play;
  play.limit = 5;
  PlayRankings(
      *replay_, RankingPolicy(), play, trained.snapshot,
      [&](const ReplayQuery&, const Ranking& ranking, const Catalog&) {
        for (size_t i = 0; i < ranking.results.size(); ++i) {
          const size_t row = lessons.judged.begin(at) + i;
          ASSERT_LT(row, lessons.judged.end(at));
          EXPECT_EQ(lessons.judged.linear()[row], ranking.results[i].score);
          for (size_t f = 0; f < kNumFeatures; ++f) {
            EXPECT_EQ(lessons.judged.features()[row * kNumFeatures + f],
                      ranking.results[i].features[f]);
          }
        }
        ++at;
      });
  EXPECT_EQ(at, replay_->queries.size());
}

TEST_F(CollectLessonsTest, TheLastPartIsJudgedAndWhatCameBeforeIsCounted) {
  LessonOptions options;
  options.judged_share = 0.25;
  const RankingLessons lessons = Collect(options);
  const size_t queries = replay_->queries.size();
  EXPECT_EQ(lessons.samples.queries(), queries);
  EXPECT_EQ(lessons.before_judged, queries * 3 / 4);
  EXPECT_EQ(lessons.judged.queries(), queries - queries * 3 / 4);
  EXPECT_GT(lessons.judged.rows() / lessons.judged.queries(),
            lessons.samples.rows() / lessons.samples.queries());
}

TEST_F(CollectLessonsTest, SomeListsDoNotSayTheirDevice) {
  LessonOptions options;
  options.judged_share = 1;
  const auto unsaid = [&](double hidden) {
    options.hidden_devices = hidden;
    const RankingLessons lessons = Collect(options);
    int count = 0;
    for (size_t query = 0; query < lessons.judged.queries(); ++query) {
      count += lessons.judged.FeaturesOf(query).at(0, Feature::kDevice) == 0;
    }
    return count;
  };
  const auto queries = static_cast<int>(replay_->queries.size());
  EXPECT_EQ(unsaid(0), 0);
  EXPECT_NEAR(unsaid(1.0 / 3), queries / 3, queries / 10);
  EXPECT_EQ(unsaid(1), queries);
}

TEST_F(CollectLessonsTest, OfTooManyQueriesEveryNthIsAsked) {
  LessonOptions options;
  options.max_queries = static_cast<int64_t>(replay_->queries.size()) / 3;
  options.max_judged = 10;
  const RankingLessons lessons = Collect(options);
  EXPECT_LE(lessons.samples.queries(),
            static_cast<size_t>(options.max_queries));
  EXPECT_GT(lessons.samples.queries(),
            static_cast<size_t>(options.max_queries) / 2);
  EXPECT_LE(lessons.judged.queries(), 11);
  EXPECT_GT(lessons.judged.queries(), 4);
}

TEST_F(CollectLessonsTest, WhatIsRelevantWasAttendedToo) {
  const RankingLessons lessons = Collect({});
  int64_t relevant = 0;
  int64_t attended = 0;
  for (size_t row = 0; row < lessons.samples.rows(); ++row) {
    const RankingExamples::Label& label = lessons.samples.label(row);
    relevant += label.relevant;
    attended += label.attended;
    EXPECT_TRUE(label.attended || !label.relevant);
  }
  EXPECT_GT(relevant, 0);
  EXPECT_GT(attended, relevant);
}

TEST_F(CollectLessonsTest, TwoThreadsCollectTheSame) {
  LessonOptions options;
  options.threads = 1;
  const RankingLessons one = Collect(options);
  options.threads = 2;
  const RankingLessons two = Collect(options);
  EXPECT_TRUE(
      std::equal(one.samples.features().begin(), one.samples.features().end(),
                 two.samples.features().begin(), two.samples.features().end()));
  EXPECT_EQ(one.before_judged, two.before_judged);
  EXPECT_EQ(one.judged.rows(), two.judged.rows());
}

}  // namespace
}  // namespace usher
