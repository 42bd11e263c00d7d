#include "serving/usherctl/table.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/usherctl/display_text.h"

namespace usher::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<Column> kColumns = {
    {.header = "#", .right = true},
    {.header = "event", .bold = true, .least_width = 6},
    {.header = "where", .least_width = 5},
    {.header = "km", .right = true},
};

Terminal Plain(int width) { return {.width = width}; }

TEST(TableTest, AlignsByColumnsAndEndsNoLineInBlanks) {
  EXPECT_EQ(FormatTable(kColumns,
                        {{{"1", "東京 night", "Hall", "0.8"}, {}},
                         {{"10", "Café", "", ""}, {}},
                         {{"11", "Jazz", "Bar", "12"}, {}}},
                        Plain(80)),
            " #  event       where   km\n"
            " 1  東京 night  Hall   0.8\n"
            "10  Café\n"
            "11  Jazz        Bar     12\n");
}

TEST(TableTest, LeavesOutColumnsThatAreEmptyInAllRows) {
  EXPECT_EQ(FormatTable(kColumns, {{{"1", "Jazz", "", "3"}, {}}}, Plain(80)),
            "#  event  km\n"
            "1  Jazz    3\n");
}

TEST(TableTest, CutsWhereThereIsMostRoomAndNeverBelowTheLeast) {
  const std::vector<Row> rows = {
      {{"1", "a very long title of an event", "some venue", "3"}, {}}};
  for (int width = 24; width <= 60; ++width) {
    const std::string table = FormatTable(kColumns, rows, Plain(width));
    for (const std::string& line :
         std::vector<std::string>(absl::StrSplit(table, '\n'))) {
      EXPECT_LE(DisplayWidth(line), width) << table;
    }
  }
  EXPECT_THAT(FormatTable(kColumns, rows, Plain(32)),
              HasSubstr("1  a very long…   some venue   3"));
  EXPECT_THAT(FormatTable(kColumns, rows, Plain(10)),
              HasSubstr("1  a ver…  some…   3"));
}

TEST(TableTest, WrapsNotesBelowTheirRow) {
  EXPECT_EQ(FormatTable(kColumns,
                        {{{"1", "Jazz", "Bar", "3"},
                          {"you follow its organizer", "", "near"}}},
                        Plain(20)),
            "#  event  where  km\n"
            "1  Jazz   Bar     3\n"
            "   you follow its\n"
            "   organizer\n"
            "   near\n");
}

TEST(TableTest, StylesDoNotMoveTheColumns) {
  const std::vector<Row> rows = {{{"1", "Jazz", "Bar", "3"}, {}}};
  const std::string plain = FormatTable(kColumns, rows, Plain(80));
  std::string styled = FormatTable(kColumns, rows, {.styled = true});
  EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
  EXPECT_THAT(styled, HasSubstr("\x1b[1mJazz\x1b[0m   Bar"));
  for (const std::string code : {"\x1b[0m", "\x1b[1m", "\x1b[2m"}) {
    for (size_t at = 0; (at = styled.find(code)) != std::string::npos;) {
      styled.erase(at, code.size());
    }
  }
  EXPECT_EQ(styled, plain);
}

TEST(TableTest, IsEmptyWithoutRows) {
  EXPECT_EQ(FormatTable(kColumns, {}, Plain(80)), "");
}

}  // namespace
}  // namespace usher::ctl
