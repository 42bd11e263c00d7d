#include "trainer/data/interactions_csv.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/scratch_folder.h"
#include "trainer/data/split_csv.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kHeader[] = "user_id,event_id,kind,value,timestamp\n";

struct Read {
  absl::Status status;
  ReadReport report;
  std::vector<Interaction> rows;
  std::vector<std::string> warnings;
};

Read ReadText(absl::string_view text, double max_bad_fraction = 1.0,
              absl::string_view name = "i.csv") {
  const ScratchFolder folder;
  Read read;
  ReadOptions options;
  options.max_bad_fraction = max_bad_fraction;
  options.warn = [&](absl::string_view message) {
    read.warnings.emplace_back(message);
  };
  read.status = ReadInteractions(
      folder.Write(name, text), options,
      [&](const InteractionRow& row) {
        Interaction copy;
        copy.user_id = std::string(row.user_id);
        copy.event_id = std::string(row.event_id);
        copy.kind = row.kind;
        copy.value = row.value;
        copy.occurred_at = row.time;
        copy.device = std::string(row.device);
        copy.location = row.location;
        read.rows.push_back(copy);
      },
      &read.report);
  return read;
}

// What is said of the only bad line.
std::string ProblemOf(absl::string_view line) {
  const Read read = ReadText(absl::StrCat(kHeader, line, "\n"));
  EXPECT_EQ(read.report.bad, 1) << line;
  EXPECT_TRUE(read.rows.empty()) << line;
  return read.report.first_errors.empty() ? "" : read.report.first_errors[0];
}

TEST(ReadInteractionsTest, ReadsTheRequiredColumns) {
  const Read read =
      ReadText(absl::StrCat(kHeader,
                            "u1,e1,rsvp_yes,1,1496275200\nu2,e1,rating,4.5,\n"
                            "u2,e2,view,,2017-06-01T00:00:00Z\n"));
  ASSERT_TRUE(read.status.ok()) << read.status;
  ASSERT_EQ(read.rows.size(), 3);
  EXPECT_EQ(read.rows[0].user_id, "u1");
  EXPECT_EQ(read.rows[0].event_id, "e1");
  EXPECT_EQ(read.rows[0].kind, InteractionKind::kRsvpYes);
  EXPECT_EQ(read.rows[0].value, 1.0f);
  EXPECT_EQ(read.rows[0].occurred_at, 1496275200 * kSecond);
  EXPECT_FALSE(read.rows[0].location.known());
  EXPECT_EQ(read.rows[1].value, 4.5f);
  EXPECT_EQ(read.rows[1].occurred_at, kNoTime);
  EXPECT_TRUE(std::isnan(read.rows[2].value));
  EXPECT_EQ(read.rows[2].occurred_at, read.rows[0].occurred_at);
  EXPECT_EQ(read.report.rows, 3);
  EXPECT_EQ(read.report.bad, 0);
}

TEST(ReadInteractionsTest, AnAbsurdValueIsABadLine) {
  EXPECT_THAT(ProblemOf("u1,e1,rating,3e38,"),
              AllOf(HasSubstr("i.csv:2: "), HasSubstr("\"3e38\" of a rating"),
                    HasSubstr("between 0 and 100")));
  EXPECT_THAT(ProblemOf("u1,e1,rating,-1,"), HasSubstr("between"));
  EXPECT_THAT(ProblemOf("u1,e1,play,-1,"), HasSubstr("between"));
  EXPECT_THAT(ProblemOf("u1,e1,play,1e10,"), HasSubstr("between"));
  EXPECT_THAT(ProblemOf("u1,e1,view,1e13,"), HasSubstr("between"));
  const Read read = ReadText(
      absl::StrCat(kHeader, "u1,e1,rating,10,\nu1,e2,play,1000000000,\n"));
  EXPECT_EQ(read.rows.size(), 2);
}

TEST(ReadInteractionsTest, TakesColumnsInAnyOrderAndIgnoresOthers) {
  const Read read = ReadText(
      "timestamp,extra,longitude,latitude,kind,device,value,event_id,user_id\n"
      "7.5,junk,-86.5,36.25,checkin,ios,,e1,u1\n"
      "8,,,,view,,,e2,u1\n");
  ASSERT_TRUE(read.status.ok()) << read.status;
  ASSERT_EQ(read.rows.size(), 2);
  EXPECT_EQ(read.rows[0].user_id, "u1");
  EXPECT_EQ(read.rows[0].kind, InteractionKind::kCheckin);
  EXPECT_EQ(read.rows[0].occurred_at, 7500000);
  EXPECT_EQ(read.rows[0].device, "ios");
  EXPECT_EQ(read.rows[0].location.latitude, 36.25f);
  EXPECT_EQ(read.rows[0].location.longitude, -86.5f);
  EXPECT_EQ(read.rows[1].device, "");
  EXPECT_FALSE(read.rows[1].location.known());
}

