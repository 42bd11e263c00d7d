// What happens to a version whose files are no longer what was written.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/artifact/file_set.h"
#include "index/artifact/flat_file.h"
#include "index/artifact/version.h"
#include "index/base/file.h"
#include "index/base/hash.h"
#include "tests/index/artifact/damaged_version.h"
#include "tests/index/artifact/small_snapshot.h"

namespace usher {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class CorruptionTest : public ::testing::Test, protected DamagedVersion {
 protected:
  CorruptionTest() : DamagedVersion(SmallSnapshot()) {}
};

TEST_F(CorruptionTest, AFlippedByteAnywhereIsFoundAndTheFileNamed) {
  names_.emplace_back(kManifestFile);
  Random random(1);
  for (const std::string& name : names_) {
    const std::string good = Read(name);
    std::vector<size_t> places = {0, 8, good.size() / 2, good.size() - 2,
                                  good.size() - 1};
    for (int i = 0; i < 8; ++i) places.push_back(random.Below(good.size()));
    for (const size_t place : places) {
      for (const char flip : {'\x01', '\x20', '\x80'}) {
        std::string bad = good;
        bad[place] = static_cast<char>(bad[place] ^ flip);
        Write(name, bad);
        ExpectLost(name, absl::StrCat("flipped at ", place));
      }
    }
    Write(name, good);
  }
  ExpectOk(Open());
}

TEST_F(CorruptionTest, ALostOrAddedByteIsFoundAndTheFileNamed) {
  names_.emplace_back(kManifestFile);
  for (const std::string& name : names_) {
    const std::string good = Read(name);
    for (const size_t size :
         {size_t{0}, size_t{1}, good.size() / 2, good.size() - 1}) {
      Write(name, good.substr(0, size));
      ExpectLost(name, absl::StrCat("cut to ", size));
    }
    Write(name, absl::StrCat(good, "\n"));
    ExpectLost(name, "a byte added");
    std::filesystem::remove(Path(name));
    ExpectLost(name, "deleted");
    Write(name, good);
  }
  ExpectOk(Open());
}

TEST_F(CorruptionTest, SwappedFilesAreFound) {
  for (size_t i = 0; i < names_.size(); ++i) {
    const std::string& a = names_[i];
    const std::string& b = names_[(i + 1) % names_.size()];
    const std::string of_a = Read(a);
    const std::string of_b = Read(b);
    Write(a, of_b);
    Write(b, of_a);
    const absl::Status status = Open();
    EXPECT_TRUE(absl::IsDataLoss(status)) << a << ": " << status;
    EXPECT_THAT(std::string(status.message()),
                AnyOf(HasSubstr(Path(a)), HasSubstr(Path(b))));
    Write(a, of_a);
    Write(b, of_b);
  }
}

TEST_F(CorruptionTest, VouchedFilesOfOtherTablesAreRefused) {
  const std::string events = Read("catalog.events");
  WriteVouched("catalog.events", Read("catalog.organizers"));
  ExpectLost("catalog.events", "swapped");
  WriteVouched("catalog.events", events);
  WriteVouched("vectors.events", Read("vectors.content"));
  ExpectLost("vectors.events", "swapped");
}

TEST_F(CorruptionTest, AVersionInTheDirectoryOfAnotherIsRefused) {
  std::filesystem::rename(VersionPath(scratch_.path(), 1),
                          VersionPath(scratch_.path(), 5));
  const absl::Status status = OpenVersion(scratch_.path(), 5).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
}

TEST_F(CorruptionTest, AFormatOfTheFutureIsRefusedWithAWayOut) {
  std::string text = Read(kManifestFile);
  text.resize(text.rfind("# xxh3"));
  text =
      absl::StrReplaceAll(text, {{"format_version: 3", "format_version: 9"}});
  absl::StrAppend(&text, "a_field_of_the_future: 3\n");
  Write(kManifestFile,
        absl::StrFormat("%s# xxh3: %016x\n", text, Hash64(text)));
  const absl::Status status = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("format version 9"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("reads version 3"));
}

TEST_F(CorruptionTest, AManifestThatNamesAFileElsewhereIsRefused) {
  manifest_.files[0].name = "../1/catalog.events";
  Write(kManifestFile, ManifestText(manifest_).value());
  ExpectLost(kManifestFile, "a path in a file name");
}

TEST_F(CorruptionTest, AManifestWithoutAFileIsRefused) {
  manifest_.files.erase(manifest_.files.begin() + 2);
  Write(kManifestFile, ManifestText(manifest_).value());
  ExpectLost("catalog.users", "not listed");
}

TEST_F(CorruptionTest, WrongRowsWithAGoodChecksumAreRefused) {
  struct Case {
    const char* file;
    const char* section;
    size_t element_size, element, at;
    int32_t value;
    size_t width = 4;
  };
  constexpr int32_t kFar = 1'000'000;
  const int32_t nan = 0x7fc00000;
  const std::vector<Case> cases = {
      {"catalog.events", "columns", sizeof(EventColumns), 3,
       offsetof(EventColumns, organizer), kFar},
      {"catalog.events", "columns", sizeof(EventColumns), 3,
       offsetof(EventColumns, organizer), -2},
      {"catalog.events", "columns", sizeof(EventColumns), 3,
       offsetof(EventColumns, venue), kFar},
      {"catalog.events", "columns", sizeof(EventColumns), 3,
       offsetof(EventColumns, category), 2},
      {"catalog.events", "columns", sizeof(EventColumns), 3,
       offsetof(EventColumns, city), 1},
      {"catalog.events", "columns", sizeof(EventColumns), 39,
       offsetof(EventColumns, series), -7},
      {"catalog.events", "columns", sizeof(EventColumns), 3,
       offsetof(EventColumns, status), 4, 1},
      {"catalog.events", "columns", sizeof(EventColumns), 3,
       offsetof(EventColumns, absent), 2, 1},
      {"catalog.events", "columns", sizeof(EventColumns), 3,
       offsetof(EventColumns, location), 0x7f800000},
      {"catalog.events", "counters", sizeof(EventCounters), 5, 8, nan},
      {"catalog.events", "tags", 4, 0, 0, kFar},
      {"catalog.events", "tags", 4, 0, 0, -1},
      {"catalog.events", "attendees", 4, 1, 0, 20},
      {"catalog.organizers", "counters", sizeof(OrganizerCounters), 1, 12, nan},
      {"catalog.organizers", "events", 4, 1, 0, 40},
      {"catalog.organizers", "attendees", 4, 1, 0, -1},
      {"catalog.users", "columns", sizeof(UserColumns), 2,
       offsetof(UserColumns, location), 0x43480000},
      {"catalog.users", "columns", sizeof(UserColumns), 2,
       offsetof(UserColumns, changed), 2, 1},
      {"catalog.users", "follows", sizeof(Follow), 2,
       offsetof(Follow, organizer), -1},
      {"catalog.users", "history", sizeof(Action), 2, offsetof(Action, event),
       40},
      {"catalog.users", "history", sizeof(Action), 2, offsetof(Action, kind), 0,
       1},
      {"catalog.users", "history", sizeof(Action), 2, offsetof(Action, kind),
       19, 1},
      {"catalog.users", "history.offsets", 8, 3, 4, kFar},
      {"catalog.users", "ids.offsets", 8, 3, 0, 0},
      {"catalog.users", "ids.offsets", 8, 0, 0, 1},
      {"catalog.vocabulary", "tags.offsets", 8, 1, 4, -1},
      {"catalog.events", "documents.offsets", 8, 40, 0, 7},
      {"model", "by_event.items", 4, 7, 0, nan},
      {"model", "by_event.items.shape", 8, 0, 0, 41},
      {"model", "by_event.items.shape", 8, 1, 4, kFar},
      {"model", "by_event.options", 4, 1, 0, nan},
      {"model", "by_organizer.observed", 4, 1, 0,
       std::numeric_limits<int32_t>::min() + 0x3f800000},
      {"model", "by_organizer.users", 4, 1, 0, 0x7f800000},
      {"model", "content", 1, 0, 0, 0x41414141},
      {"vectors.events", "rows", 4, 11, 0, nan},
      {"vectors.content", "rows.shape", 8, 0, 0, 39},
      {"vectors.users", "rows", 4, 11, 0, nan},
      {"index.options", "options", 8, 0, 0, 3},
      {"index.options", "options", 8, 4, 0, -1},
  };
  for (const Case& c : cases) {
    const std::string good = Read(c.file);
    WriteVouched(c.file, Patched(c.file, c.section, c.element_size, c.element,
                                 c.at, &c.value, c.width));
    const std::string what = absl::StrCat(c.section, " + ", c.at);
    ExpectLost(c.file, what);
    EXPECT_THAT(std::string(Open().message()), HasSubstr(c.section)) << what;
    WriteVouched(c.file, good);
  }
  ExpectOk(Open());
}

TEST_F(CorruptionTest, NoByteOfAVouchedFileCanLeadOutOfBounds) {
  Random random(3);
  size_t opened = 0;
  for (int round = 0; round < 600; ++round) {
    const std::string& name = names_[round % names_.size()];
    const std::string good = Read(name);
    std::string bad = good;
    for (int flips = 0; flips < 1 + round % 3; ++flips) {
      bad[random.Below(bad.size())] = static_cast<char>(random.Below(256));
    }
    WriteVouched(name, bad);
    const auto snapshot = OpenVersion(scratch_.path(), 1, {.threads = 1});
    if (snapshot.ok()) opened += Walk(*snapshot) > 0;
    WriteVouched(name, good);
  }
  EXPECT_GT(opened, 0u);
}

}  // namespace
}  // namespace usher
