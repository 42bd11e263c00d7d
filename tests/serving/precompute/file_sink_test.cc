#include "serving/precompute/file_sink.h"

#include <zlib.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "index/base/file.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

// What gzip would read of the file.
std::string Unzipped(const std::string& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  std::string text;
  char buffer[4096];
  for (int n; (n = gzread(file, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(n));
  }
  EXPECT_EQ(gzclose(file), Z_OK);
  return text;
}

class FileSinkTest : public ::testing::Test {
 protected:
  std::string Path(const char* name) const { return folder_.Path(name); }
  static BatchJournal Journal() { return {1, "b", 0, 0, 0, 0, ""}; }
  static BatchJournal After(int64_t users, const std::string& last) {
    BatchJournal journal = Journal();
    journal.users = users;
    journal.last_user = last;
    return journal;
  }

  ScratchFolder folder_;
};

TEST_F(FileSinkTest, TheFileHasItsNameWhenItIsWhole) {
  for (const char* name : {"lists.jsonl", "lists.jsonl.gz"}) {
    const std::string path = Path(name);
    {
      const auto sink = *FileSink::Open(path);
      ASSERT_TRUE(sink->Begin(Journal()).ok());
      ASSERT_TRUE(sink->Write({{"a", "line a\n"}}, After(1, "a")).ok());
      ASSERT_TRUE(sink->Write({{"b", "line b\n"}}, After(2, "b")).ok());
      EXPECT_FALSE(std::filesystem::exists(path));
      ASSERT_TRUE(sink->Finish().ok());
    }
    EXPECT_EQ(Unzipped(path), "line a\nline b\n");
    EXPECT_FALSE(std::filesystem::exists(path + ".journal"));
    EXPECT_FALSE(std::filesystem::exists(path + ".unfinished"));
  }
}

TEST_F(FileSinkTest, AnInterruptedFileIsCutToItsJournal) {
  for (const char* name : {"lists.jsonl", "lists.jsonl.gz"}) {
    const std::string path = Path(name);
    {
      const auto sink = *FileSink::Open(path);
      ASSERT_TRUE(sink->Begin(Journal()).ok());
      ASSERT_TRUE(sink->Write({{"a", "line a\n"}}, After(1, "a")).ok());
      // The journal is not kept so soon again.
      ASSERT_TRUE(sink->Write({{"b", "line b\n"}}, After(2, "b")).ok());
    }
    const auto sink = *FileSink::Open(path);
    const std::optional<BatchJournal> journal = *sink->Unfinished();
    ASSERT_TRUE(journal.has_value());
    EXPECT_EQ(journal->last_user, "a");
    ASSERT_TRUE(sink->Begin(*journal).ok());
    ASSERT_TRUE(sink->Write({{"c", "line c\n"}}, After(2, "c")).ok());
    ASSERT_TRUE(sink->Finish().ok());
    EXPECT_EQ(Unzipped(path), "line a\nline c\n");
  }
}

TEST_F(FileSinkTest, AJournalWithoutItsFileIsNone) {
  const std::string path = Path("lists.jsonl");
  BatchJournal journal = After(1, "a");
  journal.bytes = 100;
  ASSERT_TRUE(ReplaceFile(path + ".journal", BatchJournalText(journal)).ok());
  EXPECT_FALSE((*(*FileSink::Open(path))->Unfinished()).has_value());
}

TEST_F(FileSinkTest, OneRunAtATimeWritesAFile) {
  const auto first = FileSink::Open(Path("lists.jsonl"));
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(
      absl::IsFailedPrecondition(FileSink::Open(Path("lists.jsonl")).status()));
}

TEST_F(FileSinkTest, AFolderThatIsNotThereIsNamed) {
  const absl::Status status = FileSink::Open(Path("none/a")).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_NE(status.message().find("none/a"), absl::string_view::npos);
}

}  // namespace
}  // namespace usher
