#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/base/clock.h"
#include "index/base/file.h"
#include "index/base/status_macros.h"
#include "trainer/command.h"
#include "trainer/examination.h"
#include "trainer/load_dataset.h"
#include "trainer/progress.h"
#include "trainer/train_config.h"
#include "trainer/tuning/parameter_space.h"
#include "trainer/tuning/suggest.h"
#include "trainer/tuning/trial_log.h"
#include "trainer/tuning/tuning_page.h"

namespace usher {
namespace {

constexpr FlagSpec kTuneFlags[] = {
    {"interactions", "FILE", "interactions.csv or .csv.gz; required"},
    {"events", "FILE", "events.jsonl or .jsonl.gz"},
    {"users", "FILE", "users.jsonl or .jsonl.gz"},
    {"report", "DIR",
     "where trials.csv, trials.html and best.textproto go; a search that was "
     "interrupted "
     "goes on from them; required"},
    {"trials", "N", "how many in all", "30"},
    {"config", "FILE",
     "text proto of usher.config.TrainConfig to begin with; what is not "
     "searched stays as it says"},
    {"until", "TIME",
     "leave out what came to pass at or after this time, to report on later"},
    {"max_bad_fraction", "X", "share of bad lines that is borne", "0.001"},
};

// Trials at random before the others follow what was seen.
constexpr size_t kRandomTrials = 10;

// A search on its way.
class Search {
 public:
  Search(std::string dir, SearchKey key) : dir_(std::move(dir)), key_(key) {}

  // What an earlier run left.
  absl::Status Resume() {
    std::error_code error;
    std::filesystem::create_directories(dir_, error);
    if (error) {
      return absl::ErrnoToStatus(error.value(),
                                 absl::StrCat("cannot make --report=", dir_));
    }
    if (!std::filesystem::exists(LogPath(), error)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string text, ReadFile(LogPath()));
    ASSIGN_OR_RETURN(trials_, ParseTrials(LogPath(), text, key_));
    return absl::OkStatus();
  }

  const std::vector<Trial>& trials() const { return trials_; }

  // Empty for the first.
  UnitPoint Next(const TrainOptions& base) const {
    if (trials_.empty()) return {};
    const UnitPoint start = PointOf(base);
    std::vector<SeenPoint> seen;
    for (const Trial& trial : trials_) {
      seen.push_back({trial.point.empty() ? start : trial.point, trial.ndcg});
    }
    return SuggestPoint(seen, start, kRandomTrials, base.seed);
  }

  absl::Status Add(const Trial& trial) {
    trials_.push_back(Rounded(trial));
    std::string text = TrialHeader(key_);
    for (const Trial& each : trials_) text += TrialLine(each);
    return ReplaceFile(LogPath(), text);
  }

  // The first of the best.
  const Trial& Best() const {
    return *std::max_element(
        trials_.begin(), trials_.end(),
        [](const Trial& a, const Trial& b) { return a.ndcg < b.ndcg; });
  }

  absl::Status WriteBest(const TrainOptions& base) const {
    return ReplaceFile(absl::StrCat(dir_, "/best.textproto"),
                       TrainConfigText(OptionsOf(Best(), base)));
  }

  absl::Status WritePage(const TrainOptions& base) const {
    return ReplaceFile(absl::StrCat(dir_, "/trials.html"),
                       TuningPage(trials_, PointOf(base)));
  }

  static TrainOptions OptionsOf(const Trial& trial, const TrainOptions& base) {
    return trial.point.empty() ? base : OptionsAt(trial.point, base);
  }

 private:
  std::string LogPath() const { return absl::StrCat(dir_, "/trials.csv"); }

