#include "trainer/algorithms/word_vectors.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "trainer/algorithms/content.h"

namespace usher {
namespace {

Event EveningOf(const std::string& id, const std::vector<std::string>& words) {
  Event event;
  event.id = id;
  event.title = absl::StrJoin(words, " ");
  return event;
}

// Evenings of music and of business. "cello" and "violin" keep the same company
// and never stand in one event; so do "pitch" and "demo".
std::vector<Event> Evenings(int events) {
  const std::vector<std::string> music = {"adagio",  "sonata",  "quartet",
                                          "chamber", "baroque", "organ"};
  const std::vector<std::string> business = {"founder", "profit", "capital",
                                             "bank",    "market", "seed"};
  Random random(11);
  std::vector<Event> evenings;
  for (int i = 0; i < events; ++i) {
    const bool is_music = i % 2 == 0;
    const std::vector<std::string>& context = is_music ? music : business;
    std::vector<std::string> words = {is_music
                                          ? (i % 4 == 0 ? "cello" : "violin")
                                          : (i % 4 == 1 ? "pitch" : "demo")};
    for (const std::string& word : context) {
      if (random.Below(2) == 0) words.push_back(word);
    }
    evenings.push_back(EveningOf(absl::StrCat("e", i), words));
  }
  return evenings;
}

double CosineOf(absl::Span<const float> a, absl::Span<const float> b) {
  double product = 0;
  double of_a = 0;
  double of_b = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    product += static_cast<double>(a[k]) * b[k];
    of_a += static_cast<double>(a[k]) * a[k];
    of_b += static_cast<double>(b[k]) * b[k];
  }
  return product / std::sqrt(of_a * of_b);
}

Factors Learn(const std::vector<Event>& events,
              const WordVectorOptions& options) {
  const TermBags bags = ReadTermBags(events, FieldWeights(), 1);
  return LearnWordVectors(bags, ChooseVocabulary(bags, VocabularyLimits()),
                          options)
      .value();
}

std::vector<float> Floats(const Factors& factors) {
  return {factors.data(), factors.data() + factors.rows() * factors.dim()};
}

ContentEncoder EncoderOf(const std::vector<Event>& events, WordSpace words) {
  ContentOptions options;
  options.dim = 4;
  options.words = words;
  return TrainContentEncoder(events, options).value();
}

TEST(WordVectorsTest, WordsThatNeverMeetAreAlikeByTheirCompany) {
  const ContentEncoder encoder = EncoderOf(Evenings(400), WordSpace::kCompany);
  const auto of = [&](const std::string& word) {
    return encoder.Encode(EveningOf("x", {word}));
  };
  EXPECT_GT(CosineOf(of("cello"), of("violin")), 0.9);
  EXPECT_GT(CosineOf(of("pitch"), of("demo")), 0.9);
  EXPECT_LT(CosineOf(of("cello"), of("pitch")), 0.3);
  EXPECT_LT(CosineOf(of("violin"), of("demo")), 0.3);
}

// Against the dense matrix, counted by hand and factorized by Eigen.
TEST(WordVectorsTest, TheyAreTheFactorsOfThePositiveInformation) {
  const std::vector<Event> events = Evenings(60);
  const TermBags bags = ReadTermBags(events, FieldWeights(), 1);
  const TermVocabulary vocabulary = ChooseVocabulary(bags, VocabularyLimits());
  const auto terms = static_cast<Eigen::Index>(vocabulary.terms.size());
  ASSERT_GT(terms, 10);
  Eigen::MatrixXd both = Eigen::MatrixXd::Zero(terms, terms);
  for (const std::vector<TermBags::Entry>& bag : bags.bags) {
    Eigen::VectorXd has = Eigen::VectorXd::Zero(terms);
    for (const auto& [term, weight] : TfIdf(bag, vocabulary)) has[term] = 1;
    both += has * has.transpose();
  }
  Eigen::MatrixXd information = Eigen::MatrixXd::Zero(terms, terms);
  for (Eigen::Index a = 0; a < terms; ++a) {
    for (Eigen::Index b = 0; b < terms; ++b) {
      if (a == b || both(a, b) == 0) continue;
      const double pmi =
          std::log(both(a, b) * static_cast<double>(events.size()) /
                   (both(a, a) * both(b, b)));
      information(a, b) = std::max(0.0, pmi);
    }
  }
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(
      information, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const Eigen::MatrixXd expected = svd.matrixU() *
                                   svd.singularValues().asDiagonal() *
                                   svd.matrixU().transpose();

  WordVectorOptions options;
  options.dim = static_cast<int>(terms);
  const Factors vectors = LearnWordVectors(bags, vocabulary, options).value();
  for (Eigen::Index a = 0; a < terms; ++a) {
    for (Eigen::Index b = 0; b < terms; ++b) {
      double product = 0;
      for (size_t k = 0; k < vectors.dim(); ++k) {
        product += static_cast<double>(vectors.Row(a)[k]) * vectors.Row(b)[k];
      }
      EXPECT_NEAR(product, expected(a, b), 2e-3) << a << " " << b;
    }
  }
}

TEST(WordVectorsTest, BoundsAreKeptAndTheSeedDecides) {
  WordVectorOptions options;
  options.dim = 4;
  const std::vector<Event> events = Evenings(400);
  const std::vector<float> all = Floats(Learn(events, options));
  options.max_pairs = 200;
  const std::vector<float> some = Floats(Learn(events, options));
  EXPECT_EQ(some, Floats(Learn(events, options)));
  EXPECT_NE(some, all);
  options.seed = 2;
  EXPECT_NE(some, Floats(Learn(events, options)));
  options.max_terms_of_event = 1;  // Nothing keeps company.
  for (const float value : Floats(Learn(events, options))) {
    EXPECT_EQ(value, 0);
  }
}

TEST(WordVectorsTest, TwoThreadsLearnTheSame) {
  WordVectorOptions options;
  options.dim = 4;
  options.threads = 1;
  const std::vector<float> one = Floats(Learn(Evenings(400), options));
  options.threads = 2;
  EXPECT_EQ(one, Floats(Learn(Evenings(400), options)));
}

TEST(WordVectorsTest, NoEventsAndNoWordsAreNoError) {
  EXPECT_EQ(Learn({}, {}).rows(), 0u);
  EXPECT_EQ(Learn({EveningOf("a", {}), EveningOf("b", {})}, {}).rows(), 0u);
}

}  // namespace
}  // namespace usher
