// Each instruction set against the portable kernels and brute force.
#include "index/vector/scan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

std::vector<InstructionSet> SupportedSets() {
  std::vector<InstructionSet> sets;
  for (int s = 0; s <= static_cast<int>(ActiveInstructionSet()); ++s) {
    sets.push_back(static_cast<InstructionSet>(s));
  }
  return sets;
}

enum class Shape {
  kNormal,
  kHeavyTail,
  kSparse,
  kTinyAndHuge,
  kEqual,
  kRising
};

float Number(Shape shape, size_t row, Random& random) {
  const double x = random.Normal();
  switch (shape) {
    case Shape::kNormal:
      return static_cast<float>(x);
    case Shape::kHeavyTail:
      return static_cast<float>(x * x * x);
    case Shape::kSparse:
      return random.Below(10) == 0 ? static_cast<float>(x) : 0.0f;
    case Shape::kTinyAndHuge:
      return static_cast<float>(x * std::pow(10.0, int(row % 7) * 10.0 - 30.0));
    case Shape::kEqual:
      return 0.25f;
    case Shape::kRising:
      return static_cast<float>(std::abs(x) + 0.01 * double(row));
  }
  return 0;
}

Factors MakeVectors(Shape shape, size_t rows, size_t dim, uint64_t seed) {
  Random random(seed);
  Factors vectors(rows, dim);
  for (size_t r = 0; r < rows; ++r) {
    for (float& x : vectors.MutableRow(r)) x = Number(shape, r, random);
  }
  return vectors;
}

std::vector<ScoredRow> BruteForce(const Factors& vectors, const ScanQuery& q,
                                  const ScanKernels& kernels) {
  std::vector<ScoredRow> all;
  for (size_t r = 0; r < vectors.rows(); ++r) {
    if (q.allowed != nullptr && !q.allowed->Test(r)) continue;
    const float dot =
        kernels.dot(q.query.data(), vectors.Row(r).data(), vectors.dim());
    const float score = q.bias.empty() ? dot : dot + q.bias[r];
    if (score > -std::numeric_limits<float>::infinity()) {
      all.push_back({static_cast<int32_t>(r), score});
    }
  }
  std::sort(all.begin(), all.end(), IsBetter);
  if (all.size() > static_cast<size_t>(q.k)) {
    all.resize(static_cast<size_t>(q.k));
  }
  return all;
}

class ScanTest : public ::testing::TestWithParam<InstructionSet> {
 protected:
  const ScanKernels& kernels() const { return KernelsFor(GetParam()); }

  ExactScan Scan(const Factors& vectors) const {
    return ExactScan(&vectors, {.threads = 1, .kernels = &kernels()});
  }

  // Of bytes alone, and with nibbles however small the matrix is.
  std::vector<ExactScan> Scans(const Factors& vectors) const {
    std::vector<ExactScan> scans;
    scans.push_back(Scan(vectors));
    scans.emplace_back(
        &vectors,
        ScanOptions{.threads = 1, .cached_bytes = 0, .kernels = &kernels()});
    return scans;
  }
};

TEST_P(ScanTest, KernelsAreOfTheSetThatTheySay) {
  EXPECT_EQ(kernels().set, GetParam());
}

TEST_P(ScanTest, DotAgreesWithDoublesAtEveryLength) {
  for (size_t dim = 0; dim < 140; ++dim) {
    const Factors v = MakeVectors(Shape::kNormal, 2, dim, dim);
    double exact = 0, magnitude = 0;
    for (size_t d = 0; d < dim; ++d) {
      const double product = double(v.Row(0)[d]) * double(v.Row(1)[d]);
      exact += product;
      magnitude += std::abs(product);
    }
    EXPECT_NEAR(kernels().dot(v.Row(0).data(), v.Row(1).data(), dim), exact,
                1e-6 * magnitude + 1e-30);
  }
}

