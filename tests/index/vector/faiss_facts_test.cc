// What we found FAISS 1.7.3 to do, so that an upgrade that changes it tells us.
// A failure here is news, not necessarily a bug: see index/vector/README.md for
// what was decided because of it.
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/impl/IDSelector.h>
#include <faiss/index_factory.h>
#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <numeric>
#include <set>
#include <thread>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

using Id = faiss::Index::idx_t;

constexpr int kDim = 16;
constexpr Id kRows = 3000;
constexpr Id kQueries = 30;
constexpr Id kTop = 10;

static_assert(std::is_same_v<Id, int64_t>);

std::vector<float> RandomFloats(Id rows, uint64_t seed) {
  Random random(seed);
  std::vector<float> out(static_cast<size_t>(rows * kDim));
  for (float& x : out) x = static_cast<float>(random.Normal());
  return out;
}

class FaissFactsTest : public ::testing::Test {
 protected:
  FaissFactsTest()
      : vectors_(RandomFloats(kRows, 1)), queries_(RandomFloats(kQueries, 2)) {
    omp_set_num_threads(1);
    flat_.add(kRows, vectors_.data());
  }

  std::vector<Id> Search(const faiss::Index& index,
                         const faiss::SearchParameters* params = nullptr) {
    std::vector<float> scores(kQueries * kTop);
    std::vector<Id> labels(kQueries * kTop);
    index.search(kQueries, queries_.data(), kTop, scores.data(), labels.data(),
                 params);
    return labels;
  }

  double Recall(const std::vector<Id>& got,
                const faiss::SearchParameters* params = nullptr) {
    const std::vector<Id> exact = Search(flat_, params);
    double found = 0, wanted = 0;
    for (Id q = 0; q < kQueries; ++q) {
      const std::set<Id> have(got.begin() + q * kTop,
                              got.begin() + (q + 1) * kTop);
      for (Id i = q * kTop; i < (q + 1) * kTop; ++i) {
        if (exact[static_cast<size_t>(i)] < 0) continue;
        wanted += 1;
        found += have.count(exact[static_cast<size_t>(i)]) > 0 ? 1 : 0;
      }
    }
    return found / wanted;
  }

  std::unique_ptr<faiss::IndexHNSWFlat> MakeHnsw() {
    auto hnsw = std::make_unique<faiss::IndexHNSWFlat>(
        kDim, 8, faiss::METRIC_INNER_PRODUCT);
    hnsw->add(kRows, vectors_.data());
    return hnsw;
  }

  std::unique_ptr<faiss::Index> MakeIvf() {
    std::unique_ptr<faiss::Index> ivf(
        faiss::index_factory(kDim, "IVF8,Flat", faiss::METRIC_INNER_PRODUCT));
    dynamic_cast<faiss::IndexIVF&>(*ivf).cp.min_points_per_centroid = 1;
    ivf->train(kRows, vectors_.data());
    ivf->add(kRows, vectors_.data());
    return ivf;
  }

  const std::vector<float> vectors_;
  const std::vector<float> queries_;
  faiss::IndexFlatIP flat_{kDim};
};

TEST_F(FaissFactsTest, Fact3IdMapsRefuseSearchParameters) {
  faiss::IndexFlatIP inner(kDim);
  faiss::IndexIDMap map(&inner);
  std::vector<Id> ids(kRows);
  std::iota(ids.begin(), ids.end(), 0);
  map.add_with_ids(kRows, vectors_.data(), ids.data());
  const faiss::IDSelectorRange some(0, 100);
  faiss::SearchParameters params;
  params.sel = const_cast<faiss::IDSelectorRange*>(&some);
  EXPECT_THROW(Search(map, &params), std::exception);
}

TEST_F(FaissFactsTest, Fact3FlatIvfAndHnswHonourSelectors) {
  const faiss::IDSelectorRange some(1000, 2000);
  faiss::SearchParameters flat;
  faiss::SearchParametersIVF ivf;
  faiss::SearchParametersHNSW hnsw;
  flat.sel = ivf.sel = hnsw.sel = const_cast<faiss::IDSelectorRange*>(&some);
  for (const auto& labels : {Search(flat_, &flat), Search(*MakeIvf(), &ivf),
                             Search(*MakeHnsw(), &hnsw)}) {
    for (const Id label : labels) {
      EXPECT_TRUE(label == -1 || (label >= 1000 && label < 2000));
    }
  }
}

