#include "serving/security/token_table.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Hex(absl::string_view token) {
  const TokenHash hash = HashOfToken(token);
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(hash.data()), hash.size()));
}

absl::Status ErrorOf(absl::string_view text) {
  return TokenTable::Parse("tokens", text).status();
}

TEST(HashOfTokenTest, IsSha256) {
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(Hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(TokenTableTest, ATokenAllowsItsScopesAndNoOthers) {
  const TokenTable table =
      TokenTable::Parse("tokens",
                        absl::StrCat("# who may what\n\n", "app read,write ",
                                     Hex("a1"), "\r\n  ops\tadmin ", Hex("b2")))
          .value();
  EXPECT_EQ(table.size(), 2);
  EXPECT_TRUE(table.Check("Bearer a1", Scope::kRead).ok());
  EXPECT_TRUE(table.Check("bearer a1", Scope::kWrite).ok());
  const absl::Status denied = table.Check("Bearer a1", Scope::kAdmin);
  EXPECT_TRUE(absl::IsPermissionDenied(denied));
  EXPECT_THAT(std::string(denied.message()), HasSubstr("\"app\""));
  EXPECT_TRUE(table.Check("Bearer b2", Scope::kAdmin).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(table.Check("Bearer b2", Scope::kRead)));
}

TEST(TokenTableTest, WhatIsNoKnownTokenIsUnauthenticatedAndNotRepeated) {
  const TokenTable table =
      TokenTable::Parse("tokens", absl::StrCat("app read ", Hex("a1"))).value();
  for (const std::string& header :
       {std::string(), std::string("a1"), std::string("Basic a1"),
        std::string("Bearer "), std::string("Bearer secret9"),
        std::string("Bearer a1 "), absl::StrCat("Bearer ", Hex("a1")),
        absl::StrCat("Bearer ", std::string(100'000, 'x'))}) {
    const absl::Status status = table.Check(header, Scope::kRead);
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << header.substr(0, 80);
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret9")));
  }
}

TEST(TokenTableTest, ABadLineIsNamed) {
  const std::string good = absl::StrCat("app read ", Hex("a1"), "\n");
  const auto error = [&](absl::string_view line) {
    const absl::Status status = ErrorOf(absl::StrCat(good, line));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << line;
    return std::string(status.message());
  };
  EXPECT_THAT(error("ops read"), HasSubstr("tokens:2: has not three words"));
  EXPECT_THAT(error(absl::StrCat("ops root ", Hex("x"))),
              HasSubstr("there is no scope \"root\""));
  EXPECT_THAT(error(absl::StrCat("ops read, ", Hex("x"))),
              HasSubstr("there is no scope \"\""));
  EXPECT_THAT(error("ops read plain-token"), HasSubstr("not a SHA-256"));
  EXPECT_THAT(error(absl::StrCat("o\"ps read ", Hex("x"))),
              HasSubstr("a name is"));
  EXPECT_THAT(error(absl::StrCat("app write ", Hex("x"))),
              HasSubstr("the same name"));
  EXPECT_THAT(error(absl::StrCat("ops write ", Hex("a1"))),
              HasSubstr("the same hash"));
  EXPECT_THAT(std::string(ErrorOf("# nobody\n").message()),
              HasSubstr("tokens: has no token"));
}

TEST(TokenTableTest, TheNumberOfTokensIsBounded) {
  std::string text;
  for (size_t i = 0; i <= TokenTable::kMaxTokens; ++i) {
    absl::StrAppend(&text, "t", i, " read ", Hex(absl::StrCat(i)), "\n");
  }
  EXPECT_THAT(std::string(ErrorOf(text).message()), HasSubstr("more than"));
}

}  // namespace
}  // namespace usher
