#include "index/catalog/id_map.h"

#include <atomic>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

// Ids as a mapped file holds them.
struct FlatIds {
  std::vector<uint64_t> offsets = {0};
  std::string bytes;
};

FlatIds Flatten(const std::vector<std::string>& ids) {
  FlatIds flat;
  for (const std::string& id : ids) {
    flat.bytes += id;
    flat.offsets.push_back(flat.bytes.size());
  }
  return flat;
}

TEST(IdMapTest, AKeyFindsItsIdAndNoOther) {
  std::vector<std::string> base;
  for (int i = 0; i < 10'000; ++i) base.push_back(absl::StrCat("base", i));
  const FlatIds flat = Flatten(base);
  IdMap ids(flat.offsets.data(), flat.bytes.data(), base.size(), nullptr);
  for (int i = 0; i < 20'000; ++i) ids.Add(absl::StrCat("tail", i));
  for (size_t row = 0; row < ids.size(); ++row) {
    const uint64_t key = IdKey(ids.Name(static_cast<int32_t>(row)));
    EXPECT_EQ(key >> (8 * kIdKeyBytes), 0u);
    ASSERT_EQ(ids.FindKey(key), static_cast<int32_t>(row));
  }
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_EQ(ids.FindKey(IdKey(absl::StrCat("other", i))), -1);
  }
  EXPECT_EQ(IdMap().FindKey(0), -1);
}

TEST(IdMapTest, AgreesWithAnOrdinaryMapOverRandomIds) {
  IdMap ids;
  std::unordered_map<std::string, int32_t> expected;
  Random random(1);
  for (int i = 0; i < 50'000; ++i) {
    const std::string id = absl::StrCat("id", random.Below(20'000));
    const int32_t fresh = static_cast<int32_t>(expected.size());
    const int32_t row = expected.try_emplace(id, fresh).first->second;
    ASSERT_EQ(ids.Add(id), row);
    ASSERT_EQ(ids.Name(row), id);
    const std::string other = absl::StrCat("id", random.Below(40'000));
    const auto found = expected.find(other);
    ASSERT_EQ(ids.Find(other), found == expected.end() ? -1 : found->second);
  }
  EXPECT_EQ(ids.size(), expected.size());
}

TEST(IdMapTest, IdsOfAFileKeepTheirRowsAndNewOnesFollow) {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back(absl::StrCat("event-", i));
  const FlatIds flat = Flatten(names);
  IdMap ids(flat.offsets.data(), flat.bytes.data(), names.size(), nullptr);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ids.Find(names[i]), i);
  for (int i = 0; i < 3000; ++i) {
    EXPECT_EQ(ids.Add(absl::StrCat("new-", i)), 1000 + i);
  }
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ids.Add(names[i]), i);
  EXPECT_EQ(ids.Name(999), "event-999");
  EXPECT_EQ(ids.Name(3999), "new-2999");
}

TEST(IdMapTest, OfEqualIdsInAFileTheFirstWins) {
  const FlatIds flat = Flatten({"a", "b", "a"});
  IdMap ids(flat.offsets.data(), flat.bytes.data(), 3, nullptr);
  EXPECT_EQ(ids.Find("a"), 0);
  for (int i = 0; i < 500; ++i) ids.Add(absl::StrCat("x", i));
  EXPECT_EQ(ids.Find("a"), 0);
}

TEST(IdMapTest, TheEmptyIdIsAnIdLikeOthers) {
  IdMap ids;
  EXPECT_EQ(ids.Find(""), -1);
  EXPECT_EQ(ids.Add(""), 0);
  EXPECT_EQ(ids.Add("x"), 1);
  EXPECT_EQ(ids.Find(""), 0);
  EXPECT_EQ(ids.Name(0), "");
}

TEST(IdMapTest, IdsMayHoldAnyBytesAndBeLong) {
  IdMap ids;
  const std::string zero("a\0b", 3);
  const std::string longer(200'000, 'z');
  EXPECT_EQ(ids.Add(zero), 0);
  EXPECT_EQ(ids.Add("a"), 1);
  EXPECT_EQ(ids.Add(longer), 2);
  EXPECT_EQ(ids.Add("after"), 3);
  EXPECT_EQ(ids.Name(0), zero);
  EXPECT_EQ(ids.Name(2), longer);
}

TEST(IdMapTest, AFileIsKeptAliveAsLongAsItsIds) {
  auto keep = std::make_shared<int>(1);
  const std::weak_ptr<int> alive = keep;
  const FlatIds flat = Flatten({"a"});
  {
    const IdMap ids(flat.offsets.data(), flat.bytes.data(), 1, std::move(keep));
    EXPECT_FALSE(alive.expired());
  }
  EXPECT_TRUE(alive.expired());
}

TEST(IdMapTest, ReadersSeeWholeIdsWhileOneThreadAdds) {
  constexpr int kIds = 30'000;
  IdMap ids;
  std::atomic<int> published{0};
  std::atomic<int> wrong{0};
  const auto read = [&](uint64_t seed) {
    Random random(seed);
    for (int seen = 0; seen < kIds; seen = published.load()) {
      if (seen == 0) continue;
      const int row = static_cast<int>(random.Below(seen));
      wrong += ids.Find(absl::StrCat("id-", row)) != row;
      wrong += ids.Name(row) != absl::StrCat("id-", row);
      // Not there, or there already: never another row.
      const int32_t late = ids.Find(absl::StrCat("id-", seen + 1));
      wrong += late != -1 && late != seen + 1;
      wrong += ids.Find("never") != -1;
    }
  };
  std::thread first(read, 1);
  std::thread second(read, 2);
  for (int i = 0; i < kIds; ++i) {
    ids.Add(absl::StrCat("id-", i));
    published.store(i + 1);
  }
  first.join();
  second.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace usher
