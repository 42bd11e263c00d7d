#include "trainer/evaluation/report.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "trainer/evaluation/svg_chart.h"

namespace usher {
namespace {

constexpr int kResamples = 1000;
constexpr uint64_t kBootstrapSeed = 7;
constexpr size_t kShownFeatures = 20;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

using Interval = MeanScores::Interval;

Interval IntervalOf(const Judgement& judgement) {
  return judgement.all.NdcgInterval(kResamples, kBootstrapSeed);
}

std::string Number(double value) {
  return std::isfinite(value) ? absl::StrFormat("%.6f", value) : "null";
}

// For people: short, and nothing for what is not known.
std::string Figure(double value, int digits = 4) {
  return std::isfinite(value) ? absl::StrFormat("%.*f", digits, value) : "-";
}

double NdcgOf(const MeanScores& scores) {
  return scores.queries() > 0 ? scores.Mean().ndcg : kUnknown;
}

std::string JsonOf(const MeanScores& scores, int depth) {
  const ListScores mean = scores.Mean();
  return absl::StrFormat(
      "{\"queries\": %d, \"HR@%d\": %s, \"Recall@%d\": %s, \"NDCG@%d\": %s, "
      "\"MRR@%d\": %s, \"Precision@%d\": %s, \"F1@%d\": %s, \"MAP@%d\": %s, "
      "\"RecallOfAll@%d\": %s}",
      scores.queries(), depth, Number(mean.hit_rate), depth,
      Number(mean.recall), depth, Number(mean.ndcg), depth, Number(mean.mrr),
      depth, Number(mean.precision), depth, Number(mean.f1), depth,
      Number(mean.map), depth, Number(mean.recall_of_all));
}

template <size_t n>
std::string JsonOfBins(const std::array<const char*, n>& names,
                       const std::array<MeanScores, n>& bins, int depth) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < n; ++i) {
    parts.push_back(
        absl::StrCat("\"", names[i], "\": ", JsonOf(bins[i], depth)));
  }
  return absl::StrCat("{", absl::StrJoin(parts, ",\n    "), "}");
}

std::string JsonOfTraits(const Judgement& judgement) {
  const ListTraits& traits = judgement.traits;
  if (traits.empty()) return "null";
  return absl::StrCat(
      "{\"coverage\": ", Number(traits.Coverage(judgement.showable)),
      ", \"diversity\": ", Number(traits.Diversity()),
      ", \"novelty_bits\": ", Number(traits.Novelty()),
      ", \"popularity_bias\": ", Number(traits.PopularityBias()),
      ", \"hit_distance_km\": ", Number(traits.HitKilometres()), "}");
}

std::string JsonOfRetrieval(const Judgement& judgement) {
  if (judgement.retrieval_queries == 0) return "null";
  std::vector<std::string> parts;
  for (size_t i = 0; i < kRetrievalDepths.size(); ++i) {
    parts.push_back(absl::StrCat("\"Recall@", kRetrievalDepths[i],
                                 "\": ", Number(judgement.retrieved[i])));
  }
  return absl::StrCat("{\"queries\": ", judgement.retrieval_queries, ", ",
                      absl::StrJoin(parts, ", "), "}");
}

std::string JsonOfCurve(const std::vector<LearningPoint>& curve, int depth) {
  std::vector<std::string> points;
  for (const LearningPoint& point : curve) {
    const Interval interval =
        point.all.NdcgInterval(kResamples, kBootstrapSeed);
    points.push_back(absl::StrFormat(
        "{\"share\": %s, \"interactions\": %d, \"all\": %s, "
        "\"NDCG@%d_interval95\": [%s, %s], \"train_seconds\": %s}",
        Number(point.share), point.interactions, JsonOf(point.all, depth),
        depth, Number(interval.low), Number(interval.high),
        Number(point.train_seconds)));
  }
  return absl::StrCat("[", absl::StrJoin(points, ",\n    "), "]");
}

