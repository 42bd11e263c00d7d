#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "index/base/clock.h"
#include "index/base/file.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "trainer/command.h"
#include "trainer/evaluation/answers_file.h"
#include "trainer/evaluation/feature_groups.h"
#include "trainer/evaluation/judge.h"
#include "trainer/evaluation/protocols.h"
#include "trainer/evaluation/replay.h"
#include "trainer/evaluation/report.h"
#include "trainer/load_dataset.h"
#include "trainer/peak_memory.h"
#include "trainer/progress.h"
#include "trainer/train_algorithm.h"
#include "trainer/train_config.h"
#include "trainer/train_version.h"

namespace usher {
namespace {

constexpr double kCurveShares[] = {0.125, 0.25, 0.5};

constexpr FlagSpec kEvaluateFlags[] = {
    {"interactions", "FILE", "interactions.csv or .csv.gz; required"},
    {"events", "FILE", "events.jsonl or .jsonl.gz"},
    {"users", "FILE", "users.jsonl or .jsonl.gz"},
    {"report", "DIR",
     "where report.json and report.html go; made if need be; required"},
    {"config", "FILE", "text proto of usher.config.TrainConfig"},
    {"algorithms", "a,b,c",
     "what is compared, as in train --algorithm; the first is what the others "
     "are compared with. Rules that need no learning are always shown",
     "hybrid"},
    {"protocol", "NAME",
     "replay: walk the later part in order of time, ask, then reveal; "
     "snapshot: ask once at the cut for all that comes after it; holdout: find "
     "the test part of --split, whatever came when",
     "replay"},
    {"split", "FILE",
     "user_id,event_id,part for holdout: test is asked for, train and valid "
     "are learned from; without it a fifth of the pairs is drawn"},
    {"clock", "NAME",
     "rsvp: a query for each later rsvp_yes; week: on Mondays, for data whose "
     "times are the events' starts; auto: by the data",
     "auto"},
    {"cut", "FRACTION|TIME",
     "part of the dated rsvp_yes to learn from, or where it ends", "0.8"},
    {"depth", "N", "places of a list; 10, or 20 with holdout"},
    {"join_delay", "SECONDS", "from joining an organizer to knowing of it",
     "86400"},
    {"answers", "FILE",
     "also write each query's list of the first algorithm, as JSON Lines"},
    {"ablate", "",
     "also the hybrid without each group of features, as if nobody had thought "
     "of them"},
    {"learning_curve", "",
     "also the first algorithm with the latest eighth, quarter and half of "
     "what there is to learn from"},
    {"max_bad_fraction", "X", "share of bad lines that is borne", "0.001"},
};

absl::Status CheckChoices(const Flags& flags) {
  const std::string clock = flags.Text("clock");
  if (clock != "rsvp" && clock != "week" && clock != "auto") {
    return absl::InvalidArgumentError(
        absl::StrCat("--clock=", clock, ": rsvp, week or auto"));
  }
  const std::string protocol = flags.Text("protocol");
  if (protocol != "replay" && protocol != "snapshot" && protocol != "holdout") {
    return absl::InvalidArgumentError(
        absl::StrCat("--protocol=", protocol, ": replay, snapshot or holdout"));
  }
  if (flags.Has("split") && protocol != "holdout") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--split goes with --protocol=holdout, not with ", protocol));
  }
  if (flags.Has("learning_curve") && protocol == "holdout") {
    return absl::InvalidArgumentError(
        "--learning_curve goes by time, which --protocol=holdout does not "
        "look at");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> AlgorithmsOf(const Flags& flags) {
  std::vector<std::string> names =
      absl::StrSplit(flags.Text("algorithms"), ',');
  for (size_t i = 0; i < names.size(); ++i) {
    if (const absl::Status known = CheckAlgorithm(names[i]); !known.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--algorithms: ", known.message()));
    }
    if (std::count(names.begin(), names.end(), names[i]) > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("--algorithms names ", names[i], " twice"));
    }
  }
  return names;
}

// Of flags that CheckChoices() has passed.
absl::StatusOr<ReplayOptions> OptionsOf(const Flags& flags,
                                        const Dataset& dataset) {
  ReplayOptions options;
  double fraction = 0;
  if (absl::SimpleAtod(flags.Text("cut"), &fraction) && fraction < 1) {
    ASSIGN_OR_RETURN(options.cut, flags.Number("cut", 0.01, 0.99));
  } else {
    ASSIGN_OR_RETURN(options.cut_time, flags.Time("cut"));
  }
  ASSIGN_OR_RETURN(const int64_t delay,
                   flags.Integer("join_delay", 0, 365 * 86400));
  options.join_delay = delay * kSecond;
  const std::string clock = flags.Text("clock");
  options.clock = clock == "auto"   ? ClockOf(dataset)
                  : clock == "week" ? ReplayOptions::Clock::kWeek
                                    : ReplayOptions::Clock::kRsvp;
  return options;
}

absl::StatusOr<int> DepthOf(const Flags& flags) {
  if (!flags.Has("depth")) return flags.Text("protocol") == "holdout" ? 20 : 10;
  ASSIGN_OR_RETURN(const int64_t depth, flags.Integer("depth", 1, 200));
  return static_cast<int>(depth);
}

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

absl::StatusOr<Holdout> HoldoutOf(const Flags& flags, const Dataset& dataset,
                                  uint64_t seed, Progress& progress) {
  if (!flags.Has("split")) {
    return HoldoutReplay(
        dataset, [seed](absl::string_view user, absl::string_view event) {
          return PartByHash(user, event, seed);
        });
  }
  ReadOptions options;
  ASSIGN_OR_RETURN(options.max_bad_fraction,
                   flags.Number("max_bad_fraction", 0, 1));
  options.warn = [&](absl::string_view message) { progress.Line(message); };
  absl::flat_hash_map<std::pair<std::string, std::string>, SplitPart> parts;
  ReadReport report;
  RETURN_IF_ERROR(ReadSplit(
      flags.Text("split"), options,
      [&](const SplitRow& row) {
        parts[{std::string(row.user_id), std::string(row.event_id)}] = row.part;
      },
      &report));
  return HoldoutReplay(
      dataset, [&](absl::string_view user, absl::string_view event) {
        const auto part =
            parts.find(std::pair(std::string(user), std::string(event)));
        return part == parts.end() ? SplitPart::kTrain : part->second;
      });
}

// What is asked, by the protocol.
absl::StatusOr<Holdout> QuestionsOf(const Flags& flags, const Dataset& dataset,
                                    uint64_t seed, EvaluationReport& report,
                                    Progress& progress) {
  if (report.protocol == "holdout") {
    return HoldoutOf(flags, dataset, seed, progress);
  }
  ASSIGN_OR_RETURN(const ReplayOptions options, OptionsOf(flags, dataset));
  report.clock = options.clock == ReplayOptions::Clock::kWeek ? "week" : "rsvp";
  Holdout questions;
  ASSIGN_OR_RETURN(questions.replay, BuildReplay(dataset, options));
  if (report.protocol == "snapshot") {
    questions.replay = SnapshotReplay(std::move(questions.replay));
  }
  return questions;
}

void Describe(const Replay& replay, EvaluationReport& report,
              Progress& progress) {
  report.notes.push_back(absl::StrCat(
      replay.queries.size(), " queries",
      report.clock.empty() ? ""
                           : absl::StrCat(" on the ", report.clock, " clock"),
      ", ", replay.training.interactions.size(),
      " interactions to learn from"));
  if (replay.undated_rows + replay.repeated_answers > 0) {
    report.notes.push_back(absl::StrCat(
        "left out: ", replay.undated_rows, " interactions without a time, ",
        replay.repeated_answers, " answers to what was answered before"));
  }
  for (const std::string& note : report.notes) progress.Line(note);
}

class SecondsSince {
 public:
  double operator()() const {
    return static_cast<double>(Clock::System().Now() - start_) / 1e6;
  }

