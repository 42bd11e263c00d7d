#include "index/state/key_table.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

constexpr size_t kMergeAt = 500;

// The part of a state that the table needs, and a std::map beside it.
class KeyTableTest : public ::testing::Test {
 protected:
  KeyTableTest() {
    Open();
    EXPECT_TRUE(
        database_
            .Execute("CREATE TABLE properties (name PRIMARY KEY, value);"
                     "CREATE TABLE interactions (position INTEGER "
                     "PRIMARY KEY, key INTEGER);"
                     "CREATE TABLE interaction_keys (key INTEGER "
                     "PRIMARY KEY, position INTEGER)")
            .ok());
    Reopen();
  }

  void Open() {
    database_ = SqliteDatabase::Open(folder_.Path("keys.db"),
                                     SqliteDatabase::Mode::kWrite)
                    .value();
    ASSERT_TRUE(database_.Execute("PRAGMA synchronous=OFF").ok());
  }
  void Reopen() {
    table_.reset();
    Open();
    table_.emplace(kMergeAt);
    ASSERT_TRUE(table_->Open(database_).ok());
  }

  // A transaction of `rows` random keys.
  void AddGroup(int rows, bool commit) {
    ASSERT_TRUE(database_.Execute("BEGIN").ok());
    std::map<int64_t, int64_t> added;
    int64_t position = position_;
    for (int i = 0; i < rows; ++i) {
      const int64_t key = static_cast<int64_t>(Mix64(++random_));
      ++position;
      ASSERT_TRUE(database_
                      .Execute(absl::StrCat("INSERT INTO interactions VALUES (",
                                            position, ",", key, ")"))
                      .ok());
      table_->Add(key, position);
      added[key] = position;
    }
    ASSERT_TRUE(table_->MergeSlice().ok());
    if (!commit) {
      ASSERT_TRUE(database_.Execute("ROLLBACK").ok());
      table_->RolledBack();
      for (const auto& [key, at] : added) never_[key] = at;
      return;
    }
    ASSERT_TRUE(database_.Execute("COMMIT").ok());
    table_->Committed();
    position_ = position;
    expected_.insert(added.begin(), added.end());
  }

  void ExpectAllFound() {
    for (const auto& [key, position] : expected_) {
      ASSERT_EQ(table_->Find(key).value(), position);
    }
    for (const auto& [key, position] : never_) {
      ASSERT_EQ(table_->Find(key).value(), std::nullopt);
    }
  }

  ScratchFolder folder_;
  SqliteDatabase database_;
  std::optional<KeyTable> table_;
  std::map<int64_t, int64_t> expected_;
  std::map<int64_t, int64_t> never_;
  int64_t position_ = 0;
  uint64_t random_ = 0;
};

TEST_F(KeyTableTest, FindsEveryKeyWhereverItIsAndAfterAReopen) {
  for (int group = 0; group < 100; ++group) {
    AddGroup(1 + group % 70, /*commit=*/group % 7 != 3);
    if (group % 20 == 19) ExpectAllFound();
    if (group % 30 == 29) {
      Reopen();
      ExpectAllFound();
    }
  }
  EXPECT_GT(expected_.size(), 3 * kMergeAt);
}

TEST_F(KeyTableTest, KeepsAFewTimesItsBoundInMemory) {
  for (int group = 0; group < 200; ++group) {
    AddGroup(50, /*commit=*/true);
    ASSERT_LT(table_->in_memory(), 3 * kMergeAt);
  }
  Reopen();
  EXPECT_LT(table_->in_memory(), 4 * kMergeAt);
  ExpectAllFound();
}

// Asked for what is not there, the table says so whatever the filter knows.
TEST_F(KeyTableTest, TheFilterKnowsAllKeysAfterAWhileAndLosesNone) {
  while (expected_.size() < 4 * kMergeAt) AddGroup(50, /*commit=*/true);
  EXPECT_TRUE(table_->filter_is_whole());
  Reopen();
  EXPECT_FALSE(table_->filter_is_whole());
  for (int group = 0; !table_->filter_is_whole(); ++group) {
    ASSERT_LT(group, 100);
    AddGroup(20, /*commit=*/group % 3 != 0);
    if (group % 5 == 0) ExpectAllFound();
  }
  // Once more than it was made for, it is made anew.
  const size_t many = 3 * expected_.size();
  while (expected_.size() < many) {
    AddGroup(500, /*commit=*/true);
    ExpectAllFound();
  }
}

TEST_F(KeyTableTest, TheFilterKnowsAllKeysAfterARestAndLosesNone) {
  while (expected_.size() < 4 * kMergeAt) AddGroup(50, /*commit=*/true);
  Reopen();
  ASSERT_FALSE(table_->filter_is_whole());
  for (int rest = 0; !table_->filter_is_whole(); ++rest) {
    ASSERT_LT(rest, 100);
    ASSERT_TRUE(table_->Rest().ok());
  }
  ExpectAllFound();
  ASSERT_TRUE(table_->Rest().ok());
  AddGroup(50, /*commit=*/true);
  ExpectAllFound();
}

TEST(KeyFilterTest, MissesNoKeyAndHasFewThatAreNotThere) {
  constexpr int kKeys = 20'000;
  KeyFilter filter(kKeys);
  const auto key = [](int i) {
    return static_cast<int64_t>(Mix64(static_cast<uint64_t>(i)));
  };
  for (int i = 0; i < kKeys; ++i) filter.Add(key(i));
  for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(filter.MayHave(key(i)));
  int false_ones = 0;
  for (int i = kKeys; i < 2 * kKeys; ++i) false_ones += filter.MayHave(key(i));
  EXPECT_LT(false_ones, kKeys / 40);
}

TEST_F(KeyTableTest, PositionsThatARollbackGaveBackAreNotTakenForMerged) {
  while (table_->in_memory() + 60 < kMergeAt) AddGroup(50, /*commit=*/true);
  AddGroup(1000, /*commit=*/false);
  // The pass that begins now must end before what comes during it.
  for (int i = 0; i < 8; ++i) AddGroup(20, /*commit=*/true);
  Reopen();
  ExpectAllFound();
}

TEST_F(KeyTableTest, AMergeThatIsRolledBackIsDoneAgain) {
  while (table_->in_memory() + 60 < kMergeAt) AddGroup(50, /*commit=*/true);
  for (int i = 0; i < 5; ++i) AddGroup(50, /*commit=*/false);
  ExpectAllFound();
  for (int i = 0; i < 30; ++i) AddGroup(20, /*commit=*/true);
  ExpectAllFound();
  Reopen();
  ExpectAllFound();
}

}  // namespace
}  // namespace usher
