// usher-precompute: lists for everybody, into Redis or a file.
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "index/base/file.h"
#include "index/base/flags.h"
#include "index/base/status_macros.h"
#include "index/state/state_store.h"
#include "serving/lists/list_codec.h"
#include "serving/lists/list_keys.h"
#include "serving/precompute/precompute.h"
#include "serving/serve_config.h"

namespace usher {
namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;
constexpr size_t kMaxIdBytes = 128;
constexpr int64_t kMaxSeconds = 3650 * int64_t{86'400};

constexpr FlagSpec kFlags[] = {
    {"model_dir", "DIR", "where usher-train publishes (required)"},
    {"state", "FILE.db", "the server's state: what happened since training"},
    {"redis", "HOST:PORT", "where the lists go; or unix:PATH"},
    {"out", "FILE", "a JSONL file instead, gzip when its name ends in .gz"},
    {"what", "KIND", "events: what to go to; users: who is alike", "events"},
    {"top", "N", "entries of a list, 1 to 1000", "100"},
    {"users", "FILE", "ids, one a line; else everybody"},
    {"now", "TIME", "the instant to make the lists for; else the clock's"},
    {"ttl", "SECONDS", "how long lists stay in Redis", "86400"},
    {"namespace", "NAME", "of the keys in Redis", "default"},
    {"basis", "NAME", "for users: taste, profile or blend", "taste"},
    {"config", "FILE", "the ServeConfig of the server that uses the lists"},
    {"undated_lifetime_days", "N", "as the server has it", "0"},
    {"threads", "N", "0: all of the machine", "0"},
};

std::string Usage() {
  return absl::StrCat(
      R"(usher-precompute: makes the best N events of every user ahead

  usher-precompute --model_dir=DIR (--redis=HOST:PORT | --out=FILE) [flags]

With the very ranking of usher-serve, for one instant, on all cores. In Redis a
list is usher:NAMESPACE:rec:BATCH:USER (proto/usher/v1/precomputed.proto), and
usher:NAMESPACE:rec:current names the batch to read; it moves when the last list
is there. A file has one JSON object a user, with what there is to show of each
event, and gets its name when it is whole. A run that was interrupted goes on
where it was when it is started again with the same flags within a day.

)",
      FlagsHelp(kFlags), R"(
example:
  usher-precompute --model_dir=models --state=state.db --redis=127.0.0.1:6379
)");
}

absl::StatusOr<std::vector<std::string>> IdsOf(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::vector<std::string> ids;
  int line = 0;
  for (absl::string_view id : absl::StrSplit(text, '\n')) {
    ++line;
    if (!id.empty() && id.back() == '\r') id.remove_suffix(1);
    if (id.empty()) continue;
    if (id.size() > kMaxIdBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", line, ": an id of ", id.size(),
                       " bytes; there are ", kMaxIdBytes, " at most"));
    }
    ids.emplace_back(id);
  }
  return ids;
}

absl::Status SetWhat(const Flags& flags, PrecomputeOptions& options) {
  const std::string what = flags.Text("what");
  const std::string basis = flags.Text("basis");
  if (what != "events" && what != "users") {
    return absl::InvalidArgumentError(
        absl::StrCat("--what: \"", what, "\" is not events or users"));
  }
  options.what = what == "events" ? ListWhat::kEvents : ListWhat::kUsers;
  if (basis == "profile") {
    options.basis = SimilarityBasis::kProfile;
  } else if (basis == "blend") {
    options.basis = SimilarityBasis::kBlend;
  } else if (basis != "taste") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--basis: \"", basis, "\" is not taste, profile or blend"));
  }
  return absl::OkStatus();
}

absl::Status SetDestination(const Flags& flags, PrecomputeOptions& options) {
  if (flags.Has("redis") == flags.Has("out")) {
    return absl::InvalidArgumentError(
        "where to? say --redis=HOST:PORT or --out=FILE, one of the two");
  }
  options.out = flags.Text("out");
  if (flags.Has("redis")) {
    absl::StatusOr<RedisAddress> address =
        ParseRedisAddress(flags.Text("redis"));
    if (!address.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--redis: ", address.status().message()));
    }
    options.redis = *std::move(address);
  } else if (options.out.empty()) {
    return absl::InvalidArgumentError("--out: is empty; name a file");
  }
  options.name_space = flags.Text("namespace");
  RETURN_IF_ERROR(CheckKeyPart("--namespace", options.name_space));
  ASSIGN_OR_RETURN(const int64_t seconds, flags.Integer("ttl", 1, kMaxSeconds));
  options.time_to_live = absl::Seconds(seconds);
  return absl::OkStatus();
}

absl::StatusOr<PrecomputeOptions> OptionsOf(const Flags& flags) {
  PrecomputeOptions options;
  RETURN_IF_ERROR(flags.Require({"model_dir"}));
  options.model_dir = flags.Text("model_dir");
  options.state = flags.Text("state");
  RETURN_IF_ERROR(SetWhat(flags, options));
  RETURN_IF_ERROR(SetDestination(flags, options));
  ASSIGN_OR_RETURN(const int64_t top, flags.Integer("top", 1, kMaxListed));
  options.top = static_cast<int>(top);
  ASSIGN_OR_RETURN(const int64_t threads, flags.Integer("threads", 0, 1024));
  options.threads = static_cast<int>(threads);
  ASSIGN_OR_RETURN(options.now, flags.Time("now"));
  ASSIGN_OR_RETURN(const double days,
                   flags.Number("undated_lifetime_days", 0, 36'500));
  options.undated_lifetime = static_cast<Micros>(days * kDay);
  if (flags.Has("users")) {
    ASSIGN_OR_RETURN(options.user_ids, IdsOf(flags.Text("users")));
  }
  if (flags.Has("config")) {
    const std::string path = flags.Text("config");
    ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    ASSIGN_OR_RETURN(const ServeConfig config, ParseServeConfig(path, text));
    options.ranking_config = config.ranking_config;
  }
  return options;
}

absl::Status Run(const PrecomputeOptions& options) {
  ASSIGN_OR_RETURN(const PrecomputeReport report,
                   Precompute(options, Clock::System()));
  if (report.unknown > 0) {
    std::fprintf(stderr,
                 "usher-precompute: %lld users of --users are unknown\n",
                 static_cast<long long>(report.unknown));
  }
  const int64_t made = report.users - report.earlier;
  std::fprintf(
      stderr,
      "usher-precompute: batch %s of model version %lld: %lld users, %lld of "
      "them now in %.2f s (%.0f/s)\n",
      report.batch.c_str(), static_cast<long long>(report.model_version),
      static_cast<long long>(report.users), static_cast<long long>(made),
      report.seconds,
      report.seconds > 0 ? static_cast<double>(made) / report.seconds : 0.0);
  return absl::OkStatus();
}

int Main(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--help" || word == "-help" || word == "-h") {
      std::fputs(Usage().c_str(), stdout);
      return 0;
    }
  }
  const absl::StatusOr<Flags> flags = Flags::Parse(words, kFlags);
  absl::StatusOr<PrecomputeOptions> options =
      flags.ok() ? OptionsOf(*flags)
                 : absl::StatusOr<PrecomputeOptions>(flags.status());
  const absl::Status status = options.ok() ? Run(*options) : options.status();
  if (status.ok()) return 0;
  std::fprintf(stderr, "usher-precompute: %s\n",
               std::string(status.message()).c_str());
  return options.ok() ? kFailed : kMisused;
}

}  // namespace
}  // namespace usher

int main(int argc, char** argv) {
  return usher::Main(std::vector<std::string>(argv + 1, argv + argc));
}
