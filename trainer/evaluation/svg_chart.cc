#include "trainer/evaluation/svg_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace usher {
namespace {

constexpr double kWidth = 720;
constexpr double kNames = 170;
constexpr double kBarsWidth = kWidth - kNames - 70;
constexpr double kBarHeight = 22;
constexpr double kLinesHeight = 260;
constexpr double kLinesWidth = kWidth - 220;
constexpr double kMargin = 46;
constexpr double kDotsWidth = 280;
constexpr double kDotsHeight = 130;

// Told apart by people who see few colours (Okabe and Ito 2008), then dashed.
constexpr std::array<const char*, 8> kColours = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7",
    "#e69f00", "#56b4e9", "#000000", "#8c8c8c"};

std::string Open(double height) {
  return absl::StrFormat(
      "<svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" role=\"img\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n",
      kWidth, height, kWidth);
}

// A round number that is not below the greatest value.
double Top(double most) {
  if (!(most > 0)) return 1;
  const double unit = std::pow(10, std::floor(std::log10(most)));
  for (const double step : {1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0}) {
    if (most <= step * unit) return step * unit;
  }
  return 10 * unit;
}

std::string Text(double x, double y, const char* anchor,
                 absl::string_view text) {
  return absl::StrFormat(
      "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y,
      anchor, EscapeHtml(text));
}

std::string Dashes(size_t line) {
  return line < kColours.size() ? "" : " stroke-dasharray=\"6 3\"";
}

// Points as runs without gaps.
std::string LineOf(const ChartLine& line, size_t index, double step,
                   double top) {
  const char* colour = kColours[index % kColours.size()];
  std::string runs;
  std::string run;
  std::string points;
  const auto flush = [&] {
    if (!run.empty()) {
      absl::StrAppendFormat(
          &runs,
          "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\"%s "
          "points=\"%s\"/>\n",
          colour, Dashes(index), run);
    }
    run.clear();
  };
  for (size_t i = 0; i < line.values.size(); ++i) {
    if (!std::isfinite(line.values[i])) {
      flush();
      continue;
    }
    const double x = kMargin + step * static_cast<double>(i);
    const double y = 10 + (kLinesHeight - 40) * (1 - line.values[i] / top);
    absl::StrAppendFormat(&run, "%.1f,%.1f ", x, y);
    absl::StrAppendFormat(
        &points,
        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"%s\">"
        "<title>%s: %.4f</title></circle>\n",
        x, y, colour, EscapeHtml(line.name), line.values[i]);
  }
  flush();
  return runs + points;
}

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"},
                                    {"<", "&lt;"},
                                    {">", "&gt;"},
                                    {"\"", "&quot;"},
                                    {"'", "&#39;"}});
}

std::string BarChart(const std::vector<ChartBar>& bars) {
  double most = 0;
  for (const ChartBar& bar : bars) {
    if (std::isfinite(bar.value)) most = std::max({most, bar.value, bar.high});
  }
  const double scale = kBarsWidth / Top(most);
  std::string svg = Open(
      kBarHeight * static_cast<double>(std::max<size_t>(1, bars.size())) + 10);
  double y = 5;
  for (const ChartBar& bar : bars) {
    if (!std::isfinite(bar.value)) continue;
    const double length = std::max(0.0, bar.value) * scale;
    svg += Text(kNames - 8, y + 15, "end", bar.name);
    absl::StrAppendFormat(&svg,
                          "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                          "height=\"%.1f\" fill=\"%s\"/>\n",
                          kNames, y + 3, length, kBarHeight - 6, kColours[0]);
    if (bar.high > bar.low) {
      const double middle = y + kBarHeight / 2;
      absl::StrAppendFormat(
          &svg,
          "<path d=\"M%.1f %.1fH%.1fM%.1f %.1fv8M%.1f %.1fv8\" "
          "stroke=\"#222\" stroke-width=\"1.5\"/>\n",
          kNames + bar.low * scale, middle, kNames + bar.high * scale,
          kNames + bar.low * scale, middle - 4, kNames + bar.high * scale,
          middle - 4);
    }
    svg += Text(kNames + std::max(length, bar.high * scale) + 6, y + 15,
                "start", absl::StrFormat("%.4f", bar.value));
    y += kBarHeight;
  }
  return absl::StrCat(svg, "</svg>\n");
}

