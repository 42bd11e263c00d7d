#include "index/base/cpu.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::ExitedWithCode;
using ::testing::HasSubstr;

// The choice is made once per process, so every case runs in one of its own.
class InstructionSetTest : public ::testing::Test {
 protected:
  InstructionSetTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// Ends the process with the level that is chosen when USHER_ISA is `wanted`
// (nullptr: not set).
[[noreturn]] void ExitWithLevel(const char* wanted) {
  if (wanted == nullptr) {
    unsetenv("USHER_ISA");
  } else {
    setenv("USHER_ISA", wanted, /*overwrite=*/1);
  }
  std::exit(static_cast<int>(ActiveInstructionSet()));
}

int BestLevel() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512vnni") &&
      __builtin_cpu_supports("avx512vl")) {
    return static_cast<int>(InstructionSet::kAvx512);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return static_cast<int>(InstructionSet::kAvx2);
  }
#endif
  return static_cast<int>(InstructionSet::kPortable);
}

TEST_F(InstructionSetTest, TheBestOneIsChosenWhenNoneIsNamed) {
  EXPECT_EXIT(ExitWithLevel(nullptr), ExitedWithCode(BestLevel()), "^$");
  EXPECT_EXIT(ExitWithLevel(""), ExitedWithCode(BestLevel()), "^$");
}

TEST_F(InstructionSetTest, ThePortableOneCanAlwaysBeNamed) {
  EXPECT_EXIT(ExitWithLevel("portable"), ExitedWithCode(0), "^$");
}

TEST_F(InstructionSetTest, ASetIsUsedWhenTheMachineHasItAndReportedOtherwise) {
  for (const auto& [name, level] :
       {std::pair("avx2", 1), std::pair("avx512", 2)}) {
    const bool supported = level <= BestLevel();
    EXPECT_EXIT(ExitWithLevel(name),
                ExitedWithCode(supported ? level : BestLevel()),
                supported ? "^$" : "not supported by this machine");
  }
}

TEST_F(InstructionSetTest, AnUnknownNameIsIgnoredWithItsNameOnStderr) {
  EXPECT_EXIT(ExitWithLevel("sse9"), ExitedWithCode(BestLevel()),
              AllOf(HasSubstr("USHER_ISA=sse9"), HasSubstr("unknown")));
}

TEST_F(InstructionSetTest, NamesAreThoseOfTheEnvironmentVariable) {
  EXPECT_EQ(InstructionSetName(InstructionSet::kPortable), "portable");
  EXPECT_EQ(InstructionSetName(InstructionSet::kAvx2), "avx2");
  EXPECT_EQ(InstructionSetName(InstructionSet::kAvx512), "avx512");
}

TEST_F(InstructionSetTest, TheChoiceDoesNotChangeWithinAProcess) {
  EXPECT_EQ(ActiveInstructionSet(), ActiveInstructionSet());
}

}  // namespace
}  // namespace usher