 private:
  const Micros start_ = Clock::System().Now();
};

JudgeOptions JudgeOptionsOf(const EvaluationReport& report, int threads,
                            const std::string& label, Progress& progress) {
  JudgeOptions options;
  options.depth = report.depth;
  options.threads = threads;
  options.progress = [&progress, label](int64_t done, int64_t total) {
    progress.Update(absl::StrCat("asking ", label), done, total);
  };
  return options;
}

// Trains by the name of an algorithm and judges; `label` is what the table
// calls it. `answers` may be null.
absl::StatusOr<Judgement> JudgeAlgorithm(
    const std::string& name, const std::string& label, const Holdout& questions,
    const EvaluationReport& report, const TrainOptions& options,
    AnswersFile* answers, Progress& progress) {
  const Dataset& data = questions.replay.training;
  progress.Line(absl::StrCat("training ", label));
  const bool knows_peak = ResetPeakMemory();
  const SecondsSince training;
  // Of the others a judgement on the training part would not be used.
  ASSIGN_OR_RETURN(TrainedVersion trained,
                   name == "hybrid"
                       ? TrainVersion(name, data, options, LogTo(progress))
                       : TrainByName(name, data, options, LogTo(progress)));
  const double train_seconds = training();
  const double train_mb = PeakMemoryMb();
  ASSIGN_OR_RETURN(const RankingPolicy policy,
                   ApplyRankingConfig(RankingPolicy(),
                                      trained.snapshot.info.ranking_config));
  JudgeOptions judge = JudgeOptionsOf(report, options.threads, label, progress);
  judge.predicts_ratings = PredictsRatings(name);
  if (answers != nullptr) {
    judge.answers = [answers](const ReplayQuery& query,
                              const std::vector<std::string>& list) {
      answers->Add(query, list);
    };
  }
  Judgement judgement =
      JudgeVersion(questions, policy, std::move(trained.snapshot), judge);
  judgement.name = label;
  judgement.train_seconds = train_seconds;
  if (knows_peak) judgement.train_mb = train_mb;
  return judgement;
}

absl::Status Ablate(const Holdout& questions, const TrainOptions& options,
                    EvaluationReport& report, Progress& progress) {
  for (const FeatureGroup& group : FeatureGroups()) {
    TrainOptions without = options;
    without.ranker.leave_out.insert(without.ranker.leave_out.end(),
                                    group.features.begin(),
                                    group.features.end());
    ASSIGN_OR_RETURN(
        Judgement judgement,
        JudgeAlgorithm("hybrid", absl::StrCat("no ", group.name), questions,
                       report, without, nullptr, progress));
    report.judgements.push_back(std::move(judgement));
  }
  return absl::OkStatus();
}

absl::Status DrawLearningCurve(const std::string& name,
                               const Holdout& questions,
                               const TrainOptions& options,
                               EvaluationReport& report, Progress& progress) {
  Judgement& whole = report.judgements.front();
  for (const double share : kCurveShares) {
    Holdout part;
    part.replay = LearningFromLatest(questions.replay, share);
    const size_t rows = part.replay.training.interactions.size();
    const std::string label = absl::StrCat(name, " of ", rows, " interactions");
    absl::StatusOr<Judgement> judgement =
        JudgeAlgorithm(name, label, part, report, options, nullptr, progress);
    if (!judgement.ok()) {
      // Too little to learn from is a point that is not there.
      report.notes.push_back(
          absl::StrCat(label, " is left out: ", judgement.status().message()));
      progress.Line(report.notes.back());
      continue;
    }
    whole.curve.push_back({share, static_cast<int64_t>(rows),
                           std::move(judgement->all),
                           judgement->train_seconds});
  }
  whole.curve.push_back(
      {1, static_cast<int64_t>(questions.replay.training.interactions.size()),
       whole.all, whole.train_seconds});
  return absl::OkStatus();
}

absl::Status RunEvaluate(const Flags& flags) {
  RETURN_IF_ERROR(flags.Require({"interactions", "report"}));
  RETURN_IF_ERROR(CheckChoices(flags));
  RETURN_IF_ERROR(CheckOutputs(flags));
  ASSIGN_OR_RETURN(const std::vector<std::string> algorithms,
                   AlgorithmsOf(flags));
  EvaluationReport report;
  report.protocol = flags.Text("protocol");
  ASSIGN_OR_RETURN(report.depth, DepthOf(flags));
  Progress progress;
  ASSIGN_OR_RETURN(const TrainOptions options, TrainOptionsOf(flags));
  ASSIGN_OR_RETURN(const Dataset dataset, LoadDatasetOf(flags, progress));
  ASSIGN_OR_RETURN(const Holdout questions,
                   QuestionsOf(flags, dataset, options.seed, report, progress));
  const Replay& replay = questions.replay;
  Describe(replay, report, progress);
  std::optional<AnswersFile> answers;
  if (flags.Has("answers")) answers.emplace(flags.Text("answers"));
  for (const std::string& name : algorithms) {
    absl::StatusOr<Judgement> judgement = JudgeAlgorithm(
        name, name, questions, report, options,
        report.judgements.empty() && answers.has_value() ? &*answers : nullptr,
        progress);
    if (judgement.ok()) {
      report.judgements.push_back(*std::move(judgement));
    } else if (algorithms.size() == 1) {
      return judgement.status();
    } else {
      // One that has nothing to learn from leaves the others their table.
      report.notes.push_back(
          absl::StrCat(name, " is left out: ", judgement.status().message()));
      progress.Line(report.notes.back());
    }
  }
  if (answers.has_value()) RETURN_IF_ERROR(answers->Finish());
  if (report.judgements.empty()) {
    return absl::InvalidArgumentError(
        "none of --algorithms could learn from these data");
  }
  if (flags.Has("learning_curve")) {
    const std::string name = report.judgements.front().name;
    RETURN_IF_ERROR(
        DrawLearningCurve(name, questions, options, report, progress));
  }
  if (flags.Has("ablate")) {
    RETURN_IF_ERROR(Ablate(questions, options, report, progress));
  }
  for (const auto& [name, rule] :
       {std::pair("own_organizers", PlainRule::kOwnOrganizers),
        std::pair("popularity", PlainRule::kPopularity),
        std::pair("soonest", PlainRule::kSoonest)}) {
    if (absl::c_linear_search(algorithms, name)) continue;
    // Without times nothing is soonest.
    if (report.protocol == "holdout" && rule == PlainRule::kSoonest) continue;
    report.judgements.push_back(JudgeRule(
        replay, rule, JudgeOptionsOf(report, options.threads, name, progress)));
    report.judgements.back().name = name;
  }
  std::fputs(TableReport(report).c_str(), stdout);
  const std::string dir = flags.Text("report");
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot make --report=", dir));
  }
  RETURN_IF_ERROR(
      ReplaceFile(absl::StrCat(dir, "/report.json"), JsonReport(report)));
  return ReplaceFile(absl::StrCat(dir, "/report.html"), HtmlReport(report));
}

}  // namespace

const Command kEvaluateCommand = {
    "evaluate",
    "learns from the earlier part of the data and is asked about the later",
    "usher-train evaluate --events=events.jsonl --users=users.jsonl "
    "--interactions=interactions.csv --report=report",
    kEvaluateFlags, &RunEvaluate};

}  // namespace usher
