// usher-serve: the gRPC server.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "google/protobuf/stubs/logging.h"
#include "index/artifact/model_directory.h"
#include "index/artifact/version.h"
#include "index/base/file.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "index/state/exposure_store.h"
#include "index/state/state_store.h"
#include "serving/apply_write.h"
#include "serving/experiments/experiments_config.h"
#include "serving/exposure_log.h"
#include "serving/gauge_reader.h"
#include "serving/listen_address.h"
#include "serving/lists/candidate_lists.h"
#include "serving/lists/list_keys.h"
#include "serving/log_line.h"
#include "serving/model_loader.h"
#include "serving/recommender.h"
#include "serving/security/tls_files.h"
#include "serving/security/token_file.h"
#include "serving/serve_config.h"
#include "serving/server.h"
#include "serving/snapshot_holder.h"
#include "serving/snapshot_publisher.h"
#include "serving/status_reporter.h"
#include "serving/telemetry/metrics_listener.h"
#include "serving/telemetry/telemetry.h"
#include "serving/user_eraser.h"
#include "serving/user_exporter.h"
#include "serving/worker_pool.h"

ABSL_FLAG(std::string, model_dir, "", "where usher-train publishes");
ABSL_FLAG(std::string, listen, "127.0.0.1:50051", "address");
ABSL_FLAG(std::string, state, "", "where writes are kept");
ABSL_FLAG(std::string, redis, "", "where lists made ahead are");
ABSL_FLAG(std::string, namespace, "default", "of the keys in Redis");
ABSL_FLAG(std::string, config, "", "a ServeConfig text proto");
ABSL_FLAG(std::string, experiments, "", "an ExperimentsConfig text proto");
ABSL_FLAG(bool, check_config, false, "check flags and configuration, then end");
ABSL_FLAG(std::string, metrics_listen, "", "address of the metrics");
ABSL_FLAG(std::string, tls_cert, "", "the server's certificates");
ABSL_FLAG(std::string, tls_key, "", "the key of the first of them");
ABSL_FLAG(std::string, tls_client_ca, "", "who vouches for clients");
ABSL_FLAG(std::string, tokens, "", "who may call what");
ABSL_FLAG(double, undated_lifetime_days, 0,
          "how long events without a start live");

namespace usher {
namespace {

constexpr char kHelp[] =
    R"(usher-serve: answers what people should go to, over gRPC

  usher-serve --model_dir=DIR [flags]

Serves the version that DIR/CURRENT names (see usher-train train). While there
is none it waits: health is NOT_SERVING and calls fail with FAILED_PRECONDITION.
A version that is published later is loaded beside the old one, checked, warmed
and swapped in; no call notices. Prints
  usher: serving model version V on ADDRESS
on stderr once health is SERVING. SIGTERM and SIGINT end it: running calls are
answered, then it exits with 0.

  --model_dir=DIR          where usher-train publishes (required)
  --listen=HOST:PORT       address to listen on; port 0 means any free one;
                           unix:PATH is a socket file (127.0.0.1:50051)
  --state=FILE.db          where writes are kept: a SQLite file, made if need
                           be; one server at a time. Without it writes are
                           kept in memory and lost at the end
  --redis=HOST:PORT        where usher-precompute left its lists, or unix:PATH;
                           while it cannot be asked all lists are made anew
  --namespace=NAME         whose keys are read there (default)
  --config=F.textproto     a usher.config.ServeConfig (proto/usher/config)
  --experiments=F.textproto
                           a usher.config.ExperimentsConfig: variants of the
                           ranking, and who gets them. What users are shown is
                           kept beside the state, in FILE.exposures.db
  --check_config           check the flags and every file that they name, say
                           what is wrong or "configuration: ok", and exit
  --metrics_listen=HOST:PORT
                           answer Prometheus on http://HOST:PORT/metrics; empty:
                           nowhere (empty)
  --tls_cert=F.pem         encrypt connections: the server's certificate, then
                           those that vouch for it
  --tls_key=F.pem          the key of that certificate
  --tls_client_ca=F.pem    take only clients whose certificate one of these
                           vouches for
  --tokens=FILE            take only calls with a token of this file, lines
                           "NAME SCOPE[,SCOPE] SHA256" with the scopes read,
                           write and admin; deploy/new_token makes one
  --undated_lifetime_days=N
                           events without a start_time end N days after their
                           announce_time; 0: they never end (0)
  --help                   this text

Services: usher.v1.RecommendationService, usher.v1.CatalogService,
usher.v1.InteractionService, usher.v1.ExperimentService, usher.v1.AdminService,
grpc.health.v1.Health, and reflection. Certificates and tokens are looked at
every second: what is changed counts without a restart, and a bad file changes
nothing.
)";

constexpr absl::Duration kPollPeriod = absl::Seconds(1);
constexpr Micros kPrepareAhead = 5 * kSecond;
// About 1 KB each, for 20 events.
constexpr int64_t kMaxListsInMemory = 50'000;

struct Settings {
  std::string listen;
  std::string state;
  std::optional<RedisListsOptions> redis;
  ServeConfig config;
  Experiments experiments;
  ModelLoaderOptions loader;
  std::string metrics_listen;  // Empty: nowhere.
  std::optional<TlsOptions> tls;
  std::string tokens;   // Empty: no caller needs one.
  uint64_t digest = 0;  // Of all flags and the configuration's text.
};

// The status of what a flag names, with the flag's name.
absl::Status OfFlag(absl::string_view flag, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, ": ", status.message()));
}

