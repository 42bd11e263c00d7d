// Small charts as SVG text that needs nothing from elsewhere.
#ifndef USHER_TRAINER_EVALUATION_SVG_CHART_H_
#define USHER_TRAINER_EVALUATION_SVG_CHART_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace usher {

// `text` for use between tags and in attributes.
std::string EscapeHtml(absl::string_view text);

// A value with the ends of its interval; equal ends: none is drawn.
struct ChartBar {
  std::string name;
  double value = 0;
  double low = 0;
  double high = 0;
};

// Horizontal bars from 0, in the order given. Values that are not finite are
// left out.
std::string BarChart(const std::vector<ChartBar>& bars);

// One line over places of equal distance; NaN leaves a gap.
struct ChartLine {
  std::string name;
  std::vector<double> values;
};

// Lines with a legend. `places` name the values of each line.
std::string LineChart(const std::vector<std::string>& places,
                      const std::vector<ChartLine>& lines);

// One dot. Its title is shown where it is pointed at.
struct ChartDot {
  double x = 0;  // In [0, 1].
  double y = 0;
  std::string title;
  bool marked = false;
};

// Dots in a small frame that is as high as their values need, whose ends are
// written beside it; `left` and `right` stand under the ends of x. `steps` are
// joined by a line that goes across before it goes up. Values that are not
// finite are left out.
std::string DotChart(const std::vector<ChartDot>& dots,
                     const std::vector<ChartDot>& steps, absl::string_view left,
                     absl::string_view right);

}  // namespace usher

#endif  // USHER_TRAINER_EVALUATION_SVG_CHART_H_