std::string JsonOfMoves(const Judgement& judgement) {
  std::vector<std::string> parts;
  for (const auto& [feature, moves] : judgement.moves.Largest(kNumFeatures)) {
    parts.push_back(absl::StrCat("\"", feature, "\": ", Number(moves)));
  }
  return absl::StrCat("{", absl::StrJoin(parts, ", "), "}");
}

std::string JsonOfRatings(const RatingErrors& errors) {
  if (errors.ratings == 0) return "null";
  return absl::StrCat("{\"ratings\": ", errors.ratings,
                      ", \"RMSE\": ", Number(errors.Rmse()),
                      ", \"MAE\": ", Number(errors.Mae()),
                      ", \"MSE\": ", Number(errors.Mse()), "}");
}

// The first judgement less this one.
std::string JsonOfDifference(const EvaluationReport& report,
                             const Judgement& judgement) {
  if (&judgement == &report.judgements.front()) return "null";
  const MeanScores::Difference less = report.judgements.front().all.NdcgLess(
      judgement.all, kResamples, kBootstrapSeed);
  return absl::StrFormat(
      "{\"than\": \"%s\", \"NDCG@%d\": %s, \"interval95\": [%s, %s], "
      "\"p_value\": %s}",
      report.judgements.front().name, report.depth, Number(-less.mean),
      Number(-less.high), Number(-less.low), Number(less.p_value));
}

std::string JsonOfJudgement(const EvaluationReport& report,
                            const Judgement& judgement) {
  const int depth = report.depth;
  const Interval interval = IntervalOf(judgement);
  const std::vector<std::pair<const char*, std::string>> members = {
      {"all", JsonOf(judgement.all, depth)},
      {"warm_user", JsonOf(judgement.warm_user, depth)},
      {"new_user", JsonOf(judgement.new_user, depth)},
      {"warm_event", JsonOf(judgement.warm_event, depth)},
      {"new_event", JsonOf(judgement.new_event, depth)},
      {"new_organizer", JsonOf(judgement.new_organizer, depth)},
      {"by_history", JsonOfBins(kHistoryBins, judgement.by_history, depth)},
      {"by_lead", JsonOfBins(kLeadBins, judgement.by_lead, depth)},
      {"better", JsonOfDifference(report, judgement)},
      {"lists", JsonOfTraits(judgement)},
      {"retrieval", JsonOfRetrieval(judgement)},
      {"feature_moves", JsonOfMoves(judgement)},
      {"rating_errors", JsonOfRatings(judgement.ratings)},
      {"learning_curve", JsonOfCurve(judgement.curve, depth)},
      {"train_seconds", Number(judgement.train_seconds)},
      {"train_peak_mb", Number(judgement.train_mb)},
      {"ask_seconds", Number(judgement.ask_seconds)}};
  std::vector<std::string> lines;
  for (const auto& [name, value] : members) {
    lines.push_back(absl::StrCat("   \"", name, "\": ", value));
  }
  lines.push_back(absl::StrFormat("   \"NDCG@%d_interval95\": [%s, %s]", depth,
                                  Number(interval.low), Number(interval.high)));
  return absl::StrCat("  \"", judgement.name, "\": {\n",
                      absl::StrJoin(lines, ",\n"), "}");
}

// A page's part with its heading; nothing when there is no chart.
std::string Section(absl::string_view heading, absl::string_view says,
                    absl::string_view body) {
  return absl::StrCat("<h2>", EscapeHtml(heading), "</h2>\n<p>",
                      EscapeHtml(says), "</p>\n", body);
}

std::string Row(const std::vector<std::string>& cells, const char* tag) {
  std::string row = "<tr>";
  for (const std::string& cell : cells) {
    absl::StrAppend(&row, "<", tag, ">", EscapeHtml(cell), "</", tag, ">");
  }
  return absl::StrCat(row, "</tr>\n");
}

