#include "index/artifact/model_directory.h"

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/file.h"
#include "tests/index/artifact/small_snapshot.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ModelDirectoryTest : public ::testing::Test {
 protected:
  const std::string& dir() const { return scratch_.path(); }
  std::string Path(absl::string_view name) const {
    return absl::StrCat(dir(), "/", name);
  }
  // Publishes a version with one file in it.
  absl::StatusOr<int64_t> Publish() {
    absl::StatusOr<UnfinishedVersion> version =
        UnfinishedVersion::Create(dir());
    if (!version.ok()) return version.status();
    return version->Publish([&](int64_t number) {
      return WriteFileSynced(version->path() + "/seal", absl::StrCat(number));
    });
  }

  ScratchDirectory scratch_;
};

TEST_F(ModelDirectoryTest, NothingPublishedIsNotFoundAndSaysWhatToDo) {
  const absl::Status status = CurrentVersion(dir()).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("usher-train train"));
  EXPECT_THAT(ListVersions(dir()).value(), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(CurrentVersion(Path("none")).status()));
  EXPECT_TRUE(absl::IsNotFound(ListVersions(Path("none")).status()));
}

TEST_F(ModelDirectoryTest, VersionsCountUpAndTheLastIsCurrent) {
  for (int64_t expected = 1; expected <= 3; ++expected) {
    EXPECT_EQ(Publish().value(), expected);
    EXPECT_EQ(CurrentVersion(dir()).value(), expected);
    EXPECT_EQ(ReadFile(Path(absl::StrCat(expected, "/seal"))).value(),
              absl::StrCat(expected));
  }
  EXPECT_EQ(ReadFile(Path("CURRENT")).value(), "3\n");
  EXPECT_THAT(ListVersions(dir()).value(), ElementsAre(1, 2, 3));
}

TEST_F(ModelDirectoryTest, TheDirectoryIsMadeWhenItIsMissing) {
  EXPECT_EQ(UnfinishedVersion::Create(Path("a/b"))
                .value()
                .Publish([](int64_t) { return absl::OkStatus(); })
                .value(),
            1);
}

TEST_F(ModelDirectoryTest, OtherNamesAreNoVersions) {
  for (const char* name : {"12x", "007", "-1", "0", "1.old", "latest"}) {
    std::filesystem::create_directory(Path(name));
  }
  EXPECT_THAT(ListVersions(dir()).value(), IsEmpty());
  EXPECT_EQ(Publish().value(), 1);
}

TEST_F(ModelDirectoryTest, TheNextNumberIsAboveEveryNumberEverUsed) {
  std::filesystem::create_directory(Path("41"));
  ASSERT_TRUE(WriteFileSynced(Path("41/x"), "x").ok());
  EXPECT_EQ(Publish().value(), 42);
  std::filesystem::remove_all(Path("42"));
  EXPECT_EQ(Publish().value(), 43);
}

TEST_F(ModelDirectoryTest, ARefusedVersionThatWasDeletedIsNotReplaced) {
  for (int64_t version = 1; version <= 3; ++version) {
    ASSERT_EQ(Publish().value(), version);
  }
  ASSERT_TRUE(WriteFileSynced(Path("CURRENT"), "1\n").ok());
  std::filesystem::remove_all(Path("2"));
  std::filesystem::remove_all(Path("3"));
  EXPECT_EQ(Publish().value(), 4);
}

TEST_F(ModelDirectoryTest, AnInterruptedPublicationIsInvisibleAndCleanedUp) {
  ASSERT_EQ(Publish().value(), 1);
  const std::string leftover = Path("2.tmp-4242-abcdef");
  std::filesystem::create_directory(leftover);
  ASSERT_TRUE(WriteFileSynced(leftover + "/catalog.events", "half").ok());
  EXPECT_THAT(ListVersions(dir()).value(), ElementsAre(1));
  EXPECT_EQ(CurrentVersion(dir()).value(), 1);
  EXPECT_EQ(Publish().value(), 2);
  EXPECT_FALSE(std::filesystem::exists(leftover));
}

TEST_F(ModelDirectoryTest, AWriterAtWorkIsNotCleanedUp) {
  auto slow = UnfinishedVersion::Create(dir()).value();
  ASSERT_EQ(Publish().value(), 1);
  EXPECT_TRUE(std::filesystem::exists(slow.path()));
  EXPECT_EQ(slow.Publish([](int64_t) { return absl::OkStatus(); }).value(), 2);
  EXPECT_EQ(CurrentVersion(dir()).value(), 2);
}

TEST_F(ModelDirectoryTest, AFailedPublicationLeavesNothing) {
  {
    auto failed = UnfinishedVersion::Create(dir()).value();
    ASSERT_TRUE(WriteFileSynced(failed.path() + "/x", "x").ok());
    const auto status = failed.Publish(
        [](int64_t) { return absl::ResourceExhaustedError("disk full"); });
    EXPECT_TRUE(absl::IsResourceExhausted(status.status()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir()));
}

TEST_F(ModelDirectoryTest, ACurrentThatNamesAMissingVersionIsDataLoss) {
  ASSERT_EQ(Publish().value(), 1);
  ASSERT_TRUE(WriteFileSynced(Path("CURRENT"), "9\n").ok());
  const absl::Status status = CurrentVersion(dir()).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(Path("9")));
}

TEST_F(ModelDirectoryTest, ADamagedCurrentIsDataLossAndNamed) {
  ASSERT_EQ(Publish().value(), 1);
  for (const char* text : {"", "1", "\n", "one\n", "1\n\n", "01\n", "-1\n"}) {
    ASSERT_TRUE(WriteFileSynced(Path("CURRENT"), text).ok());
    const absl::Status status = CurrentVersion(dir()).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << '"' << text << '"';
    EXPECT_THAT(std::string(status.message()), HasSubstr(Path("CURRENT")));
  }
}

}  // namespace
}  // namespace usher
