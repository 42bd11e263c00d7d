#include "serving/usherctl/line_file.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "google/protobuf/io/gzip_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "gtest/gtest.h"

namespace usher::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string WriteFile(const std::string& name, absl::string_view bytes) {
  const std::string path = ::testing::TempDir() + "/line_file_test_" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string Gzip(absl::string_view text) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::GzipOutputStream zipped(&stream);
  void* data = nullptr;
  int size = 0;
  while (!text.empty() && zipped.Next(&data, &size)) {
    const size_t taken = text.copy(static_cast<char*>(data), size);
    text.remove_prefix(taken);
    zipped.BackUp(size - static_cast<int>(taken));
  }
  EXPECT_TRUE(zipped.Close());
  return bytes;
}

// The lines, and the error that ended them.
std::vector<std::string> Lines(const std::string& path,
                               absl::Status* status = nullptr) {
  absl::StatusOr<std::unique_ptr<LineFile>> file = LineFile::Open(path);
  EXPECT_TRUE(file.ok()) << file.status();
  if (!file.ok()) return {};
  std::vector<std::string> lines;
  while ((*file)->Next()) {
    lines.emplace_back((*file)->line());
    EXPECT_EQ((*file)->line_number(), static_cast<int64_t>(lines.size()));
  }
  if (status != nullptr) {
    *status = (*file)->status();
  } else {
    EXPECT_TRUE((*file)->status().ok()) << (*file)->status();
    EXPECT_EQ((*file)->bytes_done(), (*file)->bytes_total());
  }
  return lines;
}

TEST(LineFileTest, KnowsTheEndsOfLines) {
  EXPECT_THAT(Lines(WriteFile("ends",
                              "\xEF\xBB\xBF"
                              "a\r\n\nb\xEF\xBB\xBF")),
              ElementsAre("a", "", "b\xEF\xBB\xBF"));
  EXPECT_THAT(Lines(WriteFile("last", "a\n")), ElementsAre("a"));
  EXPECT_THAT(Lines(WriteFile("empty", "")), IsEmpty());
}

TEST(LineFileTest, ReadsLinesLongerThanItsBuffer) {
  const std::string line(300'000, 'x');
  EXPECT_THAT(Lines(WriteFile("long", line + "\ny")), ElementsAre(line, "y"));
}

TEST(LineFileTest, ReadsGzip) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "line\n";
  EXPECT_EQ(Lines(WriteFile("all.gz", Gzip(text))).size(), 50'000u);
  // Files that were put behind each other.
  EXPECT_THAT(Lines(WriteFile("two.gz", Gzip("a\nb") + Gzip("c\n"))),
              ElementsAre("a", "bc"));
}

TEST(LineFileTest, ASpoiledGzipIsNoEnd) {
  absl::Status status;
  const std::string whole = Gzip("a\nb\n");
  Lines(WriteFile("cut.gz", whole.substr(0, whole.size() - 10)), &status);
  EXPECT_THAT(status.message(), HasSubstr("the end of the gzip is missing"));
  std::string flipped = whole;
  flipped[flipped.size() - 6] ^= 1;
  Lines(WriteFile("flipped.gz", flipped), &status);
  EXPECT_THAT(status.message(), HasSubstr("flipped.gz': "));
}

TEST(LineFileTest, NamesAFileThatCannotBeRead) {
  const absl::Status missing = LineFile::Open("nowhere/events.jsonl").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("'nowhere/events.jsonl'"));
  absl::Status status;
  EXPECT_THAT(Lines(::testing::TempDir(), &status), IsEmpty());
  EXPECT_THAT(status.message(), HasSubstr("cannot read '"));
}

}  // namespace
}  // namespace usher::ctl