  const std::string dir_;
  const SearchKey key_;
  std::vector<Trial> trials_;
};

std::string TimeLeft(const std::vector<Trial>& trials, int64_t more) {
  double seconds = 0;
  for (const Trial& trial : trials) seconds += trial.seconds;
  seconds *= static_cast<double>(more) / static_cast<double>(trials.size());
  return seconds < 90 ? absl::StrFormat("%.0f s", seconds)
                      : absl::StrFormat("%.0f min", seconds / 60);
}

absl::StatusOr<Trial> Run(UnitPoint point, const Dataset& dataset,
                          const TrainOptions& base, const TrainingLog& log) {
  Trial trial;
  trial.point = std::move(point);
  const Micros start = Clock::System().Now();
  ASSIGN_OR_RETURN(
      const Examination examination,
      Examine("hybrid", dataset, Search::OptionsOf(trial, base), log));
  const RankerTrial& taken =
      examination.ranker.trials[examination.ranker.chosen];
  trial.ndcg = taken.ndcg;
  trial.low = taken.interval.low;
  trial.high = taken.interval.high;
  trial.seconds = static_cast<double>(Clock::System().Now() - start) / kSecond;
  return trial;
}

void PrintBest(const Search& search) {
  const Trial& first = search.trials().front();
  const Trial& best = search.Best();
  std::printf("%-34s %12s\n", "NDCG@10", "");
  std::printf("%-34s %12.4f  (%.4f .. %.4f)\n", "  as it began", first.ndcg,
              first.low, first.high);
  std::printf("%-34s %12.4f  (%.4f .. %.4f)\n", "  best", best.ndcg, best.low,
              best.high);
  if (best.point.empty()) {
    std::printf("no trial was better than the configuration it began with\n");
    return;
  }
  const absl::Span<const TunedParameter> parameters = TunedParameters();
  for (size_t i = 0; i < parameters.size(); ++i) {
    std::printf("%-34s %12.6g\n", std::string(parameters[i].name).c_str(),
                ValueAt(parameters[i], best.point[i]));
  }
}

absl::Status RunTune(const Flags& flags) {
  RETURN_IF_ERROR(flags.Require({"interactions", "report"}));
  ASSIGN_OR_RETURN(const int64_t wanted, flags.Integer("trials", 1, 100000));
  RETURN_IF_ERROR(CheckWritable(flags.Text("report")));
  ASSIGN_OR_RETURN(const TrainOptions base, TrainOptionsOf(flags));
  Progress progress;
  ASSIGN_OR_RETURN(const Dataset dataset, LoadDatasetOf(flags, progress));
  Search search(flags.Text("report"),
                {dataset.fingerprint,
                 absl::StrCat(TrainConfigText(base), flags.Text("until"))});
  RETURN_IF_ERROR(search.Resume());
  if (!search.trials().empty()) {
    progress.Line(absl::StrCat("goes on after ", search.trials().size(),
                               " trials of an earlier run"));
  }
  while (static_cast<int64_t>(search.trials().size()) < wanted) {
    const size_t number = search.trials().size() + 1;
    TrainingLog log;
    log.progress = [&](absl::string_view what, int64_t done, int64_t total) {
      progress.Update(
          absl::StrCat("trial ", number, " of ", wanted, ": ", what), done,
          total);
    };
    ASSIGN_OR_RETURN(const Trial trial,
                     Run(search.Next(base), dataset, base, log));
    RETURN_IF_ERROR(search.Add(trial));
    RETURN_IF_ERROR(search.WriteBest(base));
    RETURN_IF_ERROR(search.WritePage(base));
    const Trial& last = search.trials().back();
    progress.Line(absl::StrFormat(
        "trial %d of %d: NDCG@10 %.4f in %.0f s, best %.4f; about %s left",
        number, wanted, last.ndcg, last.seconds, search.Best().ndcg,
        TimeLeft(search.trials(), wanted - static_cast<int64_t>(number))));
  }
  RETURN_IF_ERROR(search.WriteBest(base));
  RETURN_IF_ERROR(search.WritePage(base));
  PrintBest(search);
  return absl::OkStatus();
}

}  // namespace

const Command kTuneCommand = {
    "tune", "looks for a better configuration, by training and judging many",
    "usher-train tune --events=events.jsonl --users=users.jsonl "
    "--interactions=interactions.csv --trials=30 --report=tuning\n"
    "  usher-train train ... --config=tuning/best.textproto",
    kTuneFlags, &RunTune};

}  // namespace usher
