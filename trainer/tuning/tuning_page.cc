#include "trainer/tuning/tuning_page.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "trainer/evaluation/svg_chart.h"

namespace usher {
namespace {

constexpr char kHead[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<title>Usher: tuning</title>\n<style>\n"
    "body{font-family:sans-serif;max-width:80em;margin:2em auto;"
    "padding:0 1em;color:#222}\n"
    "figure{display:inline-block;margin:0 1em 1em 0}\n"
    "figcaption{font-size:.85em;font-weight:bold}\n"
    "table{display:block;overflow-x:auto;border-collapse:collapse;"
    "font-size:.75em}\n"
    "td,th{padding:.2em .5em;text-align:right;border-bottom:1px solid #ddd}\n"
    "td{white-space:nowrap}\n"
    ".best{font-weight:bold}\n</style></head>\n<body>\n<h1>Tuning</h1>\n";

std::string ValueText(const TunedParameter& parameter, double coordinate) {
  return absl::StrFormat("%.4g", ValueAt(parameter, coordinate));
}

std::string TitleOf(const std::vector<Trial>& trials, size_t number) {
  return absl::StrFormat("trial %d: %.4f", number + 1, trials[number].ndcg);
}

// The first of the best.
size_t BestOf(const std::vector<Trial>& trials) {
  return static_cast<size_t>(
      std::max_element(
          trials.begin(), trials.end(),
          [](const Trial& a, const Trial& b) { return a.ndcg < b.ndcg; }) -
      trials.begin());
}

std::string ProgressChart(const std::vector<Trial>& trials, size_t best) {
  std::vector<ChartDot> dots;
  std::vector<ChartDot> steps;
  const double last =
      std::max<double>(1, static_cast<double>(trials.size()) - 1);
  double so_far = trials.front().ndcg;
  for (size_t i = 0; i < trials.size(); ++i) {
    const double x = static_cast<double>(i) / last;
    dots.push_back({x, trials[i].ndcg, TitleOf(trials, i), i == best});
    so_far = std::max(so_far, trials[i].ndcg);
    steps.push_back({x, so_far, "", false});
  }
  return DotChart(dots, steps, "first", absl::StrCat(trials.size()));
}

std::string ParameterCharts(const std::vector<Trial>& trials,
                            const UnitPoint& start, size_t best) {
  const absl::Span<const TunedParameter> parameters = TunedParameters();
  std::string charts;
  for (size_t p = 0; p < parameters.size(); ++p) {
    std::vector<ChartDot> dots;
    for (size_t i = 0; i < trials.size(); ++i) {
      const UnitPoint& point =
          trials[i].point.empty() ? start : trials[i].point;
      dots.push_back({point[p], trials[i].ndcg,
                      absl::StrCat(TitleOf(trials, i), " at ",
                                   ValueText(parameters[p], point[p])),
                      i == best});
    }
    absl::StrAppend(&charts, "<figure><figcaption>",
                    EscapeHtml(parameters[p].name), "</figcaption>\n",
                    DotChart(dots, {}, ValueText(parameters[p], 0),
                             ValueText(parameters[p], 1)),
                    "</figure>\n");
  }
  return charts;
}

std::string TrialTable(const std::vector<Trial>& trials, const UnitPoint& start,
                       size_t best) {
  const absl::Span<const TunedParameter> parameters = TunedParameters();
  std::string table =
      "<table>\n<tr><th>trial</th><th>NDCG@10</th><th>95 %</th><th>s</th>";
  for (const TunedParameter& parameter : parameters) {
    absl::StrAppend(&table, "<th>", EscapeHtml(parameter.name), "</th>");
  }
  table += "</tr>\n";
  for (size_t i = 0; i < trials.size(); ++i) {
    const Trial& trial = trials[i];
    absl::StrAppendFormat(
        &table,
        "<tr%s><td>%d</td><td>%.4f</td><td>%.4f .. %.4f</td><td>%.0f</td>",
        i == best ? " class=\"best\"" : "", i + 1, trial.ndcg, trial.low,
        trial.high, trial.seconds);
    const UnitPoint& point = trial.point.empty() ? start : trial.point;
    for (size_t p = 0; p < parameters.size(); ++p) {
      absl::StrAppend(&table, "<td>", ValueText(parameters[p], point[p]),
                      "</td>");
    }
    table += "</tr>\n";
  }
  return absl::StrCat(table, "</table>\n");
}

}  // namespace

std::string TuningPage(const std::vector<Trial>& trials,
                       const UnitPoint& start) {
  std::string page = kHead;
  if (trials.empty())
    return absl::StrCat(page, "<p>No trial yet.</p></body></html>\n");
  const size_t best = BestOf(trials);
  absl::StrAppendFormat(
      &page,
      "<p>%d trials, judged by NDCG@10 of the last third of the second half of "
      "the data given. The first is the configuration that the search began "
      "with: %.4f (%.4f .. %.4f). The best is trial %d: %.4f (%.4f .. %.4f); "
      "the best of many looks better than it is.</p>\n",
      trials.size(), trials.front().ndcg, trials.front().low,
      trials.front().high, best + 1, trials[best].ndcg, trials[best].low,
      trials[best].high);
  absl::StrAppend(&page, "<h2>As it went</h2>\n", ProgressChart(trials, best),
                  "<h2>By parameter</h2>\n",
                  ParameterCharts(trials, start, best), "<h2>Trials</h2>\n",
                  TrialTable(trials, start, best), "</body></html>\n");
  return page;
}

}  // namespace usher
