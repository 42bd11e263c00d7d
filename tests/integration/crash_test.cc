// kill -9 in the middle of writes: whatever was acknowledged is found
// afterwards, and the server comes back with it.
//   crash_test USHER_SERVE [ROUNDS]
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "index/artifact/version.h"
#include "index/base/hash.h"
#include "index/state/state_store.h"
#include "tests/testing/tiny_city.h"
#include "usher/v1/catalog.grpc.pb.h"
#include "usher/v1/interaction.grpc.pb.h"
#include "usher/v1/recommendation.grpc.pb.h"

extern char** environ;

namespace usher {
namespace {

constexpr int kWriters = 3;
// A round ends after at most so many acknowledgements.
constexpr int kMostWrites = 300;
constexpr absl::Duration kPatience = absl::Seconds(60);

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "crash_test: %s\n", what.c_str());
  std::_Exit(1);
}

void Expect(bool holds, const std::string& what) {
  if (!holds) Fail(what);
}

class Process {
 public:
  Process(const std::string& program, const std::string& dir)
      : address_(absl::StrCat("unix:", dir, "/socket")) {
    std::filesystem::remove(dir + "/socket");
    const std::vector<std::string> arguments = {
        program, absl::StrCat("--model_dir=", dir, "/models"),
        absl::StrCat("--listen=", address_),
        absl::StrCat("--state=", dir, "/state.db")};
    std::vector<char*> argv;
    for (const std::string& argument : arguments) {
      argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, (dir + "/log").c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0644);
    Expect(posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(),
                       environ) == 0,
           "cannot start " + program);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Process() { Kill(); }

  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  std::shared_ptr<grpc::Channel> Channel() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
    return grpc::CreateCustomChannel(
        address_, grpc::InsecureChannelCredentials(), arguments);
  }

 private:
  const std::string address_;
  pid_t pid_ = -1;
};

// What the server has said OK to.
struct Acknowledged {
  std::set<std::string> interactions;
  std::set<std::string> events;
};

// Counts what was acknowledged in one round, so that the server can be killed
// in the middle.
class Tally {
 public:
  void Add() {
    absl::MutexLock lock(&mu_);
    ++count_;
  }
  void WaitFor(int count) {
    absl::MutexLock lock(&mu_);
    const auto reached = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
      return count_ >= count;
    };
    Expect(mu_.AwaitWithTimeout(absl::Condition(&reached), kPatience),
           "the server acknowledges nothing");
  }

 private:
  absl::Mutex mu_;
  int count_ ABSL_GUARDED_BY(mu_) = 0;
};

// One writer until the server dies: numbered interactions, and an event with
// every tenth call.
void WriteUntilItDies(const Process& server, int round, int writer,
                      Acknowledged& acknowledged, Tally& tally) {
  const auto channel = server.Channel();
  const auto interactions = v1::InteractionService::NewStub(channel);
  const auto catalog = v1::CatalogService::NewStub(channel);
  bool served = false;
  for (int number = 0;; ++number) {
    grpc::ClientContext context;
    context.set_wait_for_ready(!served);
    context.set_deadline(std::chrono::system_clock::now() +
                         absl::ToChronoSeconds(kPatience));
    const std::string id = absl::StrCat("r", round, "w", writer, "n", number);
    grpc::Status status;
    if (number % 10 == 9) {
      v1::UpsertEventsRequest request;
      v1::UpsertEventsResponse response;
      request.add_events()->set_id(id);
      status = catalog->UpsertEvents(&context, request, &response);
      if (status.ok()) acknowledged.events.insert(id);
    } else {
      v1::RecordInteractionsRequest request;
      v1::RecordInteractionsResponse response;
      v1::Interaction& added = *request.add_interactions();
      added.set_interaction_id(id);
      added.set_user_id(absl::StrCat("user", writer));
      added.set_event_id("jazz1");
      added.set_kind(v1::INTERACTION_KIND_CLICK);
      status = interactions->RecordInteractions(&context, request, &response);
      if (status.ok()) acknowledged.interactions.insert(id);
    }
    served |= status.ok();
    if (status.ok()) tally.Add();
    // Until the model is loaded the server says so; after that any failure is
    // its end.
    if (status.error_code() == grpc::StatusCode::FAILED_PRECONDITION) continue;
    if (!status.ok()) return;
  }
}

void ExpectAllKept(const std::string& state, const Acknowledged& all) {
  const auto store = StateStore::OpenToRead(state);
  Expect(store.ok(), std::string(store.status().message()));
  std::set<std::string> interactions;
  std::set<std::string> events;
  const PositionRange range{0, (*store)->position()};
  Expect(
      (*store)
          ->ReadInteractions(range,
                             [&](const Interaction& interaction) {
                               interactions.insert(interaction.interaction_id);
                               return absl::OkStatus();
                             })
          .ok(),
      "cannot read the interactions");
  Expect((*store)
             ->ReadEvents(range,
                          [&](const Event& event, bool) {
                            events.insert(event.id);
                            return absl::OkStatus();
                          })
             .ok(),
         "cannot read the events");
  for (const std::string& id : all.interactions) {
    Expect(interactions.contains(id), "lost interaction " + id);
  }
  for (const std::string& id : all.events) {
    Expect(events.contains(id), "lost event " + id);
  }
}

// The last server of all answers from what was written.
void ExpectServed(const Process& server, const Acknowledged& all) {
  const auto stub = v1::CatalogService::NewStub(server.Channel());
  const absl::Time end = absl::Now() + kPatience;
  for (const std::string& id : all.events) {
    grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
    do {
      grpc::ClientContext context;
      context.set_wait_for_ready(true);
      v1::GetEventRequest request;
      v1::GetEventResponse response;
      request.set_event_id(id);
      code = stub->GetEvent(&context, request, &response).error_code();
    } while (code == grpc::StatusCode::FAILED_PRECONDITION &&
             absl::Now() < end);
    Expect(code == grpc::StatusCode::OK, "the server does not know " + id);
  }
}

int Main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: crash_test USHER_SERVE [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 50;
  std::string dir =
      (std::filesystem::temp_directory_path() / "usher_crash_XXXXXX").string();
  Expect(mkdtemp(dir.data()) != nullptr, "cannot make " + dir);
  Expect(WriteVersion(dir + "/models", TinySnapshot(TinyCatalog()), {}).ok(),
         "cannot write a model");
  Acknowledged all;
  for (int round = 0; round < rounds; ++round) {
    Process server(argv[1], dir);
    Tally tally;
    std::vector<Acknowledged> acknowledged(kWriters);
    std::vector<std::thread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([&, writer] {
        WriteUntilItDies(server, round, writer, acknowledged[writer], tally);
      });
    }
    tally.WaitFor(1 + static_cast<int>(Mix64(static_cast<uint64_t>(round)) %
                                       kMostWrites));
    server.Kill();
    for (std::thread& writer : writers) writer.join();
    for (Acknowledged& one : acknowledged) {
      all.interactions.merge(one.interactions);
      all.events.merge(one.events);
    }
    ExpectAllKept(dir + "/state.db", all);
  }
  Expect(!all.events.empty(), "no server lived long enough to write an event");
  {
    const Process server(argv[1], dir);
    ExpectServed(server, all);
  }
  std::printf(
      "killed %d times; all of %zu interactions and %zu events that were "
      "acknowledged are there\n",
      rounds, all.interactions.size(), all.events.size());
  std::filesystem::remove_all(dir);
  return 0;
}

}  // namespace
}  // namespace usher

int main(int argc, char** argv) { return usher::Main(argc, argv); }
