#include "index/base/list_column.h"

#include <memory>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using Lists = std::vector<std::vector<int>>;

void ExpectEqual(const ListColumn<int>& column, const Lists& expected) {
  ASSERT_EQ(column.size(), expected.size());
  for (size_t row = 0; row < expected.size(); ++row) {
    EXPECT_THAT(column[row], ElementsAreArray(expected[row])) << row;
  }
}

struct Branch {
  ListColumn<int> column;
  Lists expected;
};

// Random writes to random branches of copies.
void WriteRandomly(std::vector<Branch> branches, uint64_t seed) {
  Random random(seed);
  for (int step = 0; step < 20'000; ++step) {
    Branch& branch = branches[random.Below(branches.size())];
    const int value = static_cast<int>(random.Below(1000));
    const uint64_t action = random.Below(100);
    if (action < 3) {
      branch.expected.resize(branch.expected.size() + random.Below(20));
      branch.column.Resize(branch.expected.size());
    } else if (branch.expected.empty()) {
      continue;
    } else if (action < 80) {
      const size_t row = random.Below(branch.expected.size());
      branch.column.Append(row, value);
      branch.expected[row].push_back(value);
    } else if (action < 90) {
      const size_t row = random.Below(branch.expected.size());
      std::vector<int>& list = branch.expected[row];
      if (list.empty()) continue;
      const size_t at = random.Below(list.size());
      branch.column.Erase(row, at);
      list.erase(list.begin() + static_cast<ptrdiff_t>(at));
    } else if (action < 94) {
      const size_t row = random.Below(branch.expected.size());
      std::vector<int>& list = branch.expected[row];
      if (list.empty()) continue;
      const size_t at = random.Below(list.size());
      branch.column.Set(row, at, value);
      list[at] = value;
    } else if (action < 98) {
      const size_t row = random.Below(branch.expected.size());
      branch.expected[row].resize(random.Below(6), value);
      branch.column.Assign(row, branch.expected[row]);
    } else if (branches.size() < 8) {
      Branch shared{branch.column.Share(), branch.expected};
      branches.push_back(std::move(shared));
    } else {
      std::swap(branches[random.Below(branches.size())], branches.back());
      branches.pop_back();
    }
  }
  for (const Branch& branch : branches) {
    ExpectEqual(branch.column, branch.expected);
  }
}

TEST(ListColumnTest, EveryBranchAgreesWithOrdinaryVectors) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    WriteRandomly(std::vector<Branch>(1), seed);
  }
}

TEST(ListColumnTest, BorrowedListsAgreeWithOrdinaryVectorsWhenWritten) {
  const std::vector<uint64_t> offsets = {0, 0, 3, 3, 5};
  const std::vector<int> values = {1, 2, 3, 4, 5};
  const Lists expected = {{}, {1, 2, 3}, {}, {4, 5}};
  std::vector<Branch> branches(1);
  branches[0].column =
      ListColumn<int>::Borrow(offsets.data(), values.data(), 4, nullptr);
  branches[0].expected = expected;
  ExpectEqual(branches[0].column, expected);
  WriteRandomly(std::move(branches), 4);
  EXPECT_THAT(values, ElementsAre(1, 2, 3, 4, 5));
}

TEST(ListColumnTest, ABorrowedListCanBeEmptied) {
  const std::vector<uint64_t> offsets = {0, 2};
  const std::vector<int> values = {1, 2};
  auto column =
      ListColumn<int>::Borrow(offsets.data(), values.data(), 1, nullptr);
  column.Assign(0, {});
  EXPECT_THAT(column[0], IsEmpty());
  column.Append(0, 9);
  EXPECT_THAT(column[0], ElementsAre(9));
}

TEST(ListColumnTest, AListCanTakeItsOwnElements) {
  ListColumn<int> column;
  column.Resize(1);
  column.Assign(0, {1, 2, 3, 4});
  for (int i = 0; i < 100; ++i) column.Append(0, column[0][0]);
  EXPECT_EQ(column[0].size(), 104u);
  EXPECT_EQ(column[0].back(), 1);
  column.Assign(0, column[0].subspan(1, 2));
  EXPECT_THAT(column[0], ElementsAre(2, 3));
}

TEST(ListColumnTest, ErasingKeepsTheOrderAndWhatACopySees) {
  ListColumn<int> column;
  column.Resize(1);
  for (int i = 0; i < 6; ++i) column.Append(0, i);
  column.Erase(0, 2);
  EXPECT_THAT(column[0], ElementsAre(0, 1, 3, 4, 5));
  ListColumn<int> copy = column.Share();
  column.Append(0, 6);
  column.Erase(0, 0);
  copy.Erase(0, 4);
  EXPECT_THAT(column[0], ElementsAre(1, 3, 4, 5, 6));
  EXPECT_THAT(copy[0], ElementsAre(0, 1, 3, 4));
  const ListColumn<int> frozen = column.Share();
  while (!column[0].empty()) column.Erase(0, 0);
  EXPECT_THAT(column[0], IsEmpty());
  EXPECT_THAT(frozen[0], ElementsAre(1, 3, 4, 5, 6));
}

TEST(ListColumnTest, TwoBranchesThatAppendDoNotOverwriteEachOther) {
  ListColumn<int> a;
  a.Resize(1);
  a.Append(0, 1);
  ListColumn<int> b = a.Share();
  a.Append(0, 2);
  b.Append(0, 3);
  a.Append(0, 4);
  EXPECT_THAT(a[0], ElementsAre(1, 2, 4));
  EXPECT_THAT(b[0], ElementsAre(1, 3));
}

TEST(ListColumnTest, ReadersOfASharedCopyDoNotMeetTheWriter) {
  ListColumn<int> column;
  column.Resize(50);
  for (int round = 0; round < 50; ++round) {
    const ListColumn<int> shared = column.Share();
    size_t seen = 0;
    int wrong = 0;
    std::thread reader([&] {
      for (size_t row = 0; row < shared.size(); ++row) {
        seen += shared[row].size();
        for (const int value : shared[row]) wrong += value >= round;
      }
    });
    for (size_t row = 0; row < 50; ++row) column.Append(row, round);
    reader.join();
    EXPECT_EQ(seen, 50u * round);
    EXPECT_EQ(wrong, 0);
  }
}

}  // namespace
}  // namespace usher
