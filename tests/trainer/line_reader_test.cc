#include "trainer/data/line_reader.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Lines {
  absl::Status status;
  std::vector<std::string> lines;
  uint64_t fingerprint = 0;
  int64_t bytes_done = 0;
  int64_t bytes_total = 0;
};

Lines ReadAll(const std::string& path) {
  Lines result;
  absl::StatusOr<LineReader> reader = LineReader::Open(path);
  result.status = reader.status();
  if (!reader.ok()) return result;
  while (reader->Next()) result.lines.emplace_back(reader->line());
  EXPECT_EQ(reader->line_number(), result.lines.size());
  result.status = reader->status();
  result.fingerprint = reader->fingerprint();
  result.bytes_done = reader->bytes_done();
  result.bytes_total = reader->bytes_total();
  return result;
}

// Several blocks of lines of many lengths.
std::vector<std::string> ManyLines() {
  Random random(7);
  std::vector<std::string> lines;
  for (int i = 0; i < 60000; ++i) {
    lines.push_back(std::string(random.Below(120), 'a' + i % 26));
  }
  lines.push_back(std::string(3000000, 'x'));
  lines.push_back("end");
  return lines;
}

TEST(LineReaderTest, GivesLinesWithoutTheirEnds) {
  const ScratchFolder folder;
  EXPECT_THAT(ReadAll(folder.Write("a", "one\n\ntwo\n")).lines,
              ElementsAre("one", "", "two"));
  EXPECT_THAT(ReadAll(folder.Write("b", "one\r\ntwo")).lines,
              ElementsAre("one", "two"));
}

TEST(LineReaderTest, LeavesOutTheByteOrderMark) {
  const ScratchFolder folder;
  EXPECT_THAT(ReadAll(folder.Write("a", "\xEF\xBB\xBFone\n")).lines,
              ElementsAre("one"));
}

TEST(LineReaderTest, ReadsLinesAcrossBlocks) {
  const ScratchFolder folder;
  const std::vector<std::string> lines = ManyLines();
  const Lines read = ReadAll(folder.Write("a", absl::StrJoin(lines, "\n")));
  EXPECT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.lines, lines);
  EXPECT_EQ(read.bytes_done, read.bytes_total);
}

TEST(LineReaderTest, ReadsGzipAsThePlainFile) {
  const ScratchFolder folder;
  const std::string text = absl::StrJoin(ManyLines(), "\n");
  const Lines plain = ReadAll(folder.Write("a", text));
  const Lines packed = ReadAll(folder.Write("a.gz", Gzipped(text)));
  EXPECT_TRUE(packed.status.ok()) << packed.status;
  EXPECT_EQ(packed.lines, plain.lines);
  EXPECT_EQ(packed.fingerprint, plain.fingerprint);
  EXPECT_EQ(packed.bytes_done, packed.bytes_total);
}

TEST(LineReaderTest, ReadsEveryMemberOfAGzipFile) {
  const ScratchFolder folder;
  const std::string path = folder.Write(
      "a.gz", absl::StrCat(Gzipped("one\ntw"), Gzipped("o\nthree\n")));
  EXPECT_THAT(ReadAll(path).lines, ElementsAre("one", "two", "three"));
}

TEST(LineReaderTest, SaysThatAGzipFileIsCutOffWhereverItIs) {
  const ScratchFolder folder;
  const std::string packed = Gzipped("one\ntwo\nthree\n");
  for (size_t size = 1; size < packed.size(); ++size) {
    const Lines read = ReadAll(folder.Write("a.gz", packed.substr(0, size)));
    EXPECT_EQ(read.status.code(), absl::StatusCode::kDataLoss) << size;
    EXPECT_THAT(read.status.message(), HasSubstr("a.gz")) << size;
  }
}

TEST(LineReaderTest, SaysThatAGzipFileIsDamaged) {
  const ScratchFolder folder;
  std::string packed = Gzipped(absl::StrJoin(ManyLines(), "\n"));
  packed[packed.size() / 2] ^= 0x55;
  EXPECT_EQ(ReadAll(folder.Write("a.gz", packed)).status.code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadAll(folder.Write("b.gz", "plain text\n")).status.code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(
      ReadAll(folder.Write("c.gz", Gzipped("one\n") + "junk")).status.code(),
      absl::StatusCode::kDataLoss);
}

TEST(LineReaderTest, NamesAFileThatIsMissingOrEmptyOrAFolder) {
  const ScratchFolder folder;
  const absl::Status missing = ReadAll(folder.Path("none.csv")).status;
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("none.csv"));
  EXPECT_THAT(ReadAll(folder.Write("a.csv", "")).status.message(),
              HasSubstr("a.csv: is empty"));
  EXPECT_THAT(ReadAll(folder.Write("a.gz", Gzipped(""))).status.message(),
              HasSubstr("a.gz: is empty"));
  EXPECT_THAT(ReadAll(folder.Path("")).status.message(),
              HasSubstr("is a directory"));
}

TEST(LineReaderTest, EndsAtALineThatIsTooLong) {
  const ScratchFolder folder;
  const std::string path = folder.Write(
      "a", absl::StrCat("one\n", std::string(kMaxLineBytes + 1, 'x'), "\ntwo"));
  const Lines read = ReadAll(path);
  EXPECT_THAT(read.lines, ElementsAre("one"));
  EXPECT_THAT(read.status.message(), HasSubstr("a:2: a line of more than"));
}

TEST(LineReaderTest, FingerprintTellsTheOrderOfLines) {
  const ScratchFolder folder;
  EXPECT_NE(ReadAll(folder.Write("a", "1\n2\n")).fingerprint,
            ReadAll(folder.Write("b", "2\n1\n")).fingerprint);
}

}  // namespace
}  // namespace usher
