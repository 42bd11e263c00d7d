#include "trainer/algorithms/content.h"

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pair;

double Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Event Titled(const std::string& title) {
  Event event;
  event.id = title;
  event.title = title;
  return event;
}

// Two worlds of words: music (even) and hiking (odd).
std::vector<Event> TwoWorlds(int count) {
  const std::vector<std::string> music = {"jazz",  "guitar",  "piano",
                                          "drums", "concert", "singer"};
  const std::vector<std::string> hiking = {"trail", "summit", "forest",
                                           "boots", "river",  "backpack"};
  Random random(5);
  std::vector<Event> events;
  for (int i = 0; i < count; ++i) {
    const auto& words = i % 2 == 0 ? music : hiking;
    std::string title;
    for (int k = 0; k < 3; ++k) {
      absl::StrAppend(&title, words[random.Below(words.size())], " ");
    }
    events.push_back(Titled(title));
    events.back().tags = {i % 2 == 0 ? "Music" : "Outdoors"};
  }
  return events;
}

ContentOptions Options(int dim) {
  ContentOptions options;
  options.dim = dim;
  return options;
}

TEST(ContentTest, WeighsThreeTinyDocumentsAsByHand) {
  const std::vector<Event> events = {Titled("piano guitar"), Titled("piano"),
                                     Titled("piano guitar flute")};
  ContentOptions options = Options(2);
  options.fields.title = 1;
  const ContentEncoder encoder = *TrainContentEncoder(events, options);
  // "flute" is in one event only. ln(4/4) + 1 and ln(4/3) + 1:
  ASSERT_EQ(encoder.vocabulary_size(), 2u);
  EXPECT_EQ(encoder.Term(0), "guitar");
  EXPECT_EQ(encoder.Term(1), "piano");
  const double guitar = std::log(4.0 / 3.0) + 1;
  EXPECT_NEAR(encoder.Idf(0), guitar, 1e-6);
  EXPECT_NEAR(encoder.Idf(1), 1.0, 1e-6);
  const double length = std::hypot(guitar, 1.0);
  for (const int i : {0, 2}) {
    EXPECT_THAT(encoder.TfIdf(events[i]),
                ElementsAre(Pair(0, FloatNear(guitar / length, 1e-6)),
                            Pair(1, FloatNear(1.0 / length, 1e-6))));
  }
  EXPECT_THAT(encoder.TfIdf(events[1]), ElementsAre(Pair(1, 1.0f)));
}

TEST(ContentTest, PutsLikeNearLikeAndUnlikeFar) {
  const std::vector<Event> events = TwoWorlds(60);
  const ContentEncoder encoder = *TrainContentEncoder(events, Options(4));
  // No word in common, but the same world.
  const std::vector<float> jazz = encoder.Encode(Titled("jazz drums"));
  EXPECT_GT(Cosine(jazz, encoder.Encode(Titled("piano guitar"))),
            Cosine(jazz, encoder.Encode(Titled("forest summit"))) + 0.2);
  EXPECT_NEAR(Cosine(jazz, encoder.Encode(Titled("forest summit"))), 0.0, 1e-3);
  EXPECT_NEAR(Cosine(jazz, jazz), 1.0, 1e-6);
}

TEST(ContentTest, GivesTheSameOnOneAndTwoThreads) {
  const std::vector<Event> events = TwoWorlds(1000);
  ContentOptions options = Options(4);
  options.threads = 1;
  const ContentEncoder one = *TrainContentEncoder(events, options);
  options.threads = 2;
  const ContentEncoder two = *TrainContentEncoder(events, options);
  EXPECT_EQ(one.Serialize(), two.Serialize());
}

TEST(ContentTest, SurvivesSaveAndLoadBitForBit) {
  const std::vector<Event> events = TwoWorlds(60);
  const ContentEncoder encoder = *TrainContentEncoder(events, Options(4));
  const auto bytes = std::make_shared<std::string>(encoder.Serialize());
  const absl::StatusOr<ContentEncoder> loaded =
      ContentEncoder::FromBytes(*bytes, bytes);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  for (const Event& event : events) {
    EXPECT_EQ(loaded->Encode(event), encoder.Encode(event));
  }
}

TEST(ContentTest, KeepsTheCommonestTermsOfTooMany) {
  ContentOptions options = Options(2);
  options.max_vocabulary = 2;
  options.min_document_frequency = 1;
  const ContentEncoder encoder = *TrainContentEncoder(
      {Titled("piano guitar flute"), Titled("piano guitar"), Titled("piano")},
      options);
  ASSERT_EQ(encoder.vocabulary_size(), 2u);
  EXPECT_EQ(encoder.Term(0), "guitar");
  EXPECT_EQ(encoder.Term(1), "piano");
}