TEST_P(ScanTest, AboveComparesEachSumOfAnyCount) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  Random random(7);
  std::vector<float> values(64), others(64);
  for (size_t i = 0; i < values.size(); ++i) {
    // Sums of halves are exact, so that some are equal to the threshold.
    values[i] = static_cast<float>(random.Below(8));
    others[i] = static_cast<float>(random.Below(8));
  }
  values[3] = values[17] = others[40] = kNaN;
  for (size_t count = 0; count <= values.size(); ++count) {
    uint64_t expected = 0;
    for (size_t i = 0; i < count; ++i) {
      expected |= uint64_t{values[i] + 0.5f * others[i] > 4} << i;
    }
    EXPECT_EQ(kernels().above(values.data(), others.data(), 0.5f, count, 4),
              expected)
        << count;
  }
}

// Few rows of each later block, which are scored one by one, and all of the
// first, which is looked at as codes.
TEST_P(ScanTest, TiesGoToTheSmallestRowOfAllBlocks) {
  constexpr size_t kBlocks = 113;
  const Factors vectors =
      MakeVectors(Shape::kNormal, kBlocks * kBlockRows, 8, 1);
  RowBitmap allowed(vectors.rows());
  for (size_t row = 0; row < kBlockRows; ++row) allowed.Set(row);
  for (size_t block = 1; block < kBlocks; ++block) {
    for (const size_t r : {5, 25, 45}) allowed.Set(block * kBlockRows + r);
  }
  const std::vector<float> zeros(8, 0.0f);
  const std::vector<float> bias(vectors.rows(), 1.0f);
  const ExactScan scan = Scan(vectors);
  for (const int k : {1, 3, 100}) {
    const std::vector<ScoredRow> best = scan.Search({zeros, k, &allowed, bias});
    ASSERT_EQ(best.size(), static_cast<size_t>(k));
    const std::vector<ScoredRow> expected =
        BruteForce(vectors, {zeros, k, &allowed, bias}, kernels());
    for (size_t i = 0; i < best.size(); ++i) {
      EXPECT_EQ(best[i].row, expected[i].row);
    }
  }
}

TEST_P(ScanTest, ARowHasOneScoreWhateverTheCall) {
  for (const size_t dim : {1, 7, 16, 33, 64, 100, 128}) {
    const Factors v = MakeVectors(Shape::kNormal, 11, dim, dim);
    const std::vector<int32_t> rows = {9, 0, 3, 3, 10};
    std::vector<float> all(11), some(5);
    const float* query = v.Row(5).data();
    kernels().dot_rows(query, v.data(), 11, dim, all.data());
    kernels().dot_gather(query, v.data(), dim, rows.data(), 5, some.data());
    for (size_t r = 0; r < 11; ++r) {
      EXPECT_EQ(all[r], kernels().dot(query, v.Row(r).data(), dim));
    }
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(some[i], all[static_cast<size_t>(rows[i])]);
    }
  }
}

// A question to all rows of a panel, and room for its answer.
struct Asked {
  Asked(const QuantizedQuery& query, const QuantizedRows& of, size_t blocks)
      : live(blocks, ~uint64_t{0}),
        rows(blocks * kBlockRows + kTileRows),
        dots(rows.size()) {
    panel_query.query = query.groups.data();
    panel_query.offset = of.Offset(query);
    panel_query.query_scale = query.scale;
    panel_query.row_weight = query.row_weight;
    panel_query.code_weight = of.CodeWeight(query);
    panel_query.threshold = -1e30f;
    panel_query.live = live.data();
    panel_query.rows = rows.data();
    panel_query.dots = dots.data();
  }
  Asked(const Asked&) = delete;

  std::vector<uint64_t> live;
  std::vector<int32_t> rows;
  std::vector<int32_t> dots;
  PanelQuery panel_query = {};
};

// Rows that passed and their products.
std::vector<std::pair<int32_t, int32_t>> Passed(const PanelQuery& query) {
  std::vector<std::pair<int32_t, int32_t>> passed;
  for (size_t i = 0; i < query.passed; ++i) {
    passed.emplace_back(query.rows[i], query.dots[i]);
  }
  return passed;
}

