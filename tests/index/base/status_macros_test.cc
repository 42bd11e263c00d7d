#include "index/base/status_macros.h"

#include <memory>
#include <utility>

#include "gtest/gtest.h"

namespace usher {
namespace {

absl::StatusOr<int> HalfOf(int x) {
  if (x % 2 != 0) return absl::InvalidArgumentError("odd");
  return x / 2;
}

absl::Status CheckHalf(int x, int& calls_after) {
  RETURN_IF_ERROR(HalfOf(x).status());
  ++calls_after;
  return absl::OkStatus();
}

absl::StatusOr<int> QuarterOf(int x) {
  ASSIGN_OR_RETURN(const int half, HalfOf(x));
  ASSIGN_OR_RETURN(const int quarter, HalfOf(half));
  return quarter;
}

absl::StatusOr<std::unique_ptr<int>> Boxed(int x) {
  return std::make_unique<int>(x);
}

absl::StatusOr<int> Unboxed(int x) {
  ASSIGN_OR_RETURN(const std::unique_ptr<int> box, Boxed(x));
  return *box;
}

TEST(StatusMacrosTest, ReturnIfErrorGoesOnWhenOkAndStopsOtherwise) {
  int calls = 0;
  EXPECT_TRUE(CheckHalf(4, calls).ok());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(CheckHalf(3, calls), absl::InvalidArgumentError("odd"));
  EXPECT_EQ(calls, 1);
}

TEST(StatusMacrosTest, AssignOrReturnBindsOrReturns) {
  EXPECT_EQ(QuarterOf(12).value(), 3);
  EXPECT_EQ(QuarterOf(6).status(), absl::InvalidArgumentError("odd"));
}

TEST(StatusMacrosTest, AssignOrReturnMovesWhatCannotBeCopied) {
  EXPECT_EQ(Unboxed(7).value(), 7);
}

TEST(CheckDeathTest, ABrokenPromiseAbortsWithItsText) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  USHER_CHECK(1 + 1 == 2);
  EXPECT_DEATH(USHER_CHECK(1 + 1 == 3), "broken promise: 1 \\+ 1 == 3");
}

}  // namespace
}  // namespace usher
