// One contract for every type of index.
#include "index/vector/vector_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/file.h"
#include "index/base/hash.h"
#include "index/vector/dot.h"

namespace usher {
namespace {

using ::testing::HasSubstr;
using Type = VectorIndexOptions::Type;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Factors RandomVectors(size_t rows, size_t dim, uint64_t seed) {
  Random random(seed);
  Factors vectors(rows, dim);
  for (size_t i = 0; i < rows * dim; ++i) {
    vectors.mutable_data()[i] = static_cast<float>(random.Normal());
  }
  return vectors;
}

RowBitmap RandomRows(size_t rows, double fraction, uint64_t seed) {
  Random random(seed);
  RowBitmap bitmap(rows);
  for (size_t r = 0; r < rows; ++r) {
    if (random.Uniform() < fraction) bitmap.Set(r);
  }
  return bitmap;
}

std::vector<ScoredRow> BruteForce(const Factors& vectors,
                                  absl::Span<const float> query, int k,
                                  const RowBitmap* allowed,
                                  absl::Span<const float> bias = {}) {
  std::vector<ScoredRow> all;
  for (size_t r = 0; r < vectors.rows(); ++r) {
    if (allowed != nullptr && !allowed->Test(r)) continue;
    const float dot = Dot(query.data(), vectors.Row(r).data(), query.size());
    const float score = bias.empty() ? dot : dot + bias[r];
    if (score > -kInfinity) all.push_back({static_cast<int32_t>(r), score});
  }
  std::sort(all.begin(), all.end(), IsBetter);
  if (all.size() > static_cast<size_t>(std::max(k, 0))) {
    all.resize(static_cast<size_t>(std::max(k, 0)));
  }
  return all;
}

double Overlap(const std::vector<ScoredRow>& got,
               const std::vector<ScoredRow>& wanted) {
  if (wanted.empty()) return 1;
  double found = 0;
  for (const ScoredRow& row : wanted) {
    found += std::count(got.begin(), got.end(), row) > 0 ? 1 : 0;
  }
  return found / static_cast<double>(wanted.size());
}

VectorIndexOptions OptionsFor(Type type) {
  VectorIndexOptions options;
  options.type = type;
  options.hnsw_m = 16;
  options.ef_construction = 64;
  options.ivf_probe = 64;
  options.pq_bits = 6;
  options.build_threads = 1;
  // So few rows would all be scanned.
  options.exact_below_selectivity = 0;
  return options;
}

class VectorIndexTest : public ::testing::TestWithParam<Type> {
 protected:
  std::unique_ptr<VectorIndex> Build(const Factors& vectors) {
    auto index = VectorIndex::Build(vectors, OptionsFor(GetParam()));
    EXPECT_TRUE(index.ok()) << index.status();
    return *std::move(index);
  }

  // The recall that a test may rely on.
  double Bound() const { return GetParam() == Type::kFlat ? 1.0 : 0.8; }