absl::StatusOr<std::string> ReadFlagFile(absl::string_view flag,
                                         const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  RETURN_IF_ERROR(OfFlag(flag, text.status()));
  return text;
}

absl::StatusOr<std::optional<TlsOptions>> TlsFromFlags() {
  TlsOptions tls = {absl::GetFlag(FLAGS_tls_cert), absl::GetFlag(FLAGS_tls_key),
                    absl::GetFlag(FLAGS_tls_client_ca)};
  if (tls.cert.empty() && tls.key.empty() && tls.client_ca.empty()) {
    return std::nullopt;
  }
  if (tls.cert.empty() || tls.key.empty()) {
    return absl::InvalidArgumentError(
        "--tls_cert and --tls_key belong together; --tls_client_ca needs both");
  }
  return tls;
}

absl::StatusOr<Settings> SettingsFromFlags(absl::string_view command_line) {
  Settings settings;
  settings.listen = absl::GetFlag(FLAGS_listen);
  RETURN_IF_ERROR(OfFlag("listen", CheckListenAddress(settings.listen)));
  settings.state = absl::GetFlag(FLAGS_state);
  if (settings.state.empty()) settings.state = StateStore::kMemory;
  settings.loader.model_dir = absl::GetFlag(FLAGS_model_dir);
  if (settings.loader.model_dir.empty()) {
    return absl::InvalidArgumentError(
        "--model_dir is required: the directory that usher-train publishes "
        "into");
  }
  const double days = absl::GetFlag(FLAGS_undated_lifetime_days);
  if (!(days >= 0 && days <= 36500)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--undated_lifetime_days: ", days, " is not between 0 and 36500"));
  }
  settings.loader.undated_lifetime = static_cast<Micros>(days * kDay);
  settings.metrics_listen = absl::GetFlag(FLAGS_metrics_listen);
  if (!settings.metrics_listen.empty()) {
    RETURN_IF_ERROR(
        OfFlag("metrics_listen", CheckMetricsAddress(settings.metrics_listen)));
  }
  ASSIGN_OR_RETURN(settings.tls, TlsFromFlags());
  settings.tokens = absl::GetFlag(FLAGS_tokens);
  settings.digest = Hash64(command_line);
  if (const std::string path = absl::GetFlag(FLAGS_config); !path.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFlagFile("config", path));
    ASSIGN_OR_RETURN(settings.config, ParseServeConfig(path, text));
    settings.loader.ranking_config = settings.config.ranking_config;
    settings.digest = Hash64(text, settings.digest);
  }
  if (const std::string path = absl::GetFlag(FLAGS_experiments);
      !path.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFlagFile("experiments", path));
    ASSIGN_OR_RETURN(settings.experiments, ParseExperiments(path, text));
    settings.digest = Hash64(text, settings.digest);
  }
  if (const std::string address = absl::GetFlag(FLAGS_redis);
      !address.empty()) {
    RedisListsOptions& redis = settings.redis.emplace();
    absl::StatusOr<RedisAddress> parsed = ParseRedisAddress(address);
    RETURN_IF_ERROR(OfFlag("redis", parsed.status()));
    redis.address = *std::move(parsed);
    redis.name_space = absl::GetFlag(FLAGS_namespace);
    RETURN_IF_ERROR(CheckKeyPart("--namespace", redis.name_space));
    redis.redis.timeout = redis.redis.connect_timeout =
        absl::Milliseconds(settings.config.redis_timeout_ms);
  }
  return settings;
}

