#include "index/base/cow_vector.h"

#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

std::vector<int64_t> Content(const CowVector<int64_t>& rows) {
  std::vector<int64_t> content;
  for (size_t i = 0; i < rows.size(); ++i) content.push_back(rows[i]);
  return content;
}

struct Pair {
  CowVector<int64_t> rows;
  std::vector<int64_t> expected;
};

TEST(CowVectorTest, EveryBranchAgreesWithAnOrdinaryVector) {
  Random random(1);
  std::vector<Pair> branches(1);
  for (int step = 0; step < 20'000; ++step) {
    Pair& branch = branches[random.Below(branches.size())];
    const int64_t value = static_cast<int64_t>(random.Next() >> 1);
    const uint64_t action = random.Below(100);
    if (action < 40) {
      branch.rows.PushBack(value);
      branch.expected.push_back(value);
    } else if (action < 95 && !branch.expected.empty()) {
      const size_t row = random.Below(branch.expected.size());
      branch.rows.Mutable(row) = value;
      branch.expected[row] = value;
    } else if (action < 98) {
      const size_t size = branch.expected.size() + random.Below(700);
      branch.rows.Resize(size);
      branch.expected.resize(size);
    } else if (branches.size() < 8) {
      Pair shared{branch.rows.Share(), branch.expected};
      branches.push_back(std::move(shared));
    } else {
      const size_t kept = random.Below(branches.size());
      std::swap(branches[kept], branches.back());
      branches.pop_back();
    }
  }
  for (const Pair& branch : branches) {
    EXPECT_EQ(Content(branch.rows), branch.expected);
  }
}

TEST(CowVectorTest, ManyNodesAreGrownAndRead) {
  CowVector<int> rows;
  for (int i = 0; i < 40'000; ++i) rows.PushBack(i);
  for (int i = 0; i < 40'000; ++i) ASSERT_EQ(rows[i], i);
}

TEST(CowVectorTest, UnwrittenRowsReadAsTheDefault) {
  struct Row {
    int number = 7;
  };
  CowVector<Row> rows;
  rows.Resize(1000);
  EXPECT_EQ(rows[999].number, 7);
  rows.Mutable(5).number = 1;
  EXPECT_EQ(rows[6].number, 7);
}

TEST(CowVectorTest, ResizingNeverShrinks) {
  CowVector<int> rows;
  rows.Resize(10);
  rows.Resize(3);
  EXPECT_EQ(rows.size(), 10u);
}

TEST(CowVectorTest, BorrowedRowsAreReadInPlaceAndNeverWritten) {
  for (const size_t size : {0u, 1u, 255u, 256u, 257u, 1000u, 20'000u}) {
    auto memory = std::make_shared<std::vector<int>>(size);
    std::iota(memory->begin(), memory->end(), 0);
    const std::vector<int> before = *memory;
    auto rows = CowVector<int>::Borrow(memory->data(), size, memory);
    ASSERT_EQ(rows.size(), size);
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(rows[i], before[i]);
    for (size_t i = 0; i < size; i += 100) rows.Mutable(i) = -1;
    rows.PushBack(5);
    for (size_t i = 0; i < size; ++i) {
      ASSERT_EQ(rows[i], i % 100 == 0 ? -1 : before[i]);
    }
    EXPECT_EQ(rows[size], 5);
    EXPECT_EQ(*memory, before);
  }
}

TEST(CowVectorTest, SharesKeepBorrowedMemoryAlive) {
  auto memory = std::make_shared<std::vector<int>>(512, 3);
  const std::weak_ptr<std::vector<int>> alive = memory;
  {
    CowVector<int> shared;
    {
      auto rows = CowVector<int>::Borrow(memory->data(), 512, memory);
      shared = rows.Share();
    }
    memory.reset();
    EXPECT_FALSE(alive.expired());
    EXPECT_EQ(shared[511], 3);
  }
  EXPECT_TRUE(alive.expired());
}

TEST(CowVectorTest, ReadersOfASharedCopyDoNotMeetTheWriter) {
  CowVector<int> rows;
  for (int i = 0; i < 3000; ++i) rows.PushBack(1);
  for (int round = 0; round < 20; ++round) {
    const CowVector<int> shared = rows.Share();
    const int sum = 3000 + round * 300;
    int64_t read = 0;
    std::thread reader([&] {
      for (size_t i = 0; i < shared.size(); ++i) read += shared[i];
    });
    for (int i = 0; i < 3000; i += 10) rows.Mutable(i) += 1;
    rows.PushBack(0);
    reader.join();
    EXPECT_EQ(read, sum);
  }
}

TEST(CowVectorTest, SmallChunksHoldWhatAPlainVectorHolds) {
  CowVector<int, 4> rows;
  std::vector<int> expected;
  std::vector<CowVector<int, 4>> shared;
  std::vector<std::vector<int>> then;
  for (int i = 0; i < 3000; ++i) {
    rows.PushBack(i);
    expected.push_back(i);
    const size_t changed = static_cast<size_t>(i) * 7919 % expected.size();
    rows.Mutable(changed) = -i;
    expected[changed] = -i;
    if (i % 500 == 0) {
      shared.push_back(rows.Share());
      then.push_back(expected);
    }
  }
  shared.push_back(rows.Share());
  then.push_back(expected);
  for (size_t s = 0; s < shared.size(); ++s) {
    ASSERT_EQ(shared[s].size(), then[s].size());
    for (size_t i = 0; i < then[s].size(); ++i) {
      ASSERT_EQ(shared[s][i], then[s][i]) << s << " " << i;
    }
  }
}

}  // namespace
}  // namespace usher
