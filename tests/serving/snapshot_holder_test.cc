#include "serving/snapshot_holder.h"

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "gtest/gtest.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

std::shared_ptr<const Served> Tiny(int64_t version) {
  Snapshot snapshot = TinySnapshot(TinyCatalog());
  snapshot.info.version = version;
  return std::make_shared<const Served>(
      std::move(snapshot), RankingPolicy(),
      std::make_shared<const LiveColumnsCache>(4, 0));
}

TEST(SnapshotHolderTest, HoldsNothingUntilTheFirstPublish) {
  SnapshotHolder holder;
  EXPECT_EQ(holder.Get(), nullptr);
  holder.Publish(Tiny(1));
  EXPECT_EQ(holder.Get()->snapshot().info.version, 1);
}

TEST(SnapshotHolderTest, AReplacedModelGoesWhenReclaimFindsItUnread) {
  SnapshotHolder holder;
  holder.Publish(Tiny(1));
  std::shared_ptr<const Served> reader = holder.Get();
  const std::weak_ptr<const Served> first = reader;
  holder.Publish(Tiny(2));
  holder.Reclaim();
  EXPECT_EQ(reader->snapshot().info.version, 1);
  reader = nullptr;
  EXPECT_FALSE(first.expired()) << "freed by the reader";
  holder.Reclaim();
  EXPECT_TRUE(first.expired());
  EXPECT_EQ(holder.Get()->snapshot().info.version, 2);
}

TEST(SnapshotHolderTest, ReadersSeeWholeModelsWhileOthersArePublished) {
  SnapshotHolder holder;
  holder.Publish(Tiny(0));
  std::atomic<bool> done{false};
  std::thread reader([&] {
    int64_t last = 0;
    while (!done) {
      const std::shared_ptr<const Served> served = holder.Get();
      EXPECT_GE(served->snapshot().info.version, last);
      EXPECT_EQ(served->snapshot().catalog.num_users(), 5u);
      last = served->snapshot().info.version;
    }
  });
  for (int version = 1; version <= 50; ++version) {
    holder.Publish(Tiny(version));
    holder.Reclaim();
  }
  done = true;
  reader.join();
}

}  // namespace
}  // namespace usher
