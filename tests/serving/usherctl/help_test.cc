#include "serving/usherctl/help.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/usherctl/arguments.h"
#include "serving/usherctl/display_text.h"

namespace usher::ctl {
namespace {

using ::testing::HasSubstr;

TEST(HelpTest, NamesEveryCommandAndEveryFlag) {
  const std::string general = HelpText(nullptr);
  for (const Command& command : Commands()) {
    EXPECT_THAT(general, HasSubstr(absl::StrCat("  ", command.name, " ")));
    const std::string own = HelpText(&command);
    for (const FlagGroup& group : command.groups) {
      for (const Flag& flag : group.flags) {
        EXPECT_THAT(own, HasSubstr(absl::StrCat("  --", flag.name)));
      }
    }
    for (const GlobalFlag& flag : GlobalFlags()) {
      EXPECT_THAT(own, HasSubstr(absl::StrCat("  --", flag.name)));
    }
  }
}

TEST(HelpTest, NoFlagOfACommandHidesAGlobalOne) {
  for (const Command& command : Commands()) {
    for (const GlobalFlag& flag : GlobalFlags()) {
      EXPECT_EQ(FindFlag(command, flag.name), nullptr) << flag.name;
    }
  }
}

TEST(HelpTest, EveryExampleIsAValidCommandLine) {
  for (const Command& command : Commands()) {
    ASSERT_FALSE(command.examples.empty()) << command.name;
    for (absl::string_view example : command.examples) {
      const std::vector<std::string> args = absl::StrSplit(example, ' ');
      const absl::StatusOr<Arguments> arguments = ParseArguments(args);
      ASSERT_TRUE(arguments.ok()) << example << ": " << arguments.status();
      EXPECT_EQ(arguments->command, &command) << example;
    }
  }
}

TEST(HelpTest, LinesFitIntoEightyColumns) {
  for (const Command& command : Commands()) {
    const std::string text = HelpText(nullptr) + HelpText(&command);
    for (const std::string& line :
         std::vector<std::string>(absl::StrSplit(text, '\n'))) {
      EXPECT_LE(DisplayWidth(line), 80) << line;
    }
  }
}

}  // namespace
}  // namespace usher::ctl