  std::string Path(const std::string& name) const {
    return ::testing::TempDir() + "vector_index_" + name +
           std::to_string(static_cast<int>(GetParam()));
  }
};

TEST_P(VectorIndexTest, FindsTheBestRowsAtEveryDimension) {
  for (const size_t dim : {1, 3, 8, 16, 64, 100}) {
    const Factors vectors = RandomVectors(3000, dim, dim);
    const Factors queries = RandomVectors(10, dim, 99);
    const auto index = Build(vectors);
    double recall = 0;
    for (size_t q = 0; q < queries.rows(); ++q) {
      const auto got = index->Search(queries.Row(q), 10, nullptr);
      ASSERT_TRUE(got.ok()) << got.status();
      ASSERT_EQ(got->size(), 10u);
      recall += Overlap(*got, BruteForce(vectors, queries.Row(q), 10, nullptr));
    }
    const double bound = dim == 1 ? std::min(Bound(), 0.5) : Bound();
    EXPECT_GE(recall / 10, bound) << "dim " << dim;
  }
}

TEST_P(VectorIndexTest, IsDeterministicAndSortedBestFirst) {
  const Factors vectors = RandomVectors(3000, 24, 1);
  const Factors query = RandomVectors(1, 24, 2);
  const auto one = Build(vectors)->Search(query.Row(0), 50, nullptr);
  const auto two = Build(vectors)->Search(query.Row(0), 50, nullptr);
  ASSERT_EQ(one->size(), 50u);
  EXPECT_EQ(*one, *two);
  EXPECT_TRUE(std::is_sorted(one->begin(), one->end(), IsBetter));
}

TEST_P(VectorIndexTest, HonoursFiltersOfEverySelectivity) {
  const size_t n = 4000;
  const Factors vectors = RandomVectors(n, 20, 3);
  const Factors queries = RandomVectors(5, 20, 4);
  const auto index = Build(vectors);
  for (const double fraction : {0.0, 0.001, 0.01, 0.04, 0.1, 0.3, 0.9, 1.0}) {
    const RowBitmap allowed = RandomRows(n, fraction, 5);
    double recall = 0;
    for (size_t q = 0; q < queries.rows(); ++q) {
      const auto got = index->Search(queries.Row(q), 20, &allowed);
      ASSERT_TRUE(got.ok()) << got.status();
      EXPECT_EQ(got->size(), std::min<size_t>(20, allowed.Count()));
      for (const ScoredRow& row : *got) {
        EXPECT_TRUE(allowed.Test(static_cast<size_t>(row.row)));
      }
      recall +=
          Overlap(*got, BruteForce(vectors, queries.Row(q), 20, &allowed));
    }
    EXPECT_GE(recall / 5, fraction <= 0.01 ? 1.0 : Bound()) << fraction;
  }
}

TEST_P(VectorIndexTest, FindsTheOneAllowedRow) {
  const Factors vectors = RandomVectors(3000, 12, 6);
  const Factors query = RandomVectors(1, 12, 7);
  const auto index = Build(vectors);
  for (const size_t row : {0, 63, 64, 2047, 2999}) {
    RowBitmap allowed(3000);
    allowed.Set(row);
    EXPECT_EQ(*index->Search(query.Row(0), 10, &allowed),
              BruteForce(vectors, query.Row(0), 10, &allowed));
  }
}

TEST_P(VectorIndexTest, TreatsRowsPastTheBitmapAsNotAllowed) {
  const Factors vectors = RandomVectors(3000, 12, 6);
  const Factors query = RandomVectors(1, 12, 7);
  const auto index = Build(vectors);
  const RowBitmap shorter(100, true);
  const auto found1 = index->Search(query.Row(0), 200, &shorter);
  for (const ScoredRow& row : *found1) {
    EXPECT_LT(row.row, 100);
  }
  const RowBitmap longer(5000, true);
  const auto found2 = index->Search(query.Row(0), 2900, &longer);
  for (const ScoredRow& row : *found2) {
    EXPECT_LT(row.row, 3000);
  }
}

TEST_P(VectorIndexTest, BreaksTiesBySmallerRow) {
  Factors vectors(3000, 16);
  for (size_t i = 0; i < 3000 * 16; ++i) vectors.mutable_data()[i] = 0.7f;
  const Factors query = RandomVectors(1, 16, 8);
  const auto index = Build(vectors);
  const auto got = index->SearchExact(query.Row(0), 7, nullptr);
  ASSERT_EQ(got->size(), 7u);
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ((*got)[static_cast<size_t>(i)].row, i);
  }
  const auto found = index->Search(query.Row(0), 7, nullptr);
  ASSERT_EQ(found->size(), 7u);
  EXPECT_TRUE(std::is_sorted(found->begin(), found->end(), IsBetter));
}

TEST_P(VectorIndexTest, ReturnsNothingForNoResultsAsked) {
  const auto index = Build(RandomVectors(100, 4, 9));
  const std::vector<float> query(4, 1.0f);
  EXPECT_TRUE(index->Search(query, 0, nullptr)->empty());
  EXPECT_TRUE(index->Search(query, -3, nullptr)->empty());
}

TEST_P(VectorIndexTest, ReturnsEveryRowWhenMoreAreAsked) {
  for (const size_t n : {1, 2, 63, 64, 65, 100, 2500}) {
    const Factors vectors = RandomVectors(n, 10, n);
    const Factors query = RandomVectors(1, 10, 10);
    const auto index = Build(vectors);
    EXPECT_EQ(*index->Search(query.Row(0), 1 << 30, nullptr),
              BruteForce(vectors, query.Row(0), static_cast<int>(n), nullptr));
  }
}

TEST_P(VectorIndexTest, WorksWithoutRows) {
  const auto index = Build(Factors(0, 8));
  const std::vector<float> query(8, 1.0f);
  EXPECT_TRUE(index->Search(query, 5, nullptr)->empty());
  ASSERT_TRUE(index->Save(Path("empty")).ok());
  const auto loaded =
      VectorIndex::Load(Path("empty"), Factors(0, 8), OptionsFor(GetParam()));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE((*loaded)->Search(query, 5, nullptr)->empty());
}

TEST_P(VectorIndexTest, AddsTheBiasOfEachRow) {
  const size_t n = 3000;
  const Factors vectors = RandomVectors(n, 32, 11);
  const Factors queries = RandomVectors(10, 32, 12);
  const auto index = Build(vectors);
  for (const float strength : {0.1f, 3.0f, 100.0f}) {
    Random random(13);
    std::vector<float> bias(n);
    for (float& b : bias) b = strength * static_cast<float>(random.Normal());
    double recall = 0;
    for (size_t q = 0; q < queries.rows(); ++q) {
      const auto got = index->Search(queries.Row(q), 20, nullptr, bias);
      ASSERT_EQ(got->size(), 20u);
      recall +=
          Overlap(*got, BruteForce(vectors, queries.Row(q), 20, nullptr, bias));
    }
    EXPECT_GE(recall / 10, Bound()) << strength;
  }
}

TEST_P(VectorIndexTest, CombinesBiasAndFilter) {
  const size_t n = 3001;
  const Factors vectors = RandomVectors(n, 16, 14);
  const Factors query = RandomVectors(1, 16, 15);
  const RowBitmap allowed = RandomRows(n, 0.4, 16);
  Random random(17);
  std::vector<float> bias(n);
  for (float& b : bias) b = static_cast<float>(random.Uniform());
  const auto index = Build(vectors);
  EXPECT_EQ(*index->SearchExact(query.Row(0), 30, &allowed, bias),
            BruteForce(vectors, query.Row(0), 30, &allowed, bias));
  const auto found3 = index->Search(query.Row(0), 30, &allowed, bias);
  for (const ScoredRow& row : *found3) {
    EXPECT_TRUE(allowed.Test(static_cast<size_t>(row.row)));
  }
}

TEST_P(VectorIndexTest, NeverReturnsARowWhoseBiasIsNoNumber) {
  const size_t n = 2500;
  const Factors vectors = RandomVectors(n, 16, 18);
  const Factors query = RandomVectors(1, 16, 19);
  std::vector<float> bias(n, -kInfinity);
  bias[7] = std::nanf("");
  bias[100] = 1;
  bias[2400] = 2;
  const auto got = Build(vectors)->Search(query.Row(0), 10, nullptr, bias);
  EXPECT_EQ(*got, BruteForce(vectors, query.Row(0), 10, nullptr, bias));
  EXPECT_EQ(got->size(), 2u);
}

TEST_P(VectorIndexTest, RejectsWhatDoesNotFit) {
  const auto index = Build(RandomVectors(100, 4, 20));
  const std::vector<float> ok(4, 1.0f), longer(5, 1.0f);
  const std::vector<float> nan = {1, std::nanf(""), 1, 1};
  const std::vector<float> inf = {1, 1, 1, kInfinity};
  for (const auto& query : {longer, nan, inf, std::vector<float>()}) {
    EXPECT_EQ(index->Search(query, 5, nullptr).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(index->Search(ok, 5, nullptr, {1.0f, 2.0f}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(VectorIndexTest, NamesTheRowThatIsNotFinite) {
  for (const float bad : {std::nanf(""), kInfinity, -kInfinity}) {
    Factors vectors = RandomVectors(5000, 9, 21);
    vectors.MutableRow(4321)[8] = bad;
    const auto index = VectorIndex::Build(vectors, OptionsFor(GetParam()));
    EXPECT_EQ(index.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(index.status().message(), HasSubstr("row 4321"));
  }
}

TEST_P(VectorIndexTest, SurvivesSaveAndLoadBitForBit) {
  const Factors vectors = RandomVectors(3000, 24, 22);
  const Factors queries = RandomVectors(20, 24, 23);
  const RowBitmap allowed = RandomRows(3000, 0.5, 24);
  const auto index = Build(vectors);
  ASSERT_TRUE(index->Save(Path("saved")).ok());
  const auto loaded =
      VectorIndex::Load(Path("saved"), vectors, OptionsFor(GetParam()));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  for (size_t q = 0; q < queries.rows(); ++q) {
    EXPECT_EQ(*index->Search(queries.Row(q), 30, nullptr),
              *(*loaded)->Search(queries.Row(q), 30, nullptr));
    EXPECT_EQ(*index->Search(queries.Row(q), 30, &allowed),
              *(*loaded)->Search(queries.Row(q), 30, &allowed));
  }
}

TEST_P(VectorIndexTest, RefusesDamagedFilesAndNamesThem) {
  const Factors vectors = RandomVectors(600, 8, 25);
  ASSERT_TRUE(Build(vectors)->Save(Path("damaged")).ok());
  const std::string good = *ReadFile(Path("damaged"));
  const auto load = [&](const std::string& bytes) {
    EXPECT_TRUE(WriteFileSynced(Path("damaged"), bytes).ok());
    return VectorIndex::Load(Path("damaged"), vectors, OptionsFor(GetParam()))
        .status();
  };
  Random random(26);
  for (int i = 0; i < 60; ++i) {
    std::string flipped = good;
    const size_t at = i < 40 ? random.Below(std::min<size_t>(60, good.size()))
                             : random.Below(good.size());
    flipped[at % good.size()] ^= static_cast<char>(1 << random.Below(8));
    EXPECT_EQ(load(flipped).code(), absl::StatusCode::kDataLoss);
    const std::string cut = good.substr(0, random.Below(good.size()));
    EXPECT_EQ(load(cut).code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_THAT(load(good + "x").message(), HasSubstr(Path("damaged")));
  EXPECT_TRUE(load(good).ok());
}

TEST_P(VectorIndexTest, RefusesAFileOfOtherVectorsOrAnotherType) {
  const Factors vectors = RandomVectors(600, 8, 27);
  ASSERT_TRUE(Build(vectors)->Save(Path("other")).ok());
  const VectorIndexOptions options = OptionsFor(GetParam());
  VectorIndexOptions another = options;
  another.type = GetParam() == Type::kFlat ? Type::kHnsw : Type::kFlat;
  for (const auto& status :
       {VectorIndex::Load(Path("other"), RandomVectors(601, 8, 1), options)
            .status(),
        VectorIndex::Load(Path("other"), RandomVectors(600, 9, 1), options)
            .status(),
        VectorIndex::Load(Path("other"), vectors, another).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(
      VectorIndex::Load(Path("missing"), vectors, options).status().code(),
      absl::StatusCode::kNotFound);
}

TEST_P(VectorIndexTest, AnswersABatchAsOneByOne) {
  const Factors vectors = RandomVectors(3000, 16, 30);
  const Factors queries = RandomVectors(70, 16, 31);
  const RowBitmap allowed = RandomRows(3000, 0.2, 32);
  const auto index = Build(vectors);
  std::vector<ScanQuery> batch;
  for (size_t q = 0; q < queries.rows(); ++q) {
    batch.push_back({queries.Row(q),
                     static_cast<int>(q) - 1,
                     q % 2 == 0 ? &allowed : nullptr,
                     {}});
  }
  const auto got = index->SearchBatch(batch);
  ASSERT_TRUE(got.ok()) << got.status();
  for (size_t q = 0; q < batch.size(); ++q) {
    EXPECT_EQ((*got)[q],
              *index->Search(batch[q].query, batch[q].k, batch[q].allowed));
  }
}

TEST_P(VectorIndexTest, MeasuresItsRecall) {
  const auto index = Build(RandomVectors(3000, 16, 33));
  const auto recall = RecallAgainstExact(*index, RandomVectors(20, 16, 34), 10);
  ASSERT_TRUE(recall.ok());
  EXPECT_GE(*recall, Bound());
  EXPECT_LE(*recall, 1.0);
}

INSTANTIATE_TEST_SUITE_P(All, VectorIndexTest,
                         ::testing::Values(Type::kFlat, Type::kHnsw,
                                           Type::kIvfPq),
                         [](const ::testing::TestParamInfo<Type>& info) {
                           if (info.param == Type::kFlat) return "Flat";
                           return info.param == Type::kHnsw ? "Hnsw" : "IvfPq";
                         });

TEST(VectorIndexOptionsTest, OutOfRangeIsRefusedByName) {
  VectorIndexOptions options;
  options.type = Type::kIvfPq;
  options.pq_segments = 3;
  const auto status =
      VectorIndex::Build(RandomVectors(100, 8, 1), options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("pq_segments"));
  options.pq_segments = 0;
  options.hnsw_m = 1;
  EXPECT_THAT(
      VectorIndex::Build(RandomVectors(100, 8, 1), options).status().message(),
      HasSubstr("hnsw_m"));
}

TEST(VectorIndexCostTest, AGraphIsAskedOnlyWhereItMeetsFewerRowsThanAScan) {
  VectorIndexOptions options = OptionsFor(Type::kHnsw);
  options.exact_below_selectivity = 0.05;
  options.hnsw_m = 4;
  options.ef_search = 16;
  const size_t n = 20'000;
  const auto index = VectorIndex::Build(RandomVectors(n, 8, 2), options);
  ASSERT_TRUE(index.ok()) << index.status();
  // 16 * 8 rows met, one after the other at the price of four.
  EXPECT_FALSE((*index)->ScansExactly(10, n, false));
  EXPECT_FALSE((*index)->ScansExactly(10, n / 4, false));
  EXPECT_TRUE((*index)->ScansExactly(10, n / 8, false));
  // With a bias four times the rows are wanted.
  EXPECT_TRUE((*index)->ScansExactly(300, n, true));
  const RowBitmap few = RandomRows(n, 0.13, 3);
  const std::vector<float> bias(n, 0.5f);
  const Factors query = RandomVectors(1, 8, 4);
  EXPECT_EQ(*(*index)->Search(query.Row(0), 300, &few, bias),
            *(*index)->SearchExact(query.Row(0), 300, &few, bias));
}

TEST(VectorIndexCostTest, ListsAreProbedForEnoughRowsOrNotAtAll) {
  VectorIndexOptions options = OptionsFor(Type::kIvfPq);
  options.exact_below_selectivity = 0.05;
  options.ivf_lists = 100;
  options.ivf_probe = 2;
  const size_t n = 20'000;
  const auto index = VectorIndex::Build(RandomVectors(n, 8, 2), options);
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_FALSE((*index)->ScansExactly(10, n, false));
  EXPECT_TRUE((*index)->ScansExactly(10, n / 20, false));
  EXPECT_TRUE((*index)->ScansExactly(1000, n, false));
  // Two of the clusters hold 400 rows; 800 are wanted, twice.
  const Factors query = RandomVectors(1, 8, 4);
  EXPECT_EQ((*index)->Search(query.Row(0), 200, nullptr)->size(), 200u);
  EXPECT_EQ((*index)->exact_fallbacks(), 0);
}

TEST(RecallTest, IsMeasuredAsItIsAsked) {
  const auto index =
      VectorIndex::Build(RandomVectors(3000, 16, 2), OptionsFor(Type::kHnsw));
  ASSERT_TRUE(index.ok()) << index.status();
  const RowBitmap none(3000);
  const Factors queries = RandomVectors(5, 16, 3);
  EXPECT_EQ(*RecallAgainstExact(**index, queries, 10, &none), 1);
  const std::vector<float> bias(3000, 1.0f);
  const auto recall = RecallAgainstExact(**index, queries, 10, nullptr, bias);
  ASSERT_TRUE(recall.ok());
  EXPECT_GE(*recall, 0.8);
  EXPECT_FALSE(
      RecallAgainstExact(**index, queries, 10, nullptr, {1.0f, 2.0f}).ok());
}

TEST(VectorIndexFallbackTest, AFilterAloneIsNoReasonToScanExactly) {
  const Factors vectors = RandomVectors(3000, 8, 2);
  const RowBitmap allowed = RandomRows(3000, 0.5, 4);
  const Factors query = RandomVectors(1, 8, 3);
  for (const Type type : {Type::kHnsw, Type::kIvfPq}) {
    const auto index = VectorIndex::Build(vectors, OptionsFor(type));
    ASSERT_TRUE(index.ok()) << index.status();
    EXPECT_EQ((*index)->Search(query.Row(0), 10, &allowed)->size(), 10u);
    EXPECT_EQ((*index)->exact_fallbacks(), 0);
  }
}

TEST(VectorIndexFallbackTest, RowsOfALargeBiasDoNotHideThatTooFewWereFound) {
  VectorIndexOptions options = OptionsFor(Type::kIvfPq);
  options.ivf_lists = 30;
  options.ivf_probe = 1;
  const Factors vectors = RandomVectors(3000, 8, 2);
  const auto index = VectorIndex::Build(vectors, options);
  ASSERT_TRUE(index.ok()) << index.status();
  const Factors query = RandomVectors(1, 8, 3);
  const std::vector<float> bias(3000, 0.5f);
  const auto got = (*index)->Search(query.Row(0), 500, nullptr, bias);
  EXPECT_EQ(*got, *(*index)->SearchExact(query.Row(0), 500, nullptr, bias));
  EXPECT_EQ((*index)->exact_fallbacks(), 1);
}

TEST(VectorIndexFallbackTest, CountsApproximateSearchesThatFoundTooFew) {
  VectorIndexOptions options = OptionsFor(Type::kIvfPq);
  options.ivf_lists = 30;
  options.ivf_probe = 1;
  const Factors vectors = RandomVectors(3000, 8, 2);
  const auto index = VectorIndex::Build(vectors, options);
  ASSERT_TRUE(index.ok()) << index.status();
  const Factors query = RandomVectors(1, 8, 3);
  const auto got = (*index)->Search(query.Row(0), 700, nullptr);
  EXPECT_EQ(*got, BruteForce(vectors, query.Row(0), 700, nullptr));
  EXPECT_EQ((*index)->exact_fallbacks(), 1);
}

}  // namespace
}  // namespace usher