// What follows its files while the server runs; null: not asked for.
struct Security {
  std::unique_ptr<TokenFile> tokens;
  std::unique_ptr<TlsFiles> tls;
};

absl::StatusOr<Security> OpenSecurity(const Settings& settings) {
  Security security;
  if (!settings.tokens.empty()) {
    auto tokens = TokenFile::Open(settings.tokens);
    RETURN_IF_ERROR(OfFlag("tokens", tokens.status()));
    security.tokens = *std::move(tokens);
  }
  if (settings.tls.has_value()) {
    auto tls = TlsFiles::Open(*settings.tls);
    RETURN_IF_ERROR(OfFlag("tls_cert", tls.status()));
    security.tls = *std::move(tls);
  }
  return security;
}

// Of addresses that others than this machine reach.
std::vector<std::string> AddressWarnings(const Settings& settings) {
  std::vector<std::string> warnings;
  if (!IsLocalAddress(settings.listen)) {
    if (!settings.tls.has_value()) {
      warnings.push_back(absl::StrCat("on ", settings.listen,
                                      " calls are not encrypted: see "
                                      "--tls_cert"));
    }
    if (settings.tokens.empty() &&
        (!settings.tls.has_value() || settings.tls->client_ca.empty())) {
      warnings.push_back(absl::StrCat("on ", settings.listen,
                                      " anybody may call everything: see "
                                      "--tokens and --tls_client_ca"));
    }
  }
  if (!settings.metrics_listen.empty() &&
      !IsLocalAddress(settings.metrics_listen)) {
    warnings.push_back(absl::StrCat("on ", settings.metrics_listen,
                                    " anybody may read the metrics"));
  }
  return warnings;
}

// What is allowed and yet worth a thought.
std::vector<std::string> Warnings(const Settings& settings) {
  std::vector<std::string> warnings = AddressWarnings(settings);
  if (settings.state == StateStore::kMemory) {
    warnings.emplace_back(
        "without --state writes are kept in memory only and are lost at the "
        "end");
  }
  return warnings;
}

// All that a start would trip over, but for addresses that are taken.
absl::Status CheckFiles(const Settings& settings) {
  RETURN_IF_ERROR(OpenSecurity(settings).status());
  if (settings.state != StateStore::kMemory) {
    absl::Status state = StateStore::OpenToRead(settings.state).status();
    if (absl::IsNotFound(state)) {
      const size_t slash = settings.state.rfind('/');
      const std::string folder = slash == std::string::npos
                                     ? std::string(".")
                                     : settings.state.substr(0, slash + 1);
      state = access(folder.c_str(), W_OK | X_OK) == 0
                  ? absl::OkStatus()
                  : absl::InvalidArgumentError(absl::StrCat(
                        settings.state, ": cannot be made in ", folder));
    }
    RETURN_IF_ERROR(OfFlag("state", state));
  }
  const std::string& dir = settings.loader.model_dir;
  const absl::StatusOr<int64_t> current = CurrentVersion(dir);
  if (absl::IsNotFound(current.status())) {
    std::fprintf(stderr,
                 "usher-serve: warning: no version is published in %s: the "
                 "server would wait for one\n",
                 dir.c_str());
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(OfFlag("model_dir", current.status()));
  return OfFlag("model_dir", OpenVersion(dir, *current).status());
}

absl::Status CheckConfig(const Settings& settings) {
  RETURN_IF_ERROR(CheckFiles(settings));
  for (const std::string& warning : Warnings(settings)) {
    std::fprintf(stderr, "usher-serve: warning: %s\n", warning.c_str());
  }
  std::puts("configuration: ok");
  return absl::OkStatus();
}

// SIGTERM and SIGINT wait for Wait(); made before any thread is.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  int Wait() const {
    int number = 0;
    sigwait(&set_, &number);
    return number;
  }

 private:
  sigset_t set_;
};

