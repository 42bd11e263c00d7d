#include "index/model/content_encoder.h"

#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Event Titled(const std::string& title) {
  Event event;
  event.id = "e";
  event.title = title;
  return event;
}

Factors Rows(size_t dim, const std::vector<float>& values) {
  Factors out(values.size() / dim, dim);
  std::copy(values.begin(), values.end(), out.mutable_data());
  return out;
}

// "#jazz", "guitar", "piano": one direction each of three.
ContentParts ThreeTerms() {
  ContentParts parts;
  parts.documents = 3;
  parts.terms = {"#jazz", "guitar", "piano"};
  parts.idf = {1.0f, 2.0f, 1.0f};
  parts.projection = Rows(3, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  return parts;
}

ContentEncoder Make(const ContentParts& parts) {
  return *ContentEncoder::FromParts(parts);
}

TEST(ContentEncoderTest, WeighsFrequencyByLogarithmFieldAndIdf) {
  Event event = Titled("piano");            // 3
  event.description = "guitar and guitar";  // 1 + 1
  const double piano = 1 + std::log(3.0);
  const double guitar = (1 + std::log(2.0)) * 2;
  const double length = std::hypot(piano, guitar);
  EXPECT_THAT(Make(ThreeTerms()).TfIdf(event),
              ElementsAre(Pair(1, FloatNear(guitar / length, 1e-6)),
                          Pair(2, FloatNear(piano / length, 1e-6))));
}

TEST(ContentEncoderTest, TellsATagFromAWord) {
  const ContentEncoder encoder = Make(ThreeTerms());
  Event tagged;
  tagged.tags = {"Jazz"};
  EXPECT_THAT(encoder.TfIdf(tagged), ElementsAre(Pair(0, 1.0f)));
  EXPECT_THAT(encoder.TfIdf(Titled("jazz")), IsEmpty());
  tagged.tags = {"piano"};
  EXPECT_THAT(encoder.TfIdf(tagged), IsEmpty());
}

TEST(ContentEncoderTest, EncodesToUnitLengthAndEqualTextsEqually) {
  const ContentEncoder encoder = Make(ThreeTerms());
  const std::vector<float> a = encoder.Encode(Titled("guitar and piano"));
  EXPECT_NEAR(std::inner_product(a.begin(), a.end(), a.begin(), 0.0), 1.0,
              1e-6);
  EXPECT_EQ(a, encoder.Encode(Titled("Piano, GUITAR!")));
}

TEST(ContentEncoderTest, IgnoresUnknownWords) {
  const ContentEncoder encoder = Make(ThreeTerms());
  EXPECT_EQ(encoder.Encode(Titled("piano xylophone")),
            encoder.Encode(Titled("piano")));
}

TEST(ContentEncoderTest, MakesZerosOfNothing) {
  const ContentEncoder encoder = Make(ThreeTerms());
  EXPECT_THAT(encoder.Encode(Event()), ElementsAre(0, 0, 0));
  EXPECT_THAT(encoder.Encode(Titled("xylophone")), ElementsAre(0, 0, 0));
  EXPECT_THAT(ContentEncoder().Encode(Titled("piano")), IsEmpty());
}

TEST(ContentEncoderTest, PrefersAGivenEmbeddingOfTheRightLength) {
  ContentParts parts = ThreeTerms();
  parts.given_projection = Rows(3, {0, 0, 1, 1, 0, 0});
  const ContentEncoder encoder = Make(parts);
  EXPECT_EQ(encoder.given_dim(), 2u);
  Event event = Titled("guitar");
  event.embedding = {3, 4};
  EXPECT_THAT(encoder.Encode(event),
              ElementsAre(FloatNear(0.8f, 1e-6), 0, FloatNear(0.6f, 1e-6)));
  event.embedding = {3, 4, 5};
  EXPECT_THAT(encoder.Encode(event), ElementsAre(0, 1, 0));
  event.embedding = {NAN, 1};
  EXPECT_THAT(encoder.Encode(event), ElementsAre(0, 1, 0));
  event.embedding = {0, 0};
  EXPECT_THAT(encoder.Encode(event), ElementsAre(0, 1, 0));
}

TEST(ContentEncoderTest, EncodesOnManyThreadsAtOnce) {
  const ContentEncoder encoder = Make(ThreeTerms());
  const Event event = Titled("guitar and piano für die Musik");
  const std::vector<float> expected = encoder.Encode(event);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i)
        wrong[t] += encoder.Encode(event) != expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, Each(0));
}

