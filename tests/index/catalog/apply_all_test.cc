#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "index/catalog/catalog.h"

namespace usher {
namespace {

template <class T>
std::string Bytes(absl::Span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()),
          values.size() * sizeof(T)};
}

template <class T>
void ExpectSame(const CowVector<T>& a, const CowVector<T>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t row = 0; row < a.size(); ++row) {
    EXPECT_EQ(std::memcmp(&a[row], &b[row], sizeof(T)), 0) << row;
  }
}

template <class T>
void ExpectSame(const ListColumn<T>& a, const ListColumn<T>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t row = 0; row < a.size(); ++row) {
    EXPECT_TRUE(Bytes(a[row]) == Bytes(b[row])) << row;
  }
}

template <class Row>
void ExpectSame(const ChangeLog<Row>& a, const ChangeLog<Row>& b) {
  ASSERT_EQ(a.revision(), b.revision());
  const int64_t all = 0;
  for (const int64_t since : {all, a.revision() / 2, a.revision() - 50}) {
    EXPECT_EQ(a.Since(since), b.Since(since));
  }
}

void ExpectSame(const Catalog& a, const Catalog& b) {
  ExpectSame(a.events.columns, b.events.columns);
  ExpectSame(a.events.counters, b.events.counters);
  ExpectSame(a.events.attendees, b.events.attendees);
  ExpectSame(a.organizers.counters, b.organizers.counters);
  ExpectSame(a.organizers.events, b.organizers.events);
  ExpectSame(a.organizers.attendees, b.organizers.attendees);
  ExpectSame(a.users.columns, b.users.columns);
  ExpectSame(a.users.history, b.users.history);
  ExpectSame(a.users.commitments, b.users.commitments);
  ExpectSame(a.changed_events, b.changed_events);
  ExpectSame(a.changed_users, b.changed_users);
}

struct Size {
  int users = 40;
  int events = 300;
  int organizers = 12;
  int interactions = 20'000;
};

// Every fourth event or so has no organizer.
void Describe(const Size& size, Random& random, Catalog& catalog) {
  for (int i = 0; i < size.events; ++i) {
    Event event;
    event.id = absl::StrCat("e", i);
    if (random.Below(4) != 0) {
      event.organizer = absl::StrCat("o", random.Below(size.organizers));
    }
    catalog.UpsertEvent(event);
  }
  for (int i = 0; i < size.users; ++i) catalog.UserRowOf(absl::StrCat("u", i));
}

// All kinds, with and without value, out of order, some undated; the first
// users do most.
std::vector<InteractionRecord> Interactions(const Size& size, Random& random) {
  std::vector<InteractionRecord> interactions(size.interactions);
  for (int i = 0; i < size.interactions; ++i) {
    InteractionRecord& row = interactions[i];
    row.user = static_cast<int32_t>(random.Below(1 + random.Below(size.users)));
    row.event = static_cast<int32_t>(random.Below(size.events));
    row.kind = static_cast<InteractionKind>(
        1 + random.Below(kNumInteractionKinds - 1));
    if (random.Below(3) == 0) row.value = static_cast<float>(random.Below(6));
    row.time = random.Below(10) == 0
                   ? kNoTime
                   : (i + static_cast<Micros>(random.Below(500))) * kMinute;
  }
  return interactions;
}

void ApplyOneByOne(const std::vector<InteractionRecord>& interactions,
                   Catalog& catalog) {
  for (const InteractionRecord& row : interactions) {
    catalog.Apply(UserRow{row.user}, EventRow{row.event}, row.kind, row.value,
                  row.time);
  }
}

Catalog Described(const Size& size, uint64_t seed) {
  Catalog catalog;
  Random random(seed);
  Describe(size, random, catalog);
  return catalog;
}

TEST(ApplyAllTest, IsApplyingOneByOneOnAnyNumberOfThreads) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const Size size;
    Random random(seed);
    Catalog expected = Described(size, seed);
    Catalog one = Described(size, seed);
    Catalog three = Described(size, seed);
    const auto interactions = Interactions(size, random);
    ApplyOneByOne(interactions, expected);
    one.ApplyAll(interactions, 1);
    three.ApplyAll(interactions, 3);
    ExpectSame(one, expected);
    ExpectSame(three, expected);
  }
}

TEST(ApplyAllTest, CutsLongHistoriesAtTheSamePlaces) {
  const Size size = {3, 30'000, 40, 60'000};
  Random random(5);
  Catalog expected = Described(size, 5);
  Catalog together = Described(size, 5);
  const auto interactions = Interactions(size, random);
  ApplyOneByOne(interactions, expected);
  together.ApplyAll(interactions, 2);
  ExpectSame(together, expected);
  const auto kept = std::count_if(
      interactions.begin(), interactions.end(), [](const auto& row) {
        return row.user == 0 &&
               (IsAnswer(row.kind) || TasteWeight(row.kind, row.value) != 0);
      });
  EXPECT_GT(kept, static_cast<std::ptrdiff_t>(Catalog::kMaxHistory));
  EXPECT_LT(together.users.history[0].size(), Catalog::kMaxHistory);
}

TEST(ApplyAllTest, BatchesGoOnWhereTheOneBeforeEnded) {
  const Size size;
  Random random(8);
  Catalog expected = Described(size, 8);
  Catalog together = Described(size, 8);
  const auto interactions = Interactions(size, random);
  ApplyOneByOne(interactions, expected);
  together.ApplyAll(interactions, 2, interactions.size() / 7);
  ExpectSame(together, expected);
}

TEST(ApplyAllTest, GoesOnFromAnyCatalogAndLeavesItsCopiesAlone) {
  const Size size;
  Random random(6);
  Catalog expected = Described(size, 6);
  Catalog together = Described(size, 6);
  const auto first = Interactions(size, random);
  ApplyOneByOne(first, expected);
  together.ApplyAll(first, 2);
  const Catalog copy = together.Share();
  const Catalog expected_copy = expected.Share();
  for (Catalog* catalog : {&expected, &together}) {
    Random same(7);
    Describe(size, same, *catalog);
    catalog->ForgetUser(UserRow{2});
  }
  const auto second = Interactions(size, random);
  ApplyOneByOne(second, expected);
  together.ApplyAll(second, 2);
  ExpectSame(together, expected);
  ExpectSame(copy, expected_copy);
}

TEST(ApplyAllTest, OfNothingChangesNothing) {
  Catalog catalog;
  catalog.ApplyAll({});
  EXPECT_EQ(catalog.num_users(), 0);
  EXPECT_EQ(catalog.changed_users.revision(), 0);
}

}  // namespace
}  // namespace usher