// Builds the live columns of the minute that is about to begin, so that none of
// its requests has to.
void PrepareNextMinute(const SnapshotHolder& holder, const Clock& clock) {
  const std::shared_ptr<const Served> served = holder.Get();
  if (served == nullptr) return;
  served->ViewAt(clock.Now() + kPrepareAhead, served->policy());
}

// Looks for models until it is told to stop.
void PollModels(ModelLoader& loader, Server& server,
                const SnapshotHolder& holder, const Clock& clock,
                const absl::Notification& stop) {
  bool serving = false;
  do {
    loader.RunOnce();
    PrepareNextMinute(holder, clock);
    // A pin or a reload may have brought it, too.
    const std::shared_ptr<const Served> served = holder.Get();
    if (served == nullptr || std::exchange(serving, true)) continue;
    server.SetServing(true);
    std::fprintf(stderr, "usher: serving model version %lld on %s\n",
                 static_cast<long long>(served->snapshot().info.version),
                 server.address().c_str());
  } while (!stop.WaitForNotificationWithTimeout(kPollPeriod));
}

// Says what became of a look at a file.
void LogLook(absl::string_view what, const absl::StatusOr<bool>& changed) {
  if (!changed.ok()) {
    spdlog::error(LogLine(absl::StrCat(what, "_refused"))
                      .Add("reason", changed.status().message())
                      .text());
  } else if (*changed) {
    spdlog::info(LogLine(absl::StrCat(what, "_reloaded")).text());
  }
}

// Looks at tokens and certificates until it is told to stop. Not on the
// models' thread: to load a model may take long.
void PollSecurity(const Security& security, const absl::Notification& stop) {
  do {
    if (security.tokens) LogLook("tokens", security.tokens->RunOnce());
    if (security.tls) LogLook("certificates", security.tls->RunOnce());
  } while (!stop.WaitForNotificationWithTimeout(kPollPeriod));
}

uint64_t RandomSeed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

std::string RandomKey() {
  std::string key;
  for (int i = 0; i < 4; ++i) absl::StrAppend(&key, absl::Hex(RandomSeed()));
  return key;
}

void LogStart(const Settings& settings, const Security& security,
              const std::string& address, const std::string& metrics) {
  LogLine line("start");
  line.Add("version", USHER_VERSION)
      .Add("config", absl::string_view(absl::StrCat(
                         absl::Hex(settings.digest, absl::kZeroPad16))))
      .Add("listen", address)
      .Add("model_dir", settings.loader.model_dir)
      .Add("state", settings.state)
      .Add("metrics", metrics.empty() ? "off" : metrics)
      .Add("tls", !settings.tls.has_value()         ? "off"
                  : settings.tls->client_ca.empty() ? "on"
                                                    : "mutual")
      .Add("tokens", security.tokens ? security.tokens->size() : 0);
  spdlog::info(line.text());
  for (const std::string& warning : Warnings(settings)) {
    spdlog::warn(LogLine("warning").Add("text", warning).text());
  }
}

ExposureLogOptions ExposureOptions(const Settings& settings) {
  ExposureLogOptions options;
  options.retention = settings.config.exposure_retention;
  options.sample_share = settings.config.exposure_sample_share;
  if (settings.state == StateStore::kMemory) {
    options.max_lists = kMaxListsInMemory;
  }
  return options;
}

