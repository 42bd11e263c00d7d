#include "serving/security/tls_files.h"

#include <filesystem>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/file.h"
#include "tests/testing/certificates.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TlsFilesTest : public ::testing::Test {
 protected:
  TlsFilesTest() { Write(authority_.Issue("first")); }

  void Write(const Identity& identity) {
    folder_.Write("cert", identity.cert);
    folder_.Write("key", identity.key);
  }
  std::string ErrorOf(const TlsOptions& options) {
    const absl::Status status = ReadTlsFiles(options).status();
    EXPECT_FALSE(status.ok());
    return std::string(status.message());
  }

  ScratchFolder folder_;
  Authority authority_;
  const TlsOptions options_ = {folder_.Path("cert"), folder_.Path("key"),
                               folder_.Write("ca", authority_.cert())};
};

TEST_F(TlsFilesTest, WhatDoesNotFitTogetherIsNamed) {
  EXPECT_TRUE(ReadTlsFiles(options_).ok());
  const Identity other = authority_.Issue("other");
  const std::string other_key = folder_.Write("other", other.key);
  EXPECT_THAT(ErrorOf({options_.cert, other_key, ""}),
              AllOf(HasSubstr(other_key), HasSubstr("is not the key of"),
                    HasSubstr(options_.cert)));
  EXPECT_THAT(ErrorOf({other_key, other_key, ""}),
              HasSubstr("holds no certificate"));
  EXPECT_THAT(ErrorOf({options_.cert, options_.cert, ""}),
              HasSubstr("holds no unencrypted private key"));
  EXPECT_THAT(ErrorOf({options_.cert, options_.key, other_key}),
              HasSubstr("holds no certificate"));
  EXPECT_THAT(ErrorOf({folder_.Path("none"), options_.key, ""}),
              HasSubstr(folder_.Path("none")));
}

TEST_F(TlsFilesTest, TheEndOfTheCertificateIsKnown) {
  const Micros day = ReadTlsFiles(options_)->ends - Clock::System().Now();
  EXPECT_GT(day, 23 * kHour);
  EXPECT_LT(day, 25 * kHour);
}

// gRPC opens the path again and again.
TEST_F(TlsFilesTest, ThePathShowsWhatFitsTogetherAndNothingElse) {
  const auto files = TlsFiles::Open(options_).value();
  const std::string path = files->identity_path();
  const std::string first = ReadFile(path).value();
  EXPECT_EQ(first, ReadTlsFiles(options_)->identity);
  EXPECT_FALSE(files->RunOnce().value());

  // The certificate comes before its key.
  const Identity second = authority_.Issue("second");
  folder_.Write("cert", second.cert);
  EXPECT_THAT(std::string(files->RunOnce().status().message()),
              HasSubstr("is not the key of"));
  EXPECT_FALSE(files->RunOnce().value());  // Said once.
  EXPECT_EQ(ReadFile(path).value(), first);
  folder_.Write("key", second.key);
  EXPECT_TRUE(files->RunOnce().value());
  EXPECT_EQ(ReadFile(path).value(), second.cert + "\n" + second.key);

  std::filesystem::remove(options_.client_ca);
  EXPECT_FALSE(files->RunOnce().ok());
  EXPECT_EQ(ReadFile(files->client_ca_path()).value(), authority_.cert());
  const Authority other;
  folder_.Write("ca", other.cert());
  EXPECT_TRUE(files->RunOnce().value());
  EXPECT_EQ(ReadFile(files->client_ca_path()).value(), other.cert());
}

}  // namespace
}  // namespace usher
