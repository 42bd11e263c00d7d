// Rows of text in aligned columns.
#ifndef USHER_SERVING_USHERCTL_TABLE_H_
#define USHER_SERVING_USHERCTL_TABLE_H_

#include <string>
#include <vector>

#include "serving/usherctl/terminal.h"

namespace usher::ctl {

struct Column {
  std::string header;
  bool right = false;  // Numbers: aligned at the right.
  bool bold = false;
  // The column may be cut down to this many columns of the terminal when the
  // table is too wide. 0: never cut.
  int least_width = 0;
};

struct Row {
  // One for each column, each a single line.
  std::vector<std::string> cells;
  // Each on lines of its own below the cells, wrapped, indented to the second
  // column.
  std::vector<std::string> notes;
};

// The header and the rows, each line ended. Columns that are empty in all rows
// are left out. When the table is wider than the terminal, the columns that
// are furthest above their least width are cut first; when that does not do, it
// sticks out. Empty without rows.
std::string FormatTable(const std::vector<Column>& columns,
                        const std::vector<Row>& rows, const Terminal& terminal);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_TABLE_H_