absl::Status Serve(const Settings& settings, const EndSignals& signals) {
  const Clock& clock = Clock::System();
  ASSIGN_OR_RETURN(const Security security, OpenSecurity(settings));
  absl::StatusOr<std::unique_ptr<StateStore>> state =
      StateStore::Open(settings.state);
  RETURN_IF_ERROR(OfFlag("state", state.status()));
  absl::StatusOr<std::unique_ptr<ExposureStore>> exposure_store =
      ExposureStore::Open(ExposureStore::PathBeside(settings.state));
  RETURN_IF_ERROR(OfFlag("state", exposure_store.status()));
  ExposureLog exposures(**exposure_store, clock, ExposureOptions(settings));
  Telemetry telemetry;
  SnapshotHolder holder;
  absl::StatusOr<ForgottenUsers> forgotten =
      AllForgotten(settings.loader.model_dir, state->get());
  RETURN_IF_ERROR(forgotten.status());
  SnapshotPublisher publisher(
      **state, holder, {.undated_lifetime = settings.loader.undated_lifetime},
      *std::move(forgotten));
  const UserExporter exporter(holder, publisher, exposures);
  ModelLoader loader(settings.loader, publisher, clock);
  ListCounters list_counters;
  std::optional<RedisLists> redis;
  if (settings.redis.has_value()) {
    redis.emplace(*settings.redis, clock, list_counters);
  }
  MemoryListsOptions memory_options;
  memory_options.max_bytes =
      static_cast<size_t>(settings.config.memory_lists_mb) << 20;
  MemoryLists memory(memory_options, clock, list_counters);
  CandidateLists lists(redis.has_value() ? &*redis : nullptr, memory,
                       list_counters);
  UserEraser eraser(settings.loader.model_dir, publisher, exposures, &lists,
                    clock);
  const Recommender recommender(holder, RandomSeed(), settings.experiments,
                                &telemetry.lists, &lists);
  const PageTokenCodec pages(settings.config.page_token_key.empty()
                                 ? RandomKey()
                                 : settings.config.page_token_key);
  const StatusReporter reporter(holder, publisher, loader, clock,
                                AddressWarnings(settings));
  WorkerPool pool(settings.config.workers);
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Server> server,
      Server::Start(
          settings.listen,
          {holder, publisher, recommender, pages, reporter, loader, eraser,
           exporter, settings.experiments, settings.config.scenarios, exposures,
           clock, pool, telemetry, security.tokens.get(), security.tls.get()}));
  const GaugeReader gauges(reporter, publisher, recommender, list_counters,
                           exposures, pool, security.tls.get(), clock);
  std::unique_ptr<MetricsListener> metrics;
  if (!settings.metrics_listen.empty()) {
    auto listener =
        MetricsListener::Start(settings.metrics_listen, telemetry, [&] {
          ServerGauges read = gauges.Read();
          read.serving = server->serving();
          return read;
        });
    RETURN_IF_ERROR(OfFlag("metrics_listen", listener.status()));
    metrics = *std::move(listener);
  }
  LogStart(settings, security, server->address(),
           metrics ? metrics->address() : "");
  absl::Notification stop;
  std::thread models([&] { PollModels(loader, *server, holder, clock, stop); });
  std::thread files([&] { PollSecurity(security, stop); });
  const int number = signals.Wait();
  spdlog::info(LogLine("draining").Add("signal", number).text());
  stop.Notify();
  const bool drained = server->Shutdown();
  models.join();
  files.join();
  spdlog::info(LogLine("drained").Add("complete", drained).text());
  return absl::OkStatus();
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "usher-serve: %s\n",
               std::string(status.message()).c_str());
  return 1;
}

int Main(int argc, char** argv) {
  // Debian's Abseil looks for cycles of locks at each of them, under one lock
  // of all threads. Tests have it so.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // What gRPC has to say about itself is said by our own errors.
  setenv("GRPC_VERBOSITY", "NONE", /*replace=*/0);
  // It would print a line for each request with a text that is not UTF-8.
  google::protobuf::SetLogHandler(nullptr);
  for (int i = 1; i < argc; ++i) {
    const absl::string_view arg = argv[i];
    if (arg == "--help" || arg == "-help" || arg == "-h") {
      std::fputs(kHelp, stdout);
      return 0;
    }
  }
  std::string command_line;
  for (int i = 1; i < argc; ++i) absl::StrAppend(&command_line, argv[i], "\n");
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() > 1) {
    return Fail(absl::InvalidArgumentError(absl::StrCat(
        "what is \"", rest[1], "\"? Flags are --name=value; see --help")));
  }
  const absl::StatusOr<Settings> settings = SettingsFromFlags(command_line);
  if (!settings.ok()) return Fail(settings.status());
  if (absl::GetFlag(FLAGS_check_config)) {
    const absl::Status checked = CheckConfig(*settings);
    return checked.ok() ? 0 : Fail(checked);
  }
  const EndSignals signals;
  StartLog();
  const absl::Status served = Serve(*settings, signals);
  return served.ok() ? 0 : Fail(served);
}

}  // namespace
}  // namespace usher

int main(int argc, char** argv) { return usher::Main(argc, argv); }
