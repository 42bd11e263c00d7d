#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "index/base/file.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "trainer/command.h"
#include "trainer/evaluation/play.h"
#include "trainer/evaluation/replay.h"
#include "trainer/evaluation/scores.h"
#include "trainer/load_dataset.h"
#include "trainer/progress.h"
#include "trainer/train_config.h"
#include "trainer/train_version.h"

namespace usher {
namespace {

constexpr int kDepth = 10;
constexpr int kResamples = 1000;

constexpr FlagSpec kEvaluateFlags[] = {
    {"interactions", "FILE", "interactions.csv or .csv.gz; required"},
    {"events", "FILE", "events.jsonl or .jsonl.gz"},
    {"users", "FILE", "users.jsonl or .jsonl.gz"},
    {"report", "DIR", "where report.json goes; made if need be; required"},
    {"config", "FILE", "text proto of usher.config.TrainConfig"},
    {"protocol", "NAME", "replay", "replay"},
    {"clock", "NAME",
     "rsvp: a query for each later rsvp_yes; week: on Mondays, for data whose "
     "times are the events' starts; auto: by the data",
     "auto"},
    {"cut", "FRACTION", "part of the dated rsvp_yes to learn from", "0.8"},
    {"join_delay", "SECONDS", "from joining an organizer to knowing of it",
     "86400"},
    {"answers", "FILE", "also write each query's list, as JSON Lines"},
    {"max_bad_fraction", "X", "share of bad lines that is borne", "0.001"},
};

// One line of the table: a way to answer, and its scores by slice.
struct Row {
  std::string name;
  MeanScores all;
  MeanScores warm;
  MeanScores cold;
  MeanScores new_event;

  void Add(const ReplayQuery& query, const ListScores& scores) {
    all.Add(query.user, scores);
    (query.warm_user ? warm : cold).Add(query.user, scores);
    if (query.new_event) new_event.Add(query.user, scores);
  }
};

absl::Status CheckChoices(const Flags& flags) {
  const std::string clock = flags.Text("clock");
  if (clock != "rsvp" && clock != "week" && clock != "auto") {
    return absl::InvalidArgumentError(
        absl::StrCat("--clock=", clock, ": rsvp, week or auto"));
  }
  if (flags.Text("protocol") != "replay") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--protocol=", flags.Text("protocol"), ": there is only replay"));
  }
  return absl::OkStatus();
}

// Of flags that CheckChoices() has passed.
absl::StatusOr<ReplayOptions> OptionsOf(const Flags& flags,
                                        const Dataset& dataset) {
  ReplayOptions options;
  ASSIGN_OR_RETURN(options.cut, flags.Number("cut", 0.01, 0.99));
  ASSIGN_OR_RETURN(const int64_t delay,
                   flags.Integer("join_delay", 0, 365 * 86400));
  options.join_delay = delay * kSecond;
  const std::string clock = flags.Text("clock");
  options.clock = clock == "auto"   ? ClockOf(dataset)
                  : clock == "week" ? ReplayOptions::Clock::kWeek
                                    : ReplayOptions::Clock::kRsvp;
  return options;
}

std::string JsonOf(const MeanScores& scores) {
  const ListScores mean = scores.Mean();
  return absl::StrFormat(
      "{\"queries\": %d, \"HR@10\": %.6f, \"Recall@10\": %.6f, "
      "\"NDCG@10\": %.6f, \"MRR@10\": %.6f}",
      scores.queries(), mean.hit_rate, mean.recall, mean.ndcg, mean.mrr);
}

std::string ReportOf(const std::vector<Row>& rows) {
  std::vector<std::string> algorithms;
  for (const Row& row : rows) {
    const MeanScores::Interval interval = row.all.NdcgInterval(kResamples, 7);
    algorithms.push_back(absl::StrFormat(
        "  \"%s\": {\"all\": %s,\n   \"warm_user\": %s,\n   \"new_user\": "
        "%s,\n   \"new_event\": %s,\n   \"NDCG@10_interval95\": [%.6f, %.6f]}",
        row.name, JsonOf(row.all), JsonOf(row.warm), JsonOf(row.cold),
        JsonOf(row.new_event), interval.low, interval.high));
  }
  return absl::StrCat("{\n", absl::StrJoin(algorithms, ",\n"), "\n}\n");
}

void PrintTable(const std::vector<Row>& rows) {
  std::printf("%-16s %8s %8s %8s  %-17s %10s %10s\n", "", "HR@10", "MRR@10",
              "NDCG@10", "95 % interval", "warm user", "new user");
  for (const Row& row : rows) {
    const ListScores mean = row.all.Mean();
    const MeanScores::Interval interval = row.all.NdcgInterval(kResamples, 7);
    std::printf("%-16s %8.4f %8.4f %8.4f  %.4f .. %.4f %11.4f %10.4f\n",
                row.name.c_str(), mean.hit_rate, mean.mrr, mean.ndcg,
                interval.low, interval.high, row.warm.Mean().ndcg,
                row.cold.Mean().ndcg);
  }
}

// Writes {"n": .., "events": [..]} lines; ids as JSON texts.
class Answers {
 public:
  explicit Answers(const std::string& path) : path_(path) {
    if (!path.empty()) file_.open(path, std::ios::trunc);
  }
  void Add(const ReplayQuery& query, const std::vector<std::string>& list) {
    if (path_.empty()) return;
    const auto quoted = [](std::string* out, const std::string& id) {
      *out += '"';
      for (const char c : id) {
        if (c == '"' || c == '\\') *out += '\\';
        if (static_cast<unsigned char>(c) < 0x20) {
          absl::StrAppendFormat(out, "\\u%04x", c);
        } else {
          *out += c;
        }
      }
      *out += '"';
    };
    file_ << "{\"n\": " << query.number << ", \"events\": ["
          << absl::StrJoin(list, ", ", quoted) << "]}\n";
  }
  absl::Status Finish() {
    if (path_.empty()) return absl::OkStatus();
    file_.close();
    return file_ ? absl::OkStatus()
                 : absl::InternalError(
                       absl::StrCat("cannot write --answers=", path_));
  }