std::string QualityTable(const EvaluationReport& report) {
  const std::string at = absl::StrCat("@", report.depth);
  std::string table = absl::StrCat(
      "<table>\n",
      Row({"", absl::StrCat("NDCG", at), "95 % interval", "against the first",
           "p", absl::StrCat("HR", at), absl::StrCat("Recall", at),
           absl::StrCat("Recall of all", at), absl::StrCat("Precision", at),
           absl::StrCat("F1", at), absl::StrCat("MAP", at),
           absl::StrCat("MRR", at), "train, s", "peak, MB"},
          "th"));
  for (const Judgement& judgement : report.judgements) {
    const ListScores mean = judgement.all.Mean();
    const Interval interval = IntervalOf(judgement);
    std::string better = "-";
    std::string p_value = "-";
    if (&judgement != &report.judgements.front()) {
      const MeanScores::Difference less =
          report.judgements.front().all.NdcgLess(judgement.all, kResamples,
                                                 kBootstrapSeed);
      better = absl::StrFormat("%+.4f (%+.4f .. %+.4f)", -less.mean, -less.high,
                               -less.low);
      p_value = Figure(less.p_value, 3);
    }
    table +=
        Row({judgement.name, Figure(mean.ndcg),
             absl::StrCat(Figure(interval.low), " .. ", Figure(interval.high)),
             better, p_value, Figure(mean.hit_rate), Figure(mean.recall),
             Figure(mean.recall_of_all), Figure(mean.precision),
             Figure(mean.f1), Figure(mean.map), Figure(mean.mrr),
             Figure(judgement.train_seconds, 1), Figure(judgement.train_mb, 0)},
            "td");
  }
  return absl::StrCat(table, "</table>\n");
}

std::string SliceTable(const EvaluationReport& report) {
  std::string table =
      absl::StrCat("<table>\n", Row({"", "warm user", "new user", "warm event",
                                     "new event", "organizer new to the user"},
                                    "th"));
  const Judgement& first = report.judgements.front();
  std::vector<std::string> counts = {"queries"};
  for (const MeanScores* slice :
       {&first.warm_user, &first.new_user, &first.warm_event, &first.new_event,
        &first.new_organizer}) {
    counts.push_back(absl::StrCat(slice->queries()));
  }
  table += Row(counts, "td");
  for (const Judgement& judgement : report.judgements) {
    table += Row({judgement.name, Figure(NdcgOf(judgement.warm_user)),
                  Figure(NdcgOf(judgement.new_user)),
                  Figure(NdcgOf(judgement.warm_event)),
                  Figure(NdcgOf(judgement.new_event)),
                  Figure(NdcgOf(judgement.new_organizer))},
                 "td");
  }
  return absl::StrCat(table, "</table>\n");
}

std::string TraitTable(const EvaluationReport& report) {
  std::string table = absl::StrCat(
      "<table>\n", Row({"", "coverage", "diversity", "novelty, bits",
                        "popularity bias", "hits, km", "RMSE", "MAE", "MSE"},
                       "th"));
  for (const Judgement& judgement : report.judgements) {
    const ListTraits& traits = judgement.traits;
    const RatingErrors& errors = judgement.ratings;
    if (traits.empty()) continue;
    table += Row(
        {judgement.name, Figure(traits.Coverage(judgement.showable)),
         Figure(traits.Diversity()), Figure(traits.Novelty(), 2),
         Figure(traits.PopularityBias(), 2), Figure(traits.HitKilometres(), 1),
         Figure(errors.Rmse()), Figure(errors.Mae()), Figure(errors.Mse())},
        "td");
  }
  return absl::StrCat(table, "</table>\n");
}

template <size_t n>
std::string BinChart(const EvaluationReport& report,
                     const std::array<const char*, n>& names,
                     const std::array<MeanScores, n> Judgement::*bins) {
  const std::array<MeanScores, n>& first = report.judgements.front().*bins;
  std::vector<std::string> places;
  int64_t queries = 0;
  for (size_t i = 0; i < n; ++i) {
    queries += first[i].queries();
    places.push_back(absl::StrCat(names[i], " (", first[i].queries(), ")"));
  }
  if (queries == 0) return "";
  std::vector<ChartLine> lines;
  for (const Judgement& judgement : report.judgements) {
    ChartLine line{judgement.name, {}};
    for (const MeanScores& bin : judgement.*bins) {
      line.values.push_back(NdcgOf(bin));
    }
    lines.push_back(std::move(line));
  }
  return LineChart(places, lines);
}

