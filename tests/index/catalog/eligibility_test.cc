#include "index/catalog/eligibility.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace usher {
namespace {

constexpr Micros kStart = 1000 * kDay;
constexpr Micros kEnd = kStart + 2 * kHour;

EventColumns Described() {
  EventColumns event;
  event.absent = 0;
  return event;
}

EventColumns Dated() {
  EventColumns event = Described();
  event.start = kStart;
  event.end = kEnd;
  return event;
}

TEST(EligibilityTest, AnEventIsLiveStrictlyBeforeItsStart) {
  EXPECT_EQ(WhyNotLive(Dated(), kStart - 1, {}), DropReason::kNone);
  EXPECT_EQ(WhyNotLive(Dated(), kStart, {}), DropReason::kEnded);
}

TEST(EligibilityTest, WhereRunningEventsCountItIsLiveStrictlyBeforeItsEnd) {
  const EligibilityOptions running{.include_running = true};
  EXPECT_EQ(WhyNotLive(Dated(), kStart - 1, running), DropReason::kNone);
  EXPECT_EQ(WhyNotLive(Dated(), kStart, running), DropReason::kNone);
  EXPECT_EQ(WhyNotLive(Dated(), kEnd - 1, running), DropReason::kNone);
  EXPECT_EQ(WhyNotLive(Dated(), kEnd, running), DropReason::kEnded);
}

TEST(EligibilityTest, AnEventWithoutAnEndNeverRuns) {
  EventColumns event = Dated();
  event.end = kNoTime;
  EXPECT_EQ(WhyNotLive(event, kStart, {.include_running = true}),
            DropReason::kEnded);
}

TEST(EligibilityTest, AnEventIsLiveFromItsAnnouncementOn) {
  EventColumns event = Dated();
  event.announce = kStart - kDay;
  EXPECT_EQ(WhyNotLive(event, event.announce - 1, {}),
            DropReason::kNotAnnounced);
  EXPECT_EQ(WhyNotLive(event, event.announce, {}), DropReason::kNone);
}

TEST(EligibilityTest, AnEventWithoutAStartNeverExpires) {
  EXPECT_EQ(WhyNotLive(Described(), 1'000'000 * kDay, {}), DropReason::kNone);
}

TEST(EligibilityTest, AnUndatedEventLivesForTheLifetimeAfterItsAnnouncement) {
  const EligibilityOptions options{.undated_lifetime = 30 * kDay};
  EventColumns event = Described();
  event.announce = kStart;
  EXPECT_EQ(WhyNotLive(event, kStart + 30 * kDay - 1, options),
            DropReason::kNone);
  EXPECT_EQ(WhyNotLive(event, kStart + 30 * kDay, options), DropReason::kEnded);
  event.announce = kNoTime;
  EXPECT_EQ(WhyNotLive(event, kStart + 30 * kDay, options), DropReason::kNone);
}

TEST(EligibilityTest, OnlyAScheduledEventIsLive) {
  EventColumns event = Dated();
  event.status = EventStatus::kCancelled;
  EXPECT_EQ(WhyNotLive(event, 0, {}), DropReason::kCancelled);
  event.status = EventStatus::kSoldOut;
  EXPECT_EQ(WhyNotLive(event, 0, {}), DropReason::kSoldOut);
  event.status = EventStatus::kHidden;
  EXPECT_EQ(WhyNotLive(event, 0, {}), DropReason::kHidden);
}

TEST(EligibilityTest, AnEventThatNobodyDescribedIsHidden) {
  EXPECT_EQ(WhyNotLive(EventColumns(), 0, {}), DropReason::kHidden);
}

TEST(EligibilityTest, TheFirstReasonInTheirOrderIsNamed) {
  EventColumns event = Dated();
  event.announce = kStart + kDay;
  event.status = EventStatus::kSoldOut;
  EXPECT_EQ(WhyNotLive(event, kStart - 1, {}), DropReason::kSoldOut);
  EXPECT_EQ(WhyNotLive(event, kStart, {}), DropReason::kEnded);
  event.absent = 1;
  EXPECT_EQ(WhyNotLive(event, kStart, {}), DropReason::kHidden);
}

TEST(EligibilityTest, EveryReasonHasANameOfItsOwn) {
  std::set<std::string> names;
  for (int i = 0; i < kNumDropReasons; ++i) {
    names.insert(std::string(DropReasonName(static_cast<DropReason>(i))));
  }
  EXPECT_EQ(names, (std::set<std::string>{"", "hidden", "ended", "cancelled",
                                          "sold_out", "not_announced",
                                          "answered", "filtered", "rule"}));
}

}  // namespace
}  // namespace usher
