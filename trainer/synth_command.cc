#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "index/base/status_macros.h"
#include "trainer/command.h"
#include "trainer/data/synth.h"
#include "trainer/progress.h"

namespace usher {
namespace {

constexpr FlagSpec kSynthFlags[] = {
    {"out", "DIR", "where the files go; made if need be"},
    {"users", "N", "people", "2000"},
    {"events", "N", "past and upcoming events", "1500"},
    {"interactions", "N", "what people did", "40000"},
    {"seed", "N", "the same seed gives the same city", "1"},
};

absl::Status RunSynth(const Flags& flags) {
  RETURN_IF_ERROR(flags.Require({"out"}));
  SynthOptions options;
  ASSIGN_OR_RETURN(options.users, flags.Integer("users", kMinSyntheticUsers,
                                                kMaxSyntheticRows));
  ASSIGN_OR_RETURN(options.events, flags.Integer("events", kMinSyntheticEvents,
                                                 kMaxSyntheticRows));
  ASSIGN_OR_RETURN(options.interactions,
                   flags.Integer("interactions", 0, kMaxSyntheticRows));
  ASSIGN_OR_RETURN(const int64_t seed, flags.Integer("seed", 0, INT64_MAX));
  options.seed = static_cast<uint64_t>(seed);
  const std::string dir = flags.Text("out");
  Progress progress;
  RETURN_IF_ERROR(WriteSyntheticCity(
      dir, options, [&](absl::string_view file, int64_t done, int64_t total) {
        progress.Update(file, done, total);
      }));
  progress.Line(absl::StrCat("made a city of ", options.users, " users, ",
                             options.events, " events and ",
                             options.interactions, " interactions in ", dir));
  std::printf(
      "its present is --now=%s\n",
      absl::FormatTime(absl::RFC3339_sec, absl::FromUnixMicros(kSyntheticNow),
                       absl::UTCTimeZone())
          .c_str());
  return absl::OkStatus();
}

}  // namespace

const Command kSynthCommand = {
    "synth",
    "writes a made-up city: events.jsonl, users.jsonl, interactions.csv",
    "usher-train synth --out=city --users=10000 --seed=7", kSynthFlags,
    &RunSynth};

}  // namespace usher
