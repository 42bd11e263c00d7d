#include "trainer/taste_matrix.h"

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using Cells = std::map<std::pair<int32_t, int32_t>, float>;

Cells CellsOf(const SparseMatrix& matrix) {
  Cells cells;
  for (int32_t row = 0; row < matrix.rows(); ++row) {
    for (size_t i = 0; i < matrix.RowColumns(row).size(); ++i) {
      cells[{row, matrix.RowColumns(row)[i]}] = matrix.RowValues(row)[i];
    }
  }
  return cells;
}

// Events 0 and 1 are of organizer 0, event 2 of organizer 1, event 3 of none.
Catalog SmallCatalog() {
  Catalog catalog;
  for (int i = 0; i < 4; ++i) {
    Event event;
    event.id = absl::StrCat("e", i);
    if (i < 3) event.organizer = absl::StrCat("o", i / 2);
    catalog.UpsertEvent(event);
  }
  User follower;
  follower.id = "follower";
  follower.groups = {{"o1", kNoTime}};
  catalog.UpsertUser(follower);
  const UserRow ann = catalog.UserRowOf("ann");
  const auto did = [&](int event, InteractionKind kind) {
    catalog.Apply(ann, EventRow{event}, kind, NAN, kDay);
  };
  did(0, InteractionKind::kRsvpYes);
  did(1, InteractionKind::kAttend);
  did(1, InteractionKind::kView);
  did(2, InteractionKind::kRsvpNo);
  did(3, InteractionKind::kInterested);
  return catalog;
}

TEST(TasteMatrixTest, UsersByEventsHoldPositiveTastesOnly) {
  const SparseMatrix matrix = UserEventMatrix(SmallCatalog()).value();
  EXPECT_EQ(matrix.rows(), 2);
  EXPECT_EQ(matrix.columns(), 4);
  const Cells cells = CellsOf(matrix);
  ASSERT_EQ(cells.size(), 3);
  EXPECT_FLOAT_EQ(cells.at({1, 0}), 1.0f);
  EXPECT_FLOAT_EQ(cells.at({1, 1}), 1.55f);
  EXPECT_FLOAT_EQ(cells.at({1, 3}), 0.5f);
}

TEST(TasteMatrixTest, UsersByOrganizersHoldLogarithmsAndFollows) {
  const SparseMatrix matrix = UserOrganizerMatrix(SmallCatalog()).value();
  EXPECT_EQ(matrix.rows(), 2);
  EXPECT_EQ(matrix.columns(), 2);
  const Cells cells = CellsOf(matrix);
  ASSERT_EQ(cells.size(), 2);
  EXPECT_FLOAT_EQ(cells.at({0, 1}), 0.5f);
  EXPECT_FLOAT_EQ(cells.at({1, 0}), std::log1p(2.55f));
}

TEST(TasteMatrixTest, ManyUsersOnAnyNumberOfThreadsGiveTheSame) {
  constexpr int kUsers = 700;
  Catalog catalog;
  for (int i = 0; i < 9; ++i) catalog.EventRowOf(absl::StrCat("e", i));
  for (int user = 0; user < kUsers; ++user) {
    const UserRow row = catalog.UserRowOf(absl::StrCat("u", user));
    for (int i = 0; i <= user % 4; ++i) {
      catalog.Apply(row, EventRow{(user + 5 * i) % 9},
                    InteractionKind::kRsvpYes, NAN, kDay);
    }
  }
  const SparseMatrix one = UserEventMatrix(catalog, {}, 1).value();
  const SparseMatrix two = UserEventMatrix(catalog, {}, 2).value();
  ASSERT_EQ(one.rows(), kUsers);
  EXPECT_EQ(CellsOf(two), CellsOf(one));
  for (int user = 0; user < kUsers; ++user) {
    EXPECT_EQ(one.RowColumns(user).size(), user % 4 + 1);
  }
}

TEST(TasteMatrixTest, WithoutOrganizersThereAreNoColumns) {
  Catalog catalog;
  Event event;
  event.id = "e";
  catalog.UpsertEvent(event);
  catalog.Apply(catalog.UserRowOf("u"), EventRow{0}, InteractionKind::kRsvpYes,
                NAN, kDay);
  const SparseMatrix matrix = UserOrganizerMatrix(catalog).value();
  EXPECT_EQ(matrix.columns(), 0);
  EXPECT_EQ(matrix.entries(), 0);
}

}  // namespace
}  // namespace usher