// Of who has learned from parts of the data.
std::string LearningChart(const EvaluationReport& report) {
  std::vector<std::string> places;
  std::vector<ChartLine> lines;
  for (const Judgement& judgement : report.judgements) {
    if (judgement.curve.empty()) continue;
    ChartLine line{judgement.name, {}};
    ChartLine low{"95 %, low", {}};
    ChartLine high{"95 %, high", {}};
    places.clear();
    for (const LearningPoint& point : judgement.curve) {
      const Interval interval =
          point.all.NdcgInterval(kResamples, kBootstrapSeed);
      places.push_back(absl::StrFormat("%.4g %% (%d)", 100 * point.share,
                                       point.interactions));
      line.values.push_back(NdcgOf(point.all));
      low.values.push_back(interval.low);
      high.values.push_back(interval.high);
    }
    lines.insert(lines.end(),
                 {std::move(line), std::move(low), std::move(high)});
  }
  return lines.empty() ? "" : LineChart(places, lines);
}

std::string RetrievalChart(const EvaluationReport& report) {
  std::vector<std::string> places;
  for (const int depth : kRetrievalDepths) {
    places.push_back(absl::StrCat(depth));
  }
  std::vector<ChartLine> lines;
  for (const Judgement& judgement : report.judgements) {
    if (judgement.retrieval_queries == 0) continue;
    lines.push_back({judgement.name,
                     {judgement.retrieved.begin(), judgement.retrieved.end()}});
  }
  return lines.empty() ? "" : LineChart(places, lines);
}

}  // namespace

std::string JsonReport(const EvaluationReport& report) {
  std::vector<std::string> judgements;
  for (const Judgement& judgement : report.judgements) {
    judgements.push_back(JsonOfJudgement(report, judgement));
  }
  return absl::StrCat("{\n", absl::StrJoin(judgements, ",\n"), "\n}\n");
}

std::string TableReport(const EvaluationReport& report) {
  const std::string at = absl::StrCat("@", report.depth);
  std::string table = absl::StrFormat(
      "%-18s %8s %9s %8s %8s  %-17s %9s %9s %9s %8s %8s\n", "",
      absl::StrCat("HR", at), absl::StrCat("Recall", at),
      absl::StrCat("MRR", at), absl::StrCat("NDCG", at), "95 % interval",
      "warm user", "new user", "new org.", "train, s", "peak, MB");
  for (const Judgement& judgement : report.judgements) {
    const ListScores mean = judgement.all.Mean();
    const Interval interval = IntervalOf(judgement);
    absl::StrAppendFormat(
        &table,
        "%-18s %8.4f %9.4f %8.4f %8.4f  %.4f .. %.4f %9s %9s %9s %8.1f %8s\n",
        judgement.name, mean.hit_rate, mean.recall, mean.mrr, mean.ndcg,
        interval.low, interval.high, Figure(NdcgOf(judgement.warm_user)),
        Figure(NdcgOf(judgement.new_user)),
        Figure(NdcgOf(judgement.new_organizer)), judgement.train_seconds,
        Figure(judgement.train_mb, 0));
  }
  for (const Judgement& judgement : report.judgements) {
    for (const LearningPoint& point : judgement.curve) {
      const Interval interval =
          point.all.NdcgInterval(kResamples, kBootstrapSeed);
      absl::StrAppendFormat(
          &table, "%s, %.4g %% of the data (%d): NDCG%s %.4f (%.4f .. %.4f)\n",
          judgement.name, 100 * point.share, point.interactions, at,
          NdcgOf(point.all), interval.low, interval.high);
    }
  }
  for (const Judgement& judgement : report.judgements) {
    const ListScores mean = judgement.all.Mean();
    if (mean.recall - mean.recall_of_all < 5e-5) continue;
    absl::StrAppendFormat(&table,
                          "%s: Recall%s %.4f of all, %.4f of those that fit\n",
                          judgement.name, at, mean.recall_of_all, mean.recall);
  }
  for (const Judgement& judgement : report.judgements) {
    const RatingErrors& errors = judgement.ratings;
    if (errors.ratings == 0) continue;
    absl::StrAppendFormat(&table,
                          "%s: RMSE %.4f, MAE %.4f, MSE %.4f of %d ratings\n",
                          judgement.name, errors.Rmse(), errors.Mae(),
                          errors.Mse(), errors.ratings);
  }
  return table;
}