TEST(ContentEncoderTest, RefusesPartsThatDoNotFit) {
  ContentParts parts = ThreeTerms();
  parts.idf.pop_back();
  EXPECT_EQ(ContentEncoder::FromParts(parts).status().code(),
            absl::StatusCode::kInvalidArgument);
  parts = ThreeTerms();
  parts.terms = {"b", "a", "c"};
  EXPECT_EQ(ContentEncoder::FromParts(parts).status().code(),
            absl::StatusCode::kInvalidArgument);
  parts = ThreeTerms();
  parts.given_projection = Factors(2, 2);
  EXPECT_EQ(ContentEncoder::FromParts(parts).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Bytes that start at a multiple of 8, of exactly their own size, so that a
// sanitizer sees any read past them.
absl::StatusOr<ContentEncoder> Load(absl::string_view bytes) {
  std::shared_ptr<uint64_t[]> block(new uint64_t[(bytes.size() + 7) / 8]);
  std::memcpy(block.get(), bytes.data(), bytes.size());
  return ContentEncoder::FromBytes(
      {reinterpret_cast<const char*>(block.get()), bytes.size()}, block);
}

ContentParts SmallParts() {
  ContentParts parts = ThreeTerms();
  parts.given_projection = Rows(3, {0, 0, 1, 1, 0, 0});
  return parts;
}

TEST(ContentEncoderTest, SurvivesSaveAndLoadBitForBit) {
  const ContentEncoder saved = Make(SmallParts());
  const std::string bytes = saved.Serialize();
  const absl::StatusOr<ContentEncoder> loaded = Load(bytes);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->Serialize(), bytes);
  EXPECT_EQ(loaded->vocabulary_size(), 3u);
  EXPECT_EQ(loaded->documents(), 3u);
  EXPECT_EQ(loaded->Term(0), "#jazz");
  Event event = Titled("guitar piano");
  event.tags = {"jazz"};
  EXPECT_EQ(loaded->Encode(event), saved.Encode(event));
  EXPECT_EQ(loaded->TfIdf(event), saved.TfIdf(event));
}

TEST(ContentEncoderTest, LoadsBytesAtAnyAddress) {
  const std::string bytes = Make(SmallParts()).Serialize();
  auto shifted = std::make_shared<std::string>("x" + bytes);
  const absl::StatusOr<ContentEncoder> loaded =
      ContentEncoder::FromBytes(absl::string_view(*shifted).substr(1), shifted);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->Serialize(), bytes);
}

TEST(ContentEncoderTest, OfNothingCanBeSavedAndLoaded) {
  const absl::StatusOr<ContentEncoder> loaded =
      Load(ContentEncoder().Serialize());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->dim(), 0u);
}

TEST(ContentEncoderTest, CutAnywhereIsDataLoss) {
  const std::string bytes = Make(SmallParts()).Serialize();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(Load(absl::string_view(bytes).substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_EQ(Load(bytes + std::string(8, '\0')).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(ContentEncoderTest, WithAnyByteChangedFailsOrWorks) {
  const std::string bytes = Make(SmallParts()).Serialize();
  const Event event = Titled("guitar piano");
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      const absl::StatusOr<ContentEncoder> loaded = Load(changed);
      if (loaded.ok()) {
        EXPECT_EQ(loaded->Encode(event).size(), loaded->dim());
      } else {
        EXPECT_EQ(loaded.status().code(), absl::StatusCode::kDataLoss);
      }
    }
  }
}

TEST(ContentEncoderTest, WithAnInfiniteNumberIsDataLoss) {
  ContentParts parts = ThreeTerms();
  parts.projection.mutable_data()[4] = 12345.0f;
  std::string bytes = Make(parts).Serialize();
  const float from = 12345.0f;
  const float to = INFINITY;
  const size_t at =
      bytes.find(std::string(reinterpret_cast<const char*>(&from), 4));
  std::memcpy(bytes.data() + at, &to, 4);
  const absl::Status status = Load(bytes).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("not finite"));
}

}  // namespace
}  // namespace usher
