#include "index/artifact/forgotten_file.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "index/base/file.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

TEST(ForgottenFileTest, WhoWasAddedIsRead) {
  const ScratchFolder folder;
  EXPECT_TRUE(ReadForgotten(folder.path())->empty());
  ASSERT_TRUE(
      AddForgotten(folder.path(), TombstoneOf("ann", "5a17", kDay)).ok());
  ASSERT_TRUE(
      AddForgotten(folder.path(), TombstoneOf("bob", "5a17", kDay)).ok());
  const ForgottenUsers forgotten = ReadForgotten(folder.path()).value();
  EXPECT_EQ(forgotten.size(), 2);
  EXPECT_TRUE(forgotten.Contains("ann"));
  EXPECT_TRUE(forgotten.Contains("bob"));
}

TEST(ForgottenFileTest, ALineThatWasNotWrittenToItsEndHidesNoOther) {
  const ScratchFolder folder;
  ASSERT_TRUE(
      AddForgotten(folder.path(), TombstoneOf("ann", "5a17", kDay)).ok());
  const std::string path = folder.Path(kForgottenFile);
  const std::string whole = ReadFile(path).value();
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_TRUE(
        WriteFileSynced(path, absl::StrCat(whole, whole.substr(0, size))).ok());
    ASSERT_TRUE(
        AddForgotten(folder.path(), TombstoneOf("bob", "5a17", kDay)).ok());
    const ForgottenUsers forgotten = ReadForgotten(folder.path()).value();
    EXPECT_TRUE(forgotten.Contains("ann")) << size;
    EXPECT_TRUE(forgotten.Contains("bob")) << size;
    EXPECT_EQ(forgotten.size(), 2) << size;
  }
}

TEST(ForgottenFileTest, ADirectoryThatCannotBeWrittenToIsAnError) {
  EXPECT_FALSE(
      AddForgotten("/nowhere/at/all", TombstoneOf("ann", "5a17", 0)).ok());
}

}  // namespace
}  // namespace usher
