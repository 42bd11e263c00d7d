#include "index/base/file.h"

#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A directory that is gone after the test.
class FileTest : public ::testing::Test {
 protected:
  std::string Path(absl::string_view name) const { return folder_.Path(name); }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  ScratchFolder folder_;
  const std::string directory_ = folder_.path();
};

TEST_F(FileTest, WhatIsWrittenIsRead) {
  const std::string bytes("a\0b\n\xff", 5);
  ASSERT_TRUE(WriteFileSynced(Path("f"), bytes).ok());
  EXPECT_EQ(ReadFile(Path("f")).value(), bytes);
}

TEST_F(FileTest, WritingAgainLeavesNothingOfALongerFile) {
  ASSERT_TRUE(WriteFileSynced(Path("f"), "a long content").ok());
  ASSERT_TRUE(WriteFileSynced(Path("f"), "short").ok());
  EXPECT_EQ(ReadFile(Path("f")).value(), "short");
}

TEST_F(FileTest, AnEmptyFileMapsToNoBytes) {
  ASSERT_TRUE(WriteFileSynced(Path("f"), "").ok());
  EXPECT_TRUE(MappedFile::Open(Path("f")).value()->bytes().empty());
}

TEST_F(FileTest, MegabytesSurvive) {
  std::string bytes(5'000'001, 'x');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  ASSERT_TRUE(WriteFileSynced(Path("f"), bytes).ok());
  EXPECT_TRUE(MappedFile::Open(Path("f")).value()->bytes() == bytes);
}

TEST_F(FileTest, AMissingFileIsNotFoundAndNamed) {
  const absl::Status status = MappedFile::Open(Path("missing")).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(Path("missing")));
  EXPECT_TRUE(absl::IsNotFound(ReadFile(Path("missing")).status()));
}

TEST_F(FileTest, ADirectoryIsNoFileAndNamed) {
  const absl::Status status = MappedFile::Open(directory_).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(directory_));
}

TEST_F(FileTest, WritingBelowAMissingDirectoryNamesTheFile) {
  const absl::Status status = WriteFileSynced(Path("no/such"), "x");
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(Path("no/such")));
  EXPECT_FALSE(ReplaceFile(Path("no/such"), "x").ok());
  EXPECT_FALSE(SyncDirectory(Path("no")).ok());
}

TEST_F(FileTest, ReplacingLeavesTheNewContentAndNoOtherFile) {
  ASSERT_TRUE(ReplaceFile(Path("f"), "one").ok());
  ASSERT_TRUE(ReplaceFile(Path("f"), "two").ok());
  EXPECT_EQ(ReadFile(Path("f")).value(), "two");
  EXPECT_THAT(Names(), ElementsAre("f"));
}

TEST_F(FileTest, AMappedFileKeepsItsBytesWhenItIsReplaced) {
  ASSERT_TRUE(ReplaceFile(Path("f"), "one").ok());
  const auto file = MappedFile::Open(Path("f")).value();
  ASSERT_TRUE(ReplaceFile(Path("f"), "two").ok());
  EXPECT_EQ(file->bytes(), "one");
}

TEST_F(FileTest, AReaderSeesTheOldOrTheNewContentNeverAPart) {
  const std::string old_content(100'000, 'a');
  const std::string new_content(70'000, 'b');
  ASSERT_TRUE(ReplaceFile(Path("f"), old_content).ok());
  std::thread writer([&] {
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(
          ReplaceFile(Path("f"), i % 2 == 0 ? new_content : old_content).ok());
    }
  });
  for (int i = 0; i < 200; ++i) {
    const std::string seen = ReadFile(Path("f")).value();
    EXPECT_TRUE(seen == old_content || seen == new_content) << seen.size();
  }
  writer.join();
}

TEST_F(FileTest, WhereFilesCanBeMadeNoneIsLeft) {
  EXPECT_TRUE(CheckWritable(directory_).ok());
  EXPECT_TRUE(CheckWritable(Path("to/be/made/")).ok());
  EXPECT_TRUE(CheckWritable("").ok());
  EXPECT_TRUE(CheckWritable("not-yet-there").ok());
  EXPECT_THAT(Names(), ElementsAre());
}

TEST_F(FileTest, AFileIsNoPlaceForFilesAndNamed) {
  ASSERT_TRUE(WriteFileSynced(Path("file"), "x").ok());
  for (const char* name : {"file", "file/below", "file/far/below"}) {
    const absl::Status status = CheckWritable(Path(name));
    EXPECT_FALSE(status.ok()) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr(Path(name)));
  }
}

}  // namespace
}  // namespace usher