TEST(ReadInteractionsTest, UnderstandsQuotes) {
  const Read read = ReadText(absl::StrCat(
      "user_id,\"event_id\",kind,value,timestamp,note\n",
      "\"u,1\",\"e\"\"1\"\"\",rsvp_yes,\"2\",,\"two\nlines, \"\"quoted\"\"\"\n",
      "u2,\"\",view,,,\n", "u3,e3,view,,,\"\"\n"));
  ASSERT_EQ(read.rows.size(), 2);
  EXPECT_EQ(read.rows[0].user_id, "u,1");
  EXPECT_EQ(read.rows[0].event_id, "e\"1\"");
  EXPECT_EQ(read.rows[0].value, 2.0f);
  EXPECT_EQ(read.rows[1].user_id, "u3");
  ASSERT_EQ(read.report.first_errors.size(), 1);
  EXPECT_THAT(read.report.first_errors[0],
              HasSubstr("i.csv:4: event_id is empty"));
}

TEST(ReadInteractionsTest, TakesTheByteOrderMarkAndWindowsLineEnds) {
  const Read read = ReadText(
      "\xEF\xBB\xBFuser_id,event_id,kind,value,timestamp\r\n"
      "u1,e1,view,,5\r\n\r\nu2,e2,view,,6\r\n");
  ASSERT_TRUE(read.status.ok()) << read.status;
  ASSERT_EQ(read.rows.size(), 2);
  EXPECT_EQ(read.rows[1].occurred_at, 6 * kSecond);
}

TEST(ReadInteractionsTest, ReadsGzip) {
  const Read read = ReadText(Gzipped(absl::StrCat(kHeader, "u1,e1,view,,5\n")),
                             0, "i.csv.gz");
  EXPECT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.rows.size(), 1);
}

TEST(ReadInteractionsTest, ReadsEveryKind) {
  std::string text = kHeader;
  for (int i = 1; i < kNumInteractionKinds; ++i) {
    absl::StrAppend(&text, "u,e,",
                    InteractionKindName(static_cast<InteractionKind>(i)),
                    ",,\n");
  }
  const Read read = ReadText(text);
  ASSERT_EQ(read.rows.size(), kNumInteractionKinds - 1);
  for (int i = 1; i < kNumInteractionKinds; ++i) {
    EXPECT_EQ(read.rows[i - 1].kind, static_cast<InteractionKind>(i));
  }
}

TEST(ReadInteractionsTest, SaysWhatIsWrongWithALine) {
  EXPECT_THAT(ProblemOf("u1,e1,went,,5"),
              AllOf(HasSubstr("i.csv:2: "), HasSubstr("kind \"went\"")));
  EXPECT_THAT(ProblemOf("u1,e1,,,5"), HasSubstr("kind \"\""));
  EXPECT_THAT(ProblemOf(",e1,view,,5"), HasSubstr("user_id is empty"));
  EXPECT_THAT(ProblemOf(absl::StrCat("u1,", std::string(129, 'e'), ",view,,5")),
              HasSubstr("event_id is longer than 128 bytes"));
  EXPECT_THAT(ProblemOf("u\xFF,e1,view,,5"),
              HasSubstr("user_id is not valid UTF-8"));
  EXPECT_THAT(ProblemOf("u1,e1,view,nan,5"), HasSubstr("value \"nan\""));
  EXPECT_THAT(ProblemOf("u1,e1,view,1e99,5"), HasSubstr("value \"1e99\""));
  EXPECT_THAT(ProblemOf("u1,e1,view,1x,5"), HasSubstr("value \"1x\""));
  EXPECT_THAT(ProblemOf("u1,e1,view,,yesterday"),
              HasSubstr("timestamp \"yesterday\""));
  EXPECT_THAT(ProblemOf("u1,e1,view,"),
              HasSubstr("4 fields where the header has 5"));
  EXPECT_THAT(ProblemOf("u1,e1,view,,5,6"), HasSubstr("6 fields"));
  EXPECT_THAT(ProblemOf("u\"1,e1,view,,5"), HasSubstr("a quote within"));
  EXPECT_THAT(ProblemOf("\"u\"1,e1,view,,5"),
              HasSubstr("after the closing quote"));
}

TEST(ReadInteractionsTest, TakesIdsOfTheGreatestLength) {
  const std::string id(128, 'u');
  const Read read = ReadText(absl::StrCat(kHeader, id, ",\u00e9,view,,5\n"));
  ASSERT_EQ(read.rows.size(), 1);
  EXPECT_EQ(read.rows[0].user_id, id);
}

