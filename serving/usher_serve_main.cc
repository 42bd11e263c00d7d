// usher-serve: the gRPC server.
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "index/base/file.h"
#include "index/base/status_macros.h"
#include "index/state/state_store.h"
#include "serving/lists/candidate_lists.h"
#include "serving/lists/list_keys.h"
#include "serving/model_loader.h"
#include "serving/recommender.h"
#include "serving/serve_config.h"
#include "serving/server.h"
#include "serving/snapshot_holder.h"
#include "serving/snapshot_publisher.h"
#include "serving/status_reporter.h"
#include "serving/worker_pool.h"

ABSL_FLAG(std::string, model_dir, "", "where usher-train publishes");
ABSL_FLAG(std::string, listen, "127.0.0.1:50051", "address");
ABSL_FLAG(std::string, state, "", "where writes are kept");
ABSL_FLAG(std::string, redis, "", "where lists made ahead are");
ABSL_FLAG(std::string, namespace, "default", "of the keys in Redis");
ABSL_FLAG(std::string, config, "", "a ServeConfig text proto");
ABSL_FLAG(bool, check_config, false, "check flags and configuration, then end");
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
  --check_config           check the flags and the configuration, say what is
                           wrong or "configuration: ok", and exit
  --undated_lifetime_days=N
                           events without a start_time end N days after their
                           announce_time; 0: they never end (0)
  --help                   this text

Services: usher.v1.RecommendationService, usher.v1.CatalogService,
usher.v1.InteractionService, usher.v1.AdminService, grpc.health.v1.Health, and
reflection.
)";

constexpr absl::Duration kPollPeriod = absl::Seconds(1);

struct Settings {
  std::string listen;
  std::string state;
  std::optional<RedisListsOptions> redis;
  ServeConfig config;
  ModelLoaderOptions loader;
};

absl::StatusOr<Settings> SettingsFromFlags() {
  Settings settings;
  settings.listen = absl::GetFlag(FLAGS_listen);
  if (settings.listen.empty()) {
    return absl::InvalidArgumentError("--listen: is empty; say HOST:PORT");
  }
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
  if (const std::string path = absl::GetFlag(FLAGS_config); !path.empty()) {
    absl::StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--config: ", text.status().message()));
    }
    ASSIGN_OR_RETURN(settings.config, ParseServeConfig(path, *text));
    settings.loader.ranking_config = settings.config.ranking_config;
  }
  if (const std::string address = absl::GetFlag(FLAGS_redis);
      !address.empty()) {
    RedisListsOptions& redis = settings.redis.emplace();
    absl::StatusOr<RedisAddress> parsed = ParseRedisAddress(address);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--redis: ", parsed.status().message()));
    }
    redis.address = *std::move(parsed);
    redis.name_space = absl::GetFlag(FLAGS_namespace);
    RETURN_IF_ERROR(CheckKeyPart("--namespace", redis.name_space));
    redis.redis.timeout = redis.redis.connect_timeout =
        absl::Milliseconds(settings.config.redis_timeout_ms);
  }
  return settings;
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

// Looks for models until it is told to stop.
void PollModels(ModelLoader& loader, Server& server,
                const absl::Notification& stop) {
  bool serving = false;
  do {
    const std::optional<int64_t> version = loader.RunOnce();
    if (!version.has_value()) continue;
    if (serving) {
      spdlog::info("now serving model version {}", *version);
      continue;
    }
    serving = true;
    server.SetServing(true);
    std::fprintf(stderr, "usher: serving model version %lld on %s\n",
                 static_cast<long long>(*version), server.address().c_str());
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

absl::StatusOr<std::unique_ptr<StateStore>> OpenState(const std::string& path) {
  absl::StatusOr<std::unique_ptr<StateStore>> state = StateStore::Open(path);
  if (!state.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--state: ", state.status().message()));
  }
  return state;
}

absl::Status Serve(const Settings& settings, const EndSignals& signals) {
  const Clock& clock = Clock::System();
  ASSIGN_OR_RETURN(const std::unique_ptr<StateStore> state,
                   OpenState(settings.state));
  SnapshotHolder holder;
  SnapshotPublisher publisher(*state, holder,
                              {settings.loader.undated_lifetime});
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
  const Recommender recommender(holder, RandomSeed(), &lists);
  const PageTokenCodec pages(settings.config.page_token_key.empty()
                                 ? RandomKey()
                                 : settings.config.page_token_key);
  const StatusReporter reporter(holder, publisher, loader, clock);
  WorkerPool pool(settings.config.workers);
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Server> server,
      Server::Start(settings.listen, {holder, publisher, recommender, pages,
                                      reporter, loader, clock, pool}));
  if (state->path() == StateStore::kMemory) {
    spdlog::warn(
        "without --state writes are kept in memory only and are lost at the "
        "end");
  }
  absl::Notification stop;
  std::thread poller([&] { PollModels(loader, *server, stop); });
  const int number = signals.Wait();
  spdlog::info("signal {}: draining", number);
  stop.Notify();
  poller.join();
  server->Shutdown();
  return absl::OkStatus();
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "usher-serve: %s\n",
               std::string(status.message()).c_str());
  return 1;
}

int Main(int argc, char** argv) {
  // What gRPC has to say about itself is said by our own errors.
  setenv("GRPC_VERBOSITY", "NONE", /*replace=*/0);
  for (int i = 1; i < argc; ++i) {
    const absl::string_view arg = argv[i];
    if (arg == "--help" || arg == "-help" || arg == "-h") {
      std::fputs(kHelp, stdout);
      return 0;
    }
  }
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() > 1) {
    return Fail(absl::InvalidArgumentError(absl::StrCat(
        "what is \"", rest[1], "\"? Flags are --name=value; see --help")));
  }
  const absl::StatusOr<Settings> settings = SettingsFromFlags();
  if (!settings.ok()) return Fail(settings.status());
  if (absl::GetFlag(FLAGS_check_config)) {
    std::puts("configuration: ok");
    return 0;
  }
  const EndSignals signals;
  spdlog::set_default_logger(spdlog::stderr_logger_mt("usher"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  const absl::Status served = Serve(*settings, signals);
  return served.ok() ? 0 : Fail(served);
}

}  // namespace
}  // namespace usher

int main(int argc, char** argv) { return usher::Main(argc, argv); }