TEST_F(FaissFactsTest, Fact4HnswIgnoresALargerEfSearchOfARequest) {
  const auto hnsw = MakeHnsw();
  faiss::SearchParametersHNSW narrow, wide;
  narrow.efSearch = hnsw->hnsw.efSearch;
  wide.efSearch = 512;
  EXPECT_EQ(Search(*hnsw, &narrow), Search(*hnsw, &wide));
  hnsw->hnsw.efSearch = 10;
  const double before = Recall(Search(*hnsw));
  hnsw->hnsw.efSearch = 512;
  EXPECT_GT(Recall(Search(*hnsw)), before + 0.05);
}

TEST_F(FaissFactsTest, Fact5HnswCannotRemoveFlatAndIvfCan) {
  const faiss::IDSelectorRange some(0, 10);
  EXPECT_THROW(MakeHnsw()->remove_ids(some), std::exception);
  EXPECT_EQ(MakeIvf()->remove_ids(some), 10u);
  EXPECT_EQ(flat_.remove_ids(some), 10u);
}

TEST_F(FaissFactsTest, Fact6FilteredHnswPadsAndLosesRecall) {
  const auto hnsw = MakeHnsw();
  hnsw->hnsw.efSearch = 64;
  const faiss::IDSelectorRange few(0, 30);
  faiss::SearchParametersHNSW params;
  faiss::SearchParameters exact;
  params.sel = exact.sel = const_cast<faiss::IDSelectorRange*>(&few);
  const std::vector<Id> labels = Search(*hnsw, &params);
  EXPECT_GT(std::count(labels.begin(), labels.end(), -1), 0);
  EXPECT_LT(Recall(labels, &exact), 0.9);
}

TEST_F(FaissFactsTest, Fact8OnlyNpSpecsAvoidPolysemousTraining) {
  const auto polysemous = [](const char* spec) {
    const std::unique_ptr<faiss::Index> index(
        faiss::index_factory(kDim, spec, faiss::METRIC_INNER_PRODUCT));
    return dynamic_cast<faiss::IndexIVFPQ&>(*index).do_polysemous_training;
  };
  EXPECT_TRUE(polysemous("IVF16,PQ8"));
  EXPECT_FALSE(polysemous("IVF16,PQ8np"));
  faiss::IndexFlatL2 centres(kDim);
  const faiss::IndexIVFPQ ours(&centres, kDim, 16, 8, 8);
  EXPECT_FALSE(ours.do_polysemous_training);
}

TEST_F(FaissFactsTest, Fact9ErrorsAreStandardExceptions) {
  EXPECT_THROW(faiss::index_factory(kDim, "nonsense"), std::exception);
  EXPECT_THROW(faiss::IndexIVFPQ(&flat_, kDim, 4, 5, 8), std::exception);
}

// Storage whose distances count their calls.
struct CountingFlat final : faiss::IndexFlatIP {
  struct Computer final : faiss::FlatCodesDistanceComputer {
    Computer(const CountingFlat& owner, faiss::FlatCodesDistanceComputer* inner)
        : FlatCodesDistanceComputer(owner.codes.data(), owner.code_size),
          owner(owner),
          inner(inner) {}
    void set_query(const float* x) override { inner->set_query(x); }
    float symmetric_dis(Id i, Id j) override {
      return inner->symmetric_dis(i, j);
    }
    float distance_to_code(const uint8_t* code) override {
      ++owner.calls;
      return inner->distance_to_code(code);
    }
    const CountingFlat& owner;
    std::unique_ptr<faiss::FlatCodesDistanceComputer> inner;
  };
  explicit CountingFlat(Id dim) : faiss::IndexFlatIP(dim) {}
  faiss::FlatCodesDistanceComputer* get_FlatCodesDistanceComputer()
      const override {
    return new Computer(*this, IndexFlatIP::get_FlatCodesDistanceComputer());
  }
  mutable int64_t calls = 0;
};

TEST_F(FaissFactsTest, Fact14HnswTakesItsDistancesFromTheStorage) {
  CountingFlat storage(kDim);
  faiss::IndexHNSW hnsw(&storage, 8);
  hnsw.add(500, vectors_.data());
  EXPECT_GT(storage.calls, 500);
  storage.calls = 0;
  Search(hnsw);
  EXPECT_GT(storage.calls, kQueries);
}

TEST_F(FaissFactsTest, Fact16ThreadLimitsBelongToTheThreadThatSetsThem) {
  omp_set_num_threads(1);
  std::thread([] { omp_set_num_threads(3); }).join();
  EXPECT_EQ(omp_get_max_threads(), 1);
}

}  // namespace
}  // namespace usher