TEST(ReadInteractionsTest, RefusesPlacesThatAreNotOnTheEarth) {
  for (const char* place : {"91,0", "0,181", "5,", ",5", "x,5", "nan,0"}) {
    const Read read = ReadText(absl::StrCat(
        "user_id,event_id,kind,value,timestamp,latitude,longitude\n",
        "u1,e1,view,,5,", place, "\n"));
    EXPECT_EQ(read.report.bad, 1) << place;
  }
}

TEST(ReadInteractionsTest, CountsEveryLineThatAnOpenQuoteSwallows) {
  const Read read =
      ReadText(absl::StrCat(kHeader, "u1,e1,view,,5\n\"u2,e1,view,,5\n",
                            "u3,e1,view,,5\nu4,e1,view,,5\n"));
  EXPECT_EQ(read.report.rows, 1);
  EXPECT_EQ(read.report.bad, 3);
  EXPECT_THAT(read.report.first_errors,
              ElementsAre(HasSubstr("i.csv:3: a quote that is not closed")));
}

TEST(ReadInteractionsTest, NamesMissingColumns) {
  const Read read = ReadText("user_id,event_id,when\nu1,e1,5\n");
  EXPECT_THAT(read.status.message(),
              AllOf(HasSubstr("i.csv"), HasSubstr("kind, value, timestamp")));
  EXPECT_THAT(ReadText("user_id,user_id\n").status.message(),
              HasSubstr("column \"user_id\" twice"));
  EXPECT_THAT(ReadText(absl::StrCat("latitude,", kHeader)).status.message(),
              HasSubstr("both or neither"));
  EXPECT_THAT(ReadText("\n\n").status.message(), HasSubstr("has no header"));
}

TEST(ReadInteractionsTest, FailsAboveTheAllowedShareOfBadLines) {
  std::string text = kHeader;
  for (int i = 0; i < 99; ++i) absl::StrAppend(&text, "u1,e1,view,,5\n");
  absl::StrAppend(&text, "u1,e1,oops,,5\n");
  EXPECT_TRUE(ReadText(text, 0.01).status.ok());
  const absl::Status status = ReadText(text, 0.009).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("1 of 100 lines"), HasSubstr("i.csv:101: kind"),
                    HasSubstr("--max_bad_fraction=0.009")));
}

TEST(ReadInteractionsTest, ShowsTenBadLinesAndCountsTheOthers) {
  std::string text = kHeader;
  for (int i = 0; i < 25; ++i) absl::StrAppend(&text, "u1,e1,oops,,5\n");
  const Read read = ReadText(text);
  EXPECT_EQ(read.report.bad, 25);
  EXPECT_EQ(read.report.first_errors.size(), 10);
  ASSERT_EQ(read.warnings.size(), 11);
  EXPECT_THAT(read.warnings[9], HasSubstr("i.csv:11: kind"));
  EXPECT_THAT(read.warnings[10], HasSubstr("i.csv: 15 more bad lines"));
}

TEST(ReadInteractionsTest, EndsWithAFullProgress) {
  const ScratchFolder folder;
  ReadOptions options;
  int64_t done = 0, total = -1, rows = 0;
  options.progress = [&](absl::string_view, int64_t bytes_done,
                         int64_t bytes_total, int64_t so_far) {
    done = bytes_done;
    total = bytes_total;
    rows = so_far;
  };
  ReadReport report;
  ASSERT_TRUE(ReadInteractions(
                  folder.Write("i", absl::StrCat(kHeader, "u,e,view,,5\n")),
                  options, [](const InteractionRow&) {}, &report)
                  .ok());
  EXPECT_EQ(done, total);
  EXPECT_EQ(rows, 1);
}

TEST(ReadInteractionsTest, PassesOnThatAGzipFileIsCutOff) {
  std::string text = kHeader;
  for (int i = 0; i < 9999; ++i) absl::StrAppend(&text, "u", i, ",e,view,,5\n");
  const std::string packed = Gzipped(text);
  const Read read =
      ReadText(packed.substr(0, packed.size() / 2), 1.0, "i.csv.gz");
  EXPECT_EQ(read.status.code(), absl::StatusCode::kDataLoss);
}

TEST(ReadSplitTest, ReadsPartsAndNamesBadOnes) {
  const ScratchFolder folder;
  ReadOptions options;
  options.max_bad_fraction = 1;
  ReadReport report;
  std::vector<std::string> rows;
  const absl::Status status = ReadSplit(
      folder.Write("s.csv",
                   "part,user_id,event_id\ntrain,u1,e1\nvalid,u1,e2\n"
                   "test,u1,e3\nother,u1,e4\n"),
      options,
      [&](const SplitRow& row) {
        rows.push_back(absl::StrCat(row.user_id, row.event_id,
                                    static_cast<int>(row.part)));
      },
      &report);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(rows, ElementsAre("u1e10", "u1e21", "u1e32"));
  EXPECT_THAT(report.first_errors,
              ElementsAre(HasSubstr("s.csv:5: part \"other\"")));
}

}  // namespace
}  // namespace usher
