#include "serving/security/token_file.h"

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

std::string Line(absl::string_view name, absl::string_view token) {
  const TokenHash hash = HashOfToken(token);
  return absl::StrCat(
      name, " read ",
      absl::BytesToHexString(absl::string_view(
          reinterpret_cast<const char*>(hash.data()), hash.size())),
      "\n");
}

class TokenFileTest : public ::testing::Test {
 protected:
  bool Knows(const std::string& token) {
    return file_->Check(absl::StrCat("Bearer ", token), Scope::kRead).ok();
  }

  ScratchFolder folder_;
  const std::string path_ = folder_.Write("tokens", Line("app", "one"));
  std::unique_ptr<TokenFile> file_ = TokenFile::Open(path_).value();
};

TEST_F(TokenFileTest, AddedTokensCountAndRemovedOnesDoNot) {
  EXPECT_TRUE(Knows("one"));
  EXPECT_FALSE(file_->RunOnce().value());
  folder_.Write("tokens", Line("app", "two"));
  EXPECT_FALSE(Knows("two"));
  EXPECT_TRUE(file_->RunOnce().value());
  EXPECT_TRUE(Knows("two"));
  EXPECT_FALSE(Knows("one"));
  EXPECT_FALSE(file_->RunOnce().value());
}

TEST_F(TokenFileTest, ABadFileKeepsTheTokensAndIsReportedOnce) {
  for (const char* bad : {"", "app read", "app read one two\n"}) {
    folder_.Write("tokens", bad);
    const absl::StatusOr<bool> looked = file_->RunOnce();
    EXPECT_TRUE(absl::IsInvalidArgument(looked.status())) << bad;
    EXPECT_THAT(std::string(looked.status().message()), HasSubstr(path_));
    EXPECT_FALSE(file_->RunOnce().value()) << bad;
    EXPECT_TRUE(Knows("one"));
  }
  std::filesystem::remove(path_);
  EXPECT_TRUE(absl::IsNotFound(file_->RunOnce().status()));
  EXPECT_FALSE(file_->RunOnce().value());
  EXPECT_TRUE(Knows("one"));
  folder_.Write("tokens", Line("app", "two"));
  EXPECT_TRUE(file_->RunOnce().value());
  EXPECT_TRUE(Knows("two"));
}

TEST_F(TokenFileTest, AMissingFileIsAnError) {
  EXPECT_TRUE(absl::IsNotFound(TokenFile::Open(folder_.Path("none")).status()));
}

}  // namespace
}  // namespace usher