std::string HtmlReport(const EvaluationReport& report) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<title>Usher: evaluation</title>\n<style>\n"
      "body{font-family:sans-serif;max-width:80em;margin:2em auto;"
      "padding:0 1em;color:#222}\n"
      "table{display:block;overflow-x:auto;border-collapse:collapse;"
      "font-size:.85em}\n"
      "td,th{padding:.25em .6em;text-align:right;border-bottom:1px solid "
      "#ddd}\ntd{white-space:nowrap}\ntd:first-child{text-align:left}\n"
      "</style></head>\n<body>\n"
      "<h1>Evaluation</h1>\n<p>";
  absl::StrAppend(&page, "Protocol ", report.protocol,
                  report.clock.empty() ? "" : ", clock ", report.clock, ", ",
                  report.judgements.front().all.queries(),
                  " queries. Lists come from the code that serves; intervals "
                  "are of users.</p>\n<ul>\n");
  for (const std::string& note : report.notes) {
    absl::StrAppend(&page, "<li>", EscapeHtml(note), "</li>\n");
  }
  page += "</ul>\n";
  std::vector<ChartBar> bars;
  for (const Judgement& judgement : report.judgements) {
    const Interval interval = IntervalOf(judgement);
    bars.push_back({judgement.name, judgement.all.Mean().ndcg, interval.low,
                    interval.high});
  }
  const std::string ndcg = absl::StrCat("NDCG@", report.depth);
  page += Section("Quality", absl::StrCat(ndcg, ", with 95 % intervals"),
                  absl::StrCat(BarChart(bars), QualityTable(report)));
  page += Section("Who and what", absl::StrCat(ndcg, " by kind of query"),
                  SliceTable(report));
  page += Section("What the lists are like",
                  "Coverage: events that were shown at all. Diversity: 1 - "
                  "what two events of a list have in common. Novelty: how few "
                  "had committed to it. Popularity bias: commitments of what "
                  "was shown over those of what was wanted.",
                  TraitTable(report));
  page += Section("By history",
                  absl::StrCat(ndcg,
                               " by what the user has committed to "
                               "before (queries)"),
                  BinChart(report, kHistoryBins, &Judgement::by_history));
  const std::string leads = BinChart(report, kLeadBins, &Judgement::by_lead);
  if (!leads.empty()) {
    page += Section("By lead time",
                    absl::StrCat(ndcg, " by the time to the start (queries)"),
                    leads);
  }
  const std::string learning = LearningChart(report);
  if (!learning.empty()) {
    page += Section("Learning curve",
                    absl::StrCat(ndcg,
                                 " by the part of the data learned from, the "
                                 "latest (interactions)"),
                    learning);
  }
  const std::string retrieval = RetrievalChart(report);
  if (!retrieval.empty()) {
    page += Section("Candidates",
                    "Part of what was to be found among the first n of the "
                    "retrieval score, of all that could be shown",
                    retrieval);
  }
  for (const Judgement& judgement : report.judgements) {
    std::vector<ChartBar> moves;
    for (const auto& [feature, move] :
         judgement.moves.Largest(kShownFeatures)) {
      moves.push_back({feature, move, 0, 0});
    }
    if (judgement.name != "hybrid" || moves.empty()) continue;
    page += Section(absl::StrCat("What moves the scores of ", judgement.name),
                    "Standard deviation of each feature's contribution among "
                    "the events that were shown",
                    BarChart(moves));
  }
  return absl::StrCat(page, "</body></html>\n");
}

}  // namespace usher