TEST_P(ScanTest, PanelsGiveTheRowsAndIntegersOfThePortableKernel) {
  constexpr size_t kBlocks = 3;
  for (const size_t dim : {1, 4, 8, 30, 64, 128, 300}) {
    const Factors v =
        MakeVectors(Shape::kNormal, kBlocks * kBlockRows, dim, dim + 1);
    const QuantizedRows rows(v, CodeBits::kEight, 1);
    const CodePanel panel = rows.Panel(0, kBlocks);
    std::vector<float> bias(v.rows());
    for (size_t r = 0; r < v.rows(); ++r) bias[r] = float(r % 7);
    for (size_t count = 1; count <= kQueriesAtOnce; ++count) {
      std::vector<QuantizedQuery> queries;
      std::vector<std::unique_ptr<Asked>> asked;
      std::vector<PanelQuery> got;
      for (size_t q = 0; q < count; ++q) {
        queries.push_back(QuantizeQuery(v.Row(q), kernels().query_limit));
      }
      for (size_t q = 0; q < count; ++q) {
        Asked& one = *asked.emplace_back(
            std::make_unique<Asked>(queries[q], rows, kBlocks));
        if (q % 4 > 0) one.panel_query.threshold = 0.3f * v.Row(3)[0];
        if (q % 4 > 1) one.panel_query.bias = bias.data();
        if (q % 4 > 2) one.live = {0xf0f0'0000'ffff'0001, 0, 0x8000};
        got.push_back(one.panel_query);
      }
      kernels().scan_panel(panel, got.data(), count);
      for (size_t q = 0; q < count; ++q) {
        const auto passed = Passed(got[q]);
        if (q % 4 == 0) {
          EXPECT_EQ(passed.size(), v.rows());
        }
        kPortableKernels.scan_panel(panel, &asked[q]->panel_query, 1);
        EXPECT_EQ(passed, Passed(asked[q]->panel_query));
      }
    }
  }
}

TEST_P(ScanTest, NibblesGiveTheRowsAndIntegersOfThePortableKernel) {
  constexpr size_t kBlocks = 3;
  for (const size_t dim : {1, 4, 5, 8, 30, 64, 128, 300}) {
    const Factors v =
        MakeVectors(Shape::kNormal, kBlocks * kBlockRows, dim, dim + 1);
    const QuantizedRows rows(v, CodeBits::kFour, 1);
    std::vector<float> bias(v.rows());
    for (size_t r = 0; r < v.rows(); ++r) bias[r] = float(r % 7);
    const QuantizedQuery query = QuantizeQuery(v.Row(5), kernels().query_limit);
    for (const bool all : {true, false}) {
      Asked mine(query, rows, kBlocks), theirs(query, rows, kBlocks);
      for (Asked* asked : {&mine, &theirs}) {
        if (all) continue;
        asked->panel_query.threshold = 0.3f * v.Row(3)[0];
        asked->panel_query.bias = bias.data();
        asked->live = {0xf0f0'0000'ffff'0001, 0, 0x8000};
      }
      const CodePanel panel = rows.Panel(0, kBlocks);
      kernels().scan_nibbles(panel, mine.panel_query);
      kPortableKernels.scan_nibbles(panel, theirs.panel_query);
      EXPECT_EQ(Passed(mine.panel_query), Passed(theirs.panel_query));
      EXPECT_EQ(mine.panel_query.passed == v.rows(), all);
    }
  }
}

TEST_P(ScanTest, ExtremeNibblesDoNotSaturate) {
  Factors v(64, 512);
  for (size_t r = 0; r < 64; ++r) {
    for (float& x : v.MutableRow(r)) x = r % 2 == 0 ? 1.0f : -1.0f;
  }
  const QuantizedRows rows(v, CodeBits::kFour, 1);
  for (const size_t row : {0, 1}) {
    const int limit = kernels().query_limit;
    const QuantizedQuery query = QuantizeQuery(v.Row(row), limit);
    Asked asked(query, rows, 1);
    kernels().scan_nibbles(rows.Panel(0, 1), asked.panel_query);
    ASSERT_EQ(asked.panel_query.passed, 64u);
    for (size_t r = 0; r < 64; ++r) {
      EXPECT_EQ(asked.dots[r], (r % 2 == row ? 256 : -256) * 15 * limit);
    }
  }
}

TEST_P(ScanTest, ExtremeCodesDoNotSaturate) {
  Factors v(64, 64);
  for (size_t r = 0; r < 64; ++r) {
    for (float& x : v.MutableRow(r)) x = r % 2 == 0 ? 127.0f : -127.0f;
  }
  const QuantizedRows rows(v, CodeBits::kEight, 1);
  for (const size_t row : {0, 1}) {
    const int limit = kernels().query_limit;
    const QuantizedQuery query = QuantizeQuery(v.Row(row), limit);
    Asked asked(query, rows, 1);
    kernels().scan_panel(rows.Panel(0, 1), &asked.panel_query, 1);
    ASSERT_EQ(asked.panel_query.passed, 64u);
    for (size_t r = 0; r < 64; ++r) {
      EXPECT_EQ(asked.dots[r], (r % 2 == row ? 64 : -64) * 127 * limit);
    }
  }
}

// And near enough to it for the bound to be worth something.
TEST_P(ScanTest, EstimatesStayWithinTheirBound) {
  for (const CodeBits bits : {CodeBits::kEight, CodeBits::kFour}) {
    double widest = 0;
    for (const Shape shape :
         {Shape::kNormal, Shape::kHeavyTail, Shape::kSparse}) {
      const Factors v = MakeVectors(shape, 256, 48, 5);
      const Factors queries = MakeVectors(shape, 20, 48, 6);
      const QuantizedRows rows(v, bits, 1);
      for (size_t q = 0; q < queries.rows(); ++q) {
        const QuantizedQuery query =
            QuantizeQuery(queries.Row(q), kernels().query_limit);
        Asked asked(query, rows, rows.blocks());
        if (bits == CodeBits::kEight) {
          kernels().scan_panel(rows.Panel(0, rows.blocks()), &asked.panel_query,
                               1);
        } else {
          kernels().scan_nibbles(rows.Panel(0, rows.blocks()),
                                 asked.panel_query);
        }
        ASSERT_EQ(asked.panel_query.passed, 256u);
        for (size_t r = 0; r < 256; ++r) {
          const float exact =
              kernels().dot(queries.Row(q).data(), v.Row(r).data(), 48);
          const float off =
              std::abs(exact - rows.Scale(r) * query.scale *
                                   static_cast<float>(asked.dots[r]));
          const float slack = rows.Slack(r, query);
          EXPECT_LE(off, slack);
          if (slack > 0) widest = std::max<double>(widest, off / slack);
        }
      }
    }
    EXPECT_GT(widest, 0.3);
  }
}

TEST_P(ScanTest, IsExactForEveryShapeOfData) {
  for (const Shape shape :
       {Shape::kNormal, Shape::kHeavyTail, Shape::kSparse, Shape::kTinyAndHuge,
        Shape::kEqual, Shape::kRising}) {
    const Factors v = MakeVectors(shape, 5003, 24, 7);
    const Factors queries = MakeVectors(shape, 14, 24, 8);
    const std::vector<ExactScan> scans = Scans(v);
    for (size_t q = 0; q < queries.rows(); ++q) {
      for (const int k : {1, 10, 100, 700, 5003}) {
        const ScanQuery query{queries.Row(q), k, nullptr, {}};
        const auto expected = BruteForce(v, query, kernels());
        for (const ExactScan& scan : scans) {
          EXPECT_EQ(scan.Search(query), expected)
              << "shape " << static_cast<int>(shape) << " k " << k;
        }
      }
    }
  }
}

TEST_P(ScanTest, IsExactUnderEveryKindOfFilter) {
  const Factors v = MakeVectors(Shape::kNormal, 6000, 40, 9);
  const Factors queries = MakeVectors(Shape::kNormal, 5, 40, 10);
  const std::vector<ExactScan> scans = Scans(v);
  Random random(11);
  for (const double fraction : {0.0, 0.003, 0.05, 0.2, 0.5, 0.97, 1.0}) {
    RowBitmap allowed(6000);
    std::vector<float> bias(6000);
    for (size_t r = 0; r < 6000; ++r) {
      if (random.Uniform() < fraction) allowed.Set(r);
      bias[r] = 4 * static_cast<float>(random.Normal());
    }
    for (size_t q = 0; q < queries.rows(); ++q) {
      const ScanQuery plain{queries.Row(q), 50, &allowed, {}};
      const ScanQuery biased{queries.Row(q), 50, &allowed, bias};
      for (const ExactScan& scan : scans) {
        EXPECT_EQ(scan.Search(plain), BruteForce(v, plain, kernels()));
        EXPECT_EQ(scan.Search(biased), BruteForce(v, biased, kernels()));
      }
    }
  }
}

TEST_P(ScanTest, TiesGoToTheSmallestRowsUnderAFilter) {
  const Factors v = MakeVectors(Shape::kEqual, 5000, 16, 12);
  const std::vector<ExactScan> scans = Scans(v);
  Random random(13);
  RowBitmap allowed(5000);
  for (size_t r = 0; r < 5000; ++r) {
    if (random.Uniform() < (r / 500 % 2 == 0 ? 0.05 : 0.8)) allowed.Set(r);
  }
  const ScanQuery query{v.Row(0), 600, &allowed, {}};
  for (const ExactScan& scan : scans) {
    EXPECT_EQ(scan.Search(query), BruteForce(v, query, kernels()));
  }
}

TEST_P(ScanTest, AZeroQueryRanksByBiasAlone) {
  const Factors v = MakeVectors(Shape::kNormal, 3000, 16, 14);
  const std::vector<float> zero(16, 0.0f);
  std::vector<float> bias(3000);
  for (size_t r = 0; r < 3000; ++r) bias[r] = static_cast<float>(r % 100);
  const ExactScan scan = Scan(v);
  const ScanQuery query{zero, 40, nullptr, bias};
  EXPECT_EQ(scan.Search(query), BruteForce(v, query, kernels()));
}

// A threshold is guessed from one block of eight: once all good rows are in
// such blocks, so that it is far too high, and once none of them is.
TEST_P(ScanTest, AGuessThatMissesChangesNothing) {
  const Factors v = MakeVectors(Shape::kNormal, 64 * 160, 16, 17);
  const Factors queries = MakeVectors(Shape::kNormal, 4, 16, 18);
  const std::vector<ExactScan> scans = Scans(v);
  for (size_t chosen = 0; chosen < 8; ++chosen) {
    std::vector<float> bias(v.rows(), 0.0f);
    for (size_t r = 0; r < v.rows(); ++r) {
      if (r / 64 % 8 == chosen) bias[r] = 100;
    }
    for (size_t q = 0; q < queries.rows(); ++q) {
      for (const int k : {1, 30, 300, 1400}) {
        const ScanQuery up{queries.Row(q), k, nullptr, bias};
        const auto expected = BruteForce(v, up, kernels());
        for (const ExactScan& scan : scans) {
          EXPECT_EQ(scan.Search(up), expected) << k;
        }
      }
    }
    for (float& b : bias) b = -b;
    const ScanQuery down{queries.Row(0), 200, nullptr, bias};
    for (const ExactScan& scan : scans) {
      EXPECT_EQ(scan.Search(down), BruteForce(v, down, kernels()));
    }
  }
}

TEST_P(ScanTest, ABatchGivesWhatSingleSearchesGive) {
  const Factors v = MakeVectors(Shape::kNormal, 5000, 32, 15);
  const Factors queries = MakeVectors(Shape::kNormal, 100, 32, 16);
  const ExactScan scan = Scan(v);
  std::vector<ScanQuery> batch;
  for (size_t q = 0; q < queries.rows(); ++q) {
    batch.push_back({queries.Row(q), static_cast<int>(q % 40), nullptr, {}});
  }
  const auto got = scan.SearchBatch(batch);
  for (size_t q = 0; q < batch.size(); ++q) {
    EXPECT_EQ(got[q], scan.Search(batch[q]));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sets, ScanTest, ::testing::ValuesIn(SupportedSets()),
    [](const ::testing::TestParamInfo<InstructionSet>& info) {
      return std::string(InstructionSetName(info.param));
    });

}  // namespace
}  // namespace usher
