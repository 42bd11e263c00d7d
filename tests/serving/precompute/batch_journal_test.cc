#include "serving/precompute/batch_journal.h"

#include "gtest/gtest.h"

namespace usher {
namespace {

BatchJournal Journal() {
  return {42,
          "20261123T060519.990-v1",
          1000 * kSecond,
          -5 * kSecond,
          2048,
          77,
          "odd\nid\n{}"};
}

TEST(BatchJournalTest, IsReadAsItWasWritten) {
  const BatchJournal read = *ParseBatchJournal(BatchJournalText(Journal()));
  EXPECT_EQ(read.fingerprint, 42u);
  EXPECT_EQ(read.batch, Journal().batch);
  EXPECT_EQ(read.started, Journal().started);
  EXPECT_EQ(read.now, Journal().now);
  EXPECT_EQ(read.users, 2048);
  EXPECT_EQ(read.bytes, 77);
  EXPECT_EQ(read.last_user, "odd\nid\n{}");
}

TEST(BatchJournalTest, AnythingElseIsNone) {
  const std::string text = BatchJournalText(Journal());
  EXPECT_FALSE(ParseBatchJournal("").has_value());
  EXPECT_FALSE(ParseBatchJournal(text.substr(0, 30)).has_value());
  EXPECT_FALSE(ParseBatchJournal("x" + text).has_value());
  BatchJournal bad = Journal();
  bad.batch = "a:b";
  EXPECT_FALSE(ParseBatchJournal(BatchJournalText(bad)).has_value());
  bad = Journal();
  bad.users = -1;
  EXPECT_FALSE(ParseBatchJournal(BatchJournalText(bad)).has_value());
}

TEST(BatchJournalTest, OnlyTheSameWorkOfTodayIsGoneOnWith) {
  const Micros started = Journal().started;
  EXPECT_TRUE(ToGoOnWith(Journal(), 42, started + kDay).has_value());
  EXPECT_FALSE(ToGoOnWith(Journal(), 43, started).has_value());
  EXPECT_FALSE(ToGoOnWith(Journal(), 42, started + kDay + 1).has_value());
  EXPECT_FALSE(ToGoOnWith(Journal(), 42, started - 1).has_value());
  EXPECT_FALSE(ToGoOnWith(std::nullopt, 42, started).has_value());
}

}  // namespace
}  // namespace usher
