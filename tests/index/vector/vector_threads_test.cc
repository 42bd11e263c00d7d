// What several threads do with one index: ask it, and build it. Apart from the
// other tests, which one thread runs and which would take minutes under TSan.
#include <algorithm>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "index/vector/quantized_rows.h"
#include "index/vector/vector_index.h"

namespace usher {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using Type = VectorIndexOptions::Type;

Factors RandomVectors(size_t rows, size_t dim, uint64_t seed) {
  Random random(seed);
  Factors vectors(rows, dim);
  for (size_t i = 0; i < rows * dim; ++i) {
    vectors.mutable_data()[i] = static_cast<float>(random.Normal());
  }
  return vectors;
}

class ConcurrentSearchTest : public ::testing::TestWithParam<Type> {};

TEST_P(ConcurrentSearchTest, GivesWhatOneThreadFinds) {
  VectorIndexOptions options;
  options.type = GetParam();
  options.pq_bits = 6;
  options.build_threads = 1;
  // So few rows would all be scanned.
  options.exact_below_selectivity = 0;
  const auto index = VectorIndex::Build(RandomVectors(2000, 16, 28), options);
  ASSERT_TRUE(index.ok()) << index.status();
  ASSERT_EQ((*index)->ScansExactly(10, 2000, false), GetParam() == Type::kFlat);
  const Factors queries = RandomVectors(40, 16, 29);
  std::vector<std::vector<ScoredRow>> expected;
  for (size_t q = 0; q < queries.rows(); ++q) {
    expected.push_back(*(*index)->Search(queries.Row(q), 10, nullptr));
  }
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (int& mine : wrong) {
    threads.emplace_back([&] {
      for (size_t q = 0; q < queries.rows(); ++q) {
        const auto got = (*index)->Search(queries.Row(q), 10, nullptr);
        if (*got != expected[q]) ++mine;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, Each(0));
}

INSTANTIATE_TEST_SUITE_P(All, ConcurrentSearchTest,
                         ::testing::Values(Type::kFlat, Type::kHnsw,
                                           Type::kIvfPq),
                         [](const ::testing::TestParamInfo<Type>& info) {
                           if (info.param == Type::kFlat) return "Flat";
                           return info.param == Type::kHnsw ? "Hnsw" : "IvfPq";
                         });

TEST(ParallelBuildTest, QuantizesAsOneThreadDoes) {
  const Factors vectors = RandomVectors(20'000, 8, 30);
  for (const CodeBits bits : {CodeBits::kEight, CodeBits::kFour}) {
    const QuantizedRows one(vectors, bits, 1);
    const QuantizedRows three(vectors, bits, 3);
    ASSERT_EQ(three.blocks(), one.blocks());
    const size_t rows = kBlockRows * one.blocks();
    const size_t codes = rows / kTileRows * kGroupBytes * one.groups();
    EXPECT_TRUE(std::equal(one.Codes(0), one.Codes(0) + codes, three.Codes(0)));
    EXPECT_TRUE(std::equal(one.Terms(0), one.Terms(0) + rows, three.Terms(0)));
  }
}

TEST(ParallelBuildTest, NamesTheFirstBadRowWhoeverFindsIt) {
  Factors vectors = RandomVectors(20'000, 8, 31);
  for (const size_t row : {19'999, 12'345, 9'000}) {
    vectors.MutableRow(row)[3] = std::nanf("");
    EXPECT_THAT(CheckFinite(vectors, 3).message(),
                HasSubstr("row " + std::to_string(row)));
  }
}

}  // namespace
}  // namespace usher