TEST(ContentTest, DropsTermsThatNearlyEveryEventHas) {
  std::vector<Event> events = TwoWorlds(200);
  for (Event& event : events) event.description = "meetup";
  const ContentEncoder encoder = *TrainContentEncoder(events, Options(2));
  for (uint32_t t = 0; t < encoder.vocabulary_size(); ++t) {
    EXPECT_NE(encoder.Term(t), "meetup");
  }
}

TEST(ContentTest, MakesZerosWhenThereIsNothingToLearn) {
  const ContentEncoder none = *TrainContentEncoder({}, Options(3));
  EXPECT_THAT(none.Encode(Titled("piano")), ElementsAre(0, 0, 0));
  const ContentEncoder silent =
      *TrainContentEncoder({Event(), Event()}, Options(3));
  EXPECT_THAT(silent.Encode(Titled("piano")), ElementsAre(0, 0, 0));
}

TEST(ContentTest, DecomposesADrawOfManyEvents) {
  const std::vector<Event> events = TwoWorlds(1000);
  ContentOptions options = Options(4);
  options.max_decomposed = 100;
  const ContentEncoder encoder = *TrainContentEncoder(events, options);
  EXPECT_EQ(encoder.documents(), 1000u);
  EXPECT_NEAR(Cosine(encoder.Encode(events[0]), encoder.Encode(events[1])), 0.0,
              1e-3);
}

// Given embeddings of 4 numbers: music points to the first, hiking to the last.
std::vector<Event> Embedded(int count) {
  std::vector<Event> events = TwoWorlds(count);
  Random random(8);
  for (int i = 0; i < count; ++i) {
    events[i].embedding.assign(4, 0.0f);
    events[i].embedding[i % 2 == 0 ? 0 : 3] = 5;
    events[i].embedding[1] = static_cast<float>(random.Normal());
  }
  return events;
}

TEST(ContentTest, KeepsGivenEmbeddingsThatFit) {
  const std::vector<Event> events = Embedded(60);
  const ContentEncoder encoder = *TrainContentEncoder(events, Options(6));
  EXPECT_EQ(encoder.given_dim(), 4u);
  const std::vector<float> out = encoder.Encode(events[0]);
  const double length = std::hypot(5.0, events[0].embedding[1]);
  EXPECT_NEAR(out[0], 5 / length, 1e-6);
  EXPECT_NEAR(out[1], events[0].embedding[1] / length, 1e-6);
  EXPECT_EQ(out[4], 0.0f);
}

TEST(ContentTest, ReducesLongGivenEmbeddingsAndKeepsTheirCosines) {
  const std::vector<Event> events = Embedded(60);
  // Three of the four dimensions are used.
  const ContentEncoder encoder = *TrainContentEncoder(events, Options(3));
  for (const int other : {1, 2}) {
    const auto& a = events[0].embedding;
    const auto& b = events[other].embedding;
    const double expected =
        Cosine(a, b) / std::sqrt(Cosine(a, a) * Cosine(b, b));
    EXPECT_NEAR(
        Cosine(encoder.Encode(events[0]), encoder.Encode(events[other])),
        expected, 1e-5);
  }
}

TEST(ContentTest, BringsTextIntoTheSpaceOfGivenEmbeddings) {
  const std::vector<Event> events = Embedded(60);
  const ContentEncoder encoder = *TrainContentEncoder(events, Options(4));
  const std::vector<float> jazz = encoder.Encode(Titled("jazz guitar"));
  EXPECT_GT(Cosine(jazz, encoder.Encode(events[0])), 0.8);
  EXPECT_LT(Cosine(jazz, encoder.Encode(events[1])), 0.3);
}

TEST(ContentTest, IgnoresGivenEmbeddingsOfAFew) {
  std::vector<Event> events = TwoWorlds(60);
  events[3].embedding = {1, 2, 3, 4};
  EXPECT_EQ(TrainContentEncoder(events, Options(4))->given_dim(), 0u);
}

TEST(ContentTest, AGivenEmbeddingOfAnotherLengthIsNotUsed) {
  std::vector<Event> events = Embedded(10);
  const size_t length = events[0].embedding.size();
  events[0].embedding.push_back(1);
  events[7].embedding.push_back(1);
  const auto encoder = TrainContentEncoder(events, Options(4));
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  EXPECT_EQ(encoder->given_dim(), length);
}

TEST(ContentTest, RefusesADimensionOfNothing) {
  EXPECT_EQ(TrainContentEncoder({}, Options(0)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ContentTest, EncodesManyEventsLikeOne) {
  const std::vector<Event> events = TwoWorlds(600);
  const ContentEncoder encoder = *TrainContentEncoder(events, Options(4));
  const Factors rows = EncodeEvents(encoder, events, 2);
  for (size_t i = 0; i < events.size(); ++i) {
    const absl::Span<const float> row = rows.Row(i);
    EXPECT_EQ(std::vector<float>(row.begin(), row.end()),
              encoder.Encode(events[i]));
  }
}

}  // namespace
}  // namespace usher