std::string LineChart(const std::vector<std::string>& places,
                      const std::vector<ChartLine>& lines) {
  double most = 0;
  for (const ChartLine& line : lines) {
    for (const double value : line.values) {
      if (std::isfinite(value)) most = std::max(most, value);
    }
  }
  const double top = Top(most);
  const double step =
      (kLinesWidth - kMargin) /
      static_cast<double>(std::max<size_t>(2, places.size()) - 1);
  std::string svg = Open(
      std::max(kLinesHeight, 20 + 16.0 * static_cast<double>(lines.size())));
  for (int tick = 0; tick <= 4; ++tick) {
    const double y = 10 + (kLinesHeight - 40) * (1 - tick / 4.0);
    absl::StrAppendFormat(&svg,
                          "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#ddd\"/>\n",
                          kMargin, y, kLinesWidth);
    svg += Text(kMargin - 6, y + 4, "end",
                absl::StrFormat("%.3g", top * tick / 4));
  }
  for (size_t i = 0; i < places.size(); ++i) {
    svg += Text(kMargin + step * static_cast<double>(i), kLinesHeight - 10,
                "middle", places[i]);
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    svg += LineOf(lines[i], i, step, top);
    const double y = 20 + 16.0 * static_cast<double>(i);
    absl::StrAppendFormat(
        &svg,
        "<path d=\"M%.1f %.1fh18\" stroke=\"%s\" stroke-width=\"3\"%s/>\n",
        kLinesWidth + 24, y - 4, kColours[i % kColours.size()], Dashes(i));
    svg += Text(kLinesWidth + 48, y, "start", lines[i].name);
  }
  return absl::StrCat(svg, "</svg>\n");
}

std::string DotChart(const std::vector<ChartDot>& dots,
                     const std::vector<ChartDot>& steps, absl::string_view left,
                     absl::string_view right) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const std::vector<ChartDot>* each : {&dots, &steps}) {
    for (const ChartDot& dot : *each) {
      if (!std::isfinite(dot.y)) continue;
      low = std::min(low, dot.y);
      high = std::max(high, dot.y);
    }
  }
  if (low > high) low = high = 0;
  const double span = high > low ? high - low : 1;
  const auto x_of = [](double x) {
    return kMargin + std::clamp(x, 0.0, 1.0) * kDotsWidth;
  };
  const auto y_of = [&](double y) {
    return 12 + kDotsHeight * (1 - (y - low) / span);
  };
  std::string svg = absl::StrFormat(
      "<svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" role=\"img\" "
      "font-family=\"sans-serif\" font-size=\"11\">\n",
      kDotsWidth + kMargin + 14, kDotsHeight + 40, kDotsWidth + kMargin + 14);
  absl::StrAppendFormat(&svg,
                        "<path d=\"M%.1f %.1fV%.1fH%.1f\" fill=\"none\" "
                        "stroke=\"#999\"/>\n",
                        kMargin, 8.0, kDotsHeight + 16, kMargin + kDotsWidth);
  svg +=
      Text(kMargin - 4, y_of(high) + 4, "end", absl::StrFormat("%.4f", high));
  if (high > low) {
    svg +=
        Text(kMargin - 4, y_of(low) + 4, "end", absl::StrFormat("%.4f", low));
  }
  svg += Text(kMargin, kDotsHeight + 32, "start", left);
  svg += Text(kMargin + kDotsWidth, kDotsHeight + 32, "end", right);
  std::string path;
  for (const ChartDot& dot : steps) {
    if (!std::isfinite(dot.y)) continue;
    if (path.empty()) {
      absl::StrAppendFormat(&path, "M%.1f %.1f", x_of(dot.x), y_of(dot.y));
    } else {
      absl::StrAppendFormat(&path, "H%.1fV%.1f", x_of(dot.x), y_of(dot.y));
    }
  }
  if (!path.empty()) {
    absl::StrAppendFormat(&svg,
                          "<path d=\"%s\" fill=\"none\" stroke=\"%s\" "
                          "stroke-width=\"1.8\"/>\n",
                          path, kColours[1]);
  }
  for (const ChartDot& dot : dots) {
    if (!std::isfinite(dot.y)) continue;
    absl::StrAppendFormat(
        &svg,
        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\">"
        "<title>%s</title></circle>\n",
        x_of(dot.x), y_of(dot.y), dot.marked ? 5.0 : 3.0,
        kColours[dot.marked ? 1 : 0], EscapeHtml(dot.title));
  }
  return absl::StrCat(svg, "</svg>\n");
}

}  // namespace usher