 private:
  const std::string path_;
  std::ofstream file_;
};

// What can be known to fail before the work is.
absl::Status CheckOutputs(const Flags& flags) {
  RETURN_IF_ERROR(CheckWritable(flags.Text("report")));
  if (!flags.Has("answers")) return absl::OkStatus();
  const std::filesystem::path answers = flags.Text("answers");
  std::error_code ignored;
  if (std::filesystem::is_directory(answers, ignored)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--answers=", answers.string(), " is a directory; name a file in it"));
  }
  const std::string parent = answers.parent_path().string();
  if (!std::filesystem::is_directory(parent.empty() ? "." : parent, ignored)) {
    return absl::NotFoundError(absl::StrCat(
        "--answers=", answers.string(), ": there is no directory ", parent));
  }
  return CheckWritable(parent);
}

absl::Status RunEvaluate(const Flags& flags) {
  RETURN_IF_ERROR(flags.Require({"interactions", "report"}));
  RETURN_IF_ERROR(CheckChoices(flags));
  RETURN_IF_ERROR(CheckOutputs(flags));
  Progress progress;
  ASSIGN_OR_RETURN(const TrainOptions train, TrainOptionsOf(flags));
  ASSIGN_OR_RETURN(const Dataset dataset, LoadDatasetOf(flags, progress));
  ASSIGN_OR_RETURN(const ReplayOptions options, OptionsOf(flags, dataset));
  ASSIGN_OR_RETURN(const Replay replay, BuildReplay(dataset, options));
  progress.Line(absl::StrCat(
      replay.queries.size(), " queries on the ",
      options.clock == ReplayOptions::Clock::kWeek ? "week" : "rsvp",
      " clock, ", replay.training.interactions.size(),
      " interactions to learn from"));
  if (replay.undated_rows + replay.repeated_answers > 0) {
    progress.Line(absl::StrCat(
        "left out: ", replay.undated_rows, " interactions without a time, ",
        replay.repeated_answers, " answers to what was answered before"));
  }
  ASSIGN_OR_RETURN(TrainedVersion trained,
                   TrainVersion(replay.training, train, LogTo(progress)));
  ASSIGN_OR_RETURN(const RankingPolicy policy,
                   ApplyRankingConfig(RankingPolicy(),
                                      trained.snapshot.info.ranking_config));
  Answers answers(flags.Text("answers"));
  std::vector<Row> rows(3);
  rows[0].name = "hybrid";
  PlayRanker(
      replay, policy, kDepth, trained.snapshot,
      [&](const ReplayQuery& query, const std::vector<std::string>& list) {
        rows[0].Add(query, ScoreList(list, query.relevant, kDepth));
        answers.Add(query, list);
        progress.Update("replaying", query.number,
                        static_cast<int64_t>(replay.queries.size()));
      });
  RETURN_IF_ERROR(answers.Finish());
  for (const bool personal : {true, false}) {
    Row& row = rows[personal ? 1 : 2];
    row.name = personal ? "own_organizers" : "popularity";
    PlayOwnOrganizerRule(
        replay, personal, kDepth,
        [&](const ReplayQuery& query, const std::vector<std::string>& list) {
          row.Add(query, ScoreList(list, query.relevant, kDepth));
        });
  }
  PrintTable(rows);
  const std::string dir = flags.Text("report");
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot make --report=", dir));
  }
  return ReplaceFile(absl::StrCat(dir, "/report.json"), ReportOf(rows));
}

}  // namespace

const Command kEvaluateCommand = {
    "evaluate",
    "learns from the earlier part of the data and is asked about the later",
    "usher-train evaluate --events=events.jsonl --users=users.jsonl "
    "--interactions=interactions.csv --report=report",
    kEvaluateFlags, &RunEvaluate};

}  // namespace usher
