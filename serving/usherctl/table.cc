#include "serving/usherctl/table.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "serving/usherctl/display_text.h"

namespace usher::ctl {
namespace {

constexpr int kGap = 2;
constexpr char kBold[] = "\x1b[1m";
constexpr char kDim[] = "\x1b[2m";
constexpr char kPlain[] = "\x1b[0m";

// Natural widths; 0 for a column to leave out.
std::vector<int> NaturalWidths(const std::vector<Column>& columns,
                               const std::vector<Row>& rows) {
  std::vector<int> widths(columns.size(), 0);
  for (size_t c = 0; c < columns.size(); ++c) {
    for (const Row& row : rows) {
      widths[c] = std::max(widths[c], DisplayWidth(row.cells[c]));
    }
    if (widths[c] > 0) {
      widths[c] = std::max(widths[c], DisplayWidth(columns[c].header));
    }
  }
  return widths;
}

int TotalWidth(const std::vector<int>& widths) {
  int total = -kGap;
  for (int width : widths) total += width > 0 ? width + kGap : 0;
  return total;
}

void FitWidths(const std::vector<Column>& columns, int width,
               std::vector<int>& widths) {
  for (int excess = TotalWidth(widths) - width; excess > 0; --excess) {
    int most_room = 0;
    size_t cut = 0;
    for (size_t c = 0; c < columns.size(); ++c) {
      if (columns[c].least_width == 0) continue;
      const int room = widths[c] - columns[c].least_width;
      if (room <= most_room) continue;
      most_room = room;
      cut = c;
    }
    if (most_room == 0) return;
    --widths[cut];
  }
}

std::string Styled(absl::string_view text, absl::string_view style,
                   const Terminal& terminal) {
  if (!terminal.styled || text.empty()) return std::string(text);
  return absl::StrCat(style, text, kPlain);
}

std::string Cell(absl::string_view text, const Column& column, int width) {
  const std::string cut = Truncate(text, width);
  return column.right ? PadLeft(cut, width) : PadRight(cut, width);
}

std::string CellsLine(const std::vector<Column>& columns,
                      const std::vector<int>& widths, const Row& row,
                      const Terminal& terminal) {
  std::string line;
  std::string blanks;  // Owed before the next text, so that none end the line.
  for (size_t c = 0; c < columns.size(); ++c) {
    if (widths[c] == 0) continue;
    const std::string cell = Cell(row.cells[c], columns[c], widths[c]);
    const size_t end = cell.find_last_not_of(' ') + 1;
    if (end > 0) {
      const std::string text = cell.substr(0, end);
      absl::StrAppend(&line, blanks,
                      columns[c].bold ? Styled(text, kBold, terminal) : text);
      blanks.clear();
    }
    blanks.append(cell.size() - end + kGap, ' ');
  }
  return absl::StrCat(line, "\n");
}

std::string HeaderLine(const std::vector<Column>& columns,
                       const std::vector<int>& widths,
                       const Terminal& terminal) {
  Row header;
  std::vector<Column> plain = columns;
  for (Column& column : plain) {
    header.cells.push_back(column.header);
    column.bold = false;
  }
  Terminal unstyled = terminal;
  unstyled.styled = false;
  std::string line = CellsLine(plain, widths, header, unstyled);
  line.pop_back();
  return absl::StrCat(Styled(line, kDim, terminal), "\n");
}

std::string NoteLines(const std::string& note, int indent,
                      const Terminal& terminal) {
  std::string lines;
  for (const std::string& line : Wrap(note, terminal.width - indent)) {
    absl::StrAppend(&lines, std::string(indent, ' '), line, "\n");
  }
  return lines;
}

}  // namespace

std::string FormatTable(const std::vector<Column>& columns,
                        const std::vector<Row>& rows,
                        const Terminal& terminal) {
  if (rows.empty()) return "";
  std::vector<int> widths = NaturalWidths(columns, rows);
  FitWidths(columns, terminal.width, widths);
  std::string text = HeaderLine(columns, widths, terminal);
  for (const Row& row : rows) {
    absl::StrAppend(&text, CellsLine(columns, widths, row, terminal));
    for (const std::string& note : row.notes) {
      absl::StrAppend(&text, NoteLines(note, widths[0] + kGap, terminal));
    }
  }
  return text;
}

}  // namespace usher::ctl
