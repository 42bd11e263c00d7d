#include "serving/precompute/precompute.h"

#include <algorithm>
#include <cstdio>
#include <future>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "index/artifact/model_directory.h"
#include "index/artifact/version.h"
#include "index/base/hash.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"
#include "index/state/state_store.h"
#include "serving/apply_write.h"
#include "serving/lists/list_codec.h"
#include "serving/lists/list_keys.h"
#include "serving/lists/use_list.h"
#include "serving/precompute/block_neighbours.h"
#include "serving/precompute/block_ranker.h"
#include "serving/precompute/file_sink.h"
#include "serving/precompute/progress_line.h"
#include "serving/precompute/redis_sink.h"
#include "serving/precompute/result_lines.h"

namespace usher {
namespace {

// Users that are written together; their lists are in memory meanwhile.
constexpr size_t kChunk = 1024;

// Fills lists[i] for user_ids[i]; a list without bytes is not written.
using MakeBlock = absl::FunctionRef<void(absl::Span<const std::string> user_ids,
                                         absl::Span<EncodedList> lists)>;

// In the order of their bytes, each once.
std::vector<std::string> Sorted(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::vector<std::string> UsersToList(const PrecomputeOptions& options,
                                     const Catalog& catalog,
                                     PrecomputeReport& report) {
  if (!options.user_ids.has_value()) {
    std::vector<std::string> ids;
    ids.reserve(catalog.num_users());
    for (size_t row = 0; row < catalog.num_users(); ++row) {
      if (catalog.users.columns[row].forgotten != 0) continue;
      ids.emplace_back(catalog.UserId(UserRow{static_cast<int32_t>(row)}));
    }
    return Sorted(std::move(ids));
  }
  std::vector<std::string> ids = Sorted(*options.user_ids);
  if (options.what == ListWhat::kUsers) {
    report.unknown =
        static_cast<int64_t>(std::erase_if(ids, [&](const std::string& id) {
          return catalog.FindUser(id) == kNoUser;
        }));
  }
  return ids;
}

// Of all that decides what is in a batch, but for the instant when it is not
// given: a run that goes on keeps that of the first one.
uint64_t Fingerprint(const PrecomputeOptions& options,
                     const PrecomputeInput& input) {
  const VersionInfo& info = input.snapshot.info;
  std::string text = absl::StrCat(
      info.version, " ", info.created, " ", PolicyHash(input.policy), " ",
      options.undated_lifetime, " ", static_cast<int>(options.what), " ",
      static_cast<int>(options.basis), " ", options.top, " ",
      options.now.value_or(kNoTime), " ", options.state, "\n");
  if (options.user_ids.has_value()) {
    for (const std::string& id : *options.user_ids) {
      absl::StrAppend(&text, id.size(), " ", id);
    }
  }
  return Hash64(text);
}

BatchJournal NewBatch(const PrecomputeOptions& options,
                      const PrecomputeInput& input, uint64_t fingerprint,
                      Micros clock) {
  BatchJournal journal;
  journal.fingerprint = fingerprint;
  journal.batch = absl::StrCat(
      absl::FormatTime("%Y%m%dT%H%M%E3S", absl::FromUnixMicros(clock),
                       absl::UTCTimeZone()),
      "-v", input.snapshot.info.version);
  journal.started = clock;
  journal.now = options.now.value_or(clock);
  return journal;
}

// One chunk after the other: while one is written, the next is made.
absl::Status WriteAll(absl::Span<const std::string> user_ids, int64_t block,
                      int threads, MakeBlock make, BatchJournal journal,
                      ListSink& sink) {
  ProgressLine progress(journal.users,
                        journal.users + static_cast<int64_t>(user_ids.size()));
  std::vector<EncodedList> lists, written;
  std::future<absl::Status> writing;
  const auto wait = [&] {
    return writing.valid() ? writing.get() : absl::OkStatus();
  };
  for (size_t begin = 0; begin < user_ids.size(); begin += kChunk) {
    const absl::Span<const std::string> chunk = user_ids.subspan(begin, kChunk);
    lists.assign(chunk.size(), EncodedList());
    ParallelFor(static_cast<int64_t>(chunk.size()), block, threads,
                [&](int64_t first, int64_t last) {
                  const size_t n = static_cast<size_t>(last - first);
                  make(chunk.subspan(first, n),
                       absl::MakeSpan(lists).subspan(first, n));
                });
    RETURN_IF_ERROR(wait());
    progress.Update(journal.users);
    journal.users += static_cast<int64_t>(chunk.size());
    journal.last_user = chunk.back();
    written.swap(lists);
    writing = std::async(std::launch::async, [&sink, &written, journal] {
      return sink.Write(written, journal);
    });
  }
  return wait();
}

// Everything that the lists of one run have in common; all of it is borrowed.
struct Run {
  const PrecomputeOptions& options;
  const PrecomputeInput& input;
  const BatchJournal& journal;
  absl::Span<const std::string> user_ids;
  ListSink& sink;

  bool to_file() const { return !options.out.empty(); }
};

RankedList ListOf(const Ranking& ranking, const std::string& user_id,
                  const Catalog& catalog, const RankedList& about) {
  RankedList list = about;
  for (const RankedEvent& event : ranking.results) {
    list.event_ids.emplace_back(catalog.EventId(event.event));
    list.scores.push_back(event.score);
  }
  const UserRow user = catalog.FindUser(user_id);
  if (user != kNoUser) {
    list.location = catalog.users.columns[Index(user)].location;
  }
  return list;
}

NeighbourList ListOf(const std::vector<ScoredUser>& users,
                     const Catalog& catalog, const NeighbourList& about) {
  NeighbourList list = about;
  for (const ScoredUser& scored : users) {
    list.user_ids.emplace_back(catalog.UserId(scored.user));
    list.scores.push_back(scored.score);
  }
  return list;
}

absl::Status ListEvents(const Run& run) {
  const Snapshot& snapshot = run.input.snapshot;
  const BlockRanker ranker(&snapshot, run.input.policy, run.journal.now,
                           run.options.undated_lifetime);
  std::optional<ResultLines> lines;
  if (run.to_file()) lines.emplace(&snapshot, ranker.view());
  RankedList about;
  about.batch = run.journal.batch;
  about.model_version = snapshot.info.version;
  about.policy = PolicyHash(run.input.policy);
  about.generated_at = run.journal.now;
  const auto make = [&](absl::Span<const std::string> ids,
                        absl::Span<EncodedList> lists) {
    const std::vector<Ranking> rankings = ranker.Rank(ids, run.options.top);
    for (size_t i = 0; i < ids.size(); ++i) {
      lists[i] = {ids[i], lines.has_value()
                              ? lines->Line(ids[i], about, rankings[i])
                              : EncodeList(ListOf(rankings[i], ids[i],
                                                  snapshot.catalog, about))};
    }
  };
  return WriteAll(run.user_ids, BlockRanker::kBlock, run.options.threads, make,
                  run.journal, run.sink);
}

absl::Status ListUsers(const Run& run) {
  const Snapshot& snapshot = run.input.snapshot;
  const BlockNeighbours neighbours(&snapshot, run.options.basis);
  const ResultLines lines(&snapshot);
  NeighbourList about;
  about.batch = run.journal.batch;
  about.model_version = snapshot.info.version;
  about.generated_at = run.journal.now;
  const auto make = [&](absl::Span<const std::string> ids,
                        absl::Span<EncodedList> lists) {
    std::vector<UserRow> users;
    for (const std::string& id : ids) {
      users.push_back(snapshot.catalog.FindUser(id));
    }
    const std::vector<std::vector<ScoredUser>> found =
        neighbours.Find(users, run.options.top);
    for (size_t i = 0; i < ids.size(); ++i) {
      lists[i] = {ids[i],
                  run.to_file()
                      ? lines.Line(ids[i], about, found[i])
                      : EncodeList(ListOf(found[i], snapshot.catalog, about))};
    }
  };
  return WriteAll(run.user_ids, BlockNeighbours::kBlock, run.options.threads,
                  make, run.journal, run.sink);
}

}  // namespace

absl::StatusOr<PrecomputeInput> OpenInput(const PrecomputeOptions& options) {
  ASSIGN_OR_RETURN(const int64_t version, CurrentVersion(options.model_dir));
  ASSIGN_OR_RETURN(Snapshot snapshot,
                   OpenVersion(options.model_dir, version, {options.threads}));
  ASSIGN_OR_RETURN(RankingPolicy policy, PolicyOfVersion(snapshot.info));
  ASSIGN_OR_RETURN(policy, ApplyRankingConfig(policy, options.ranking_config));
  std::unique_ptr<StateStore> state;
  if (!options.state.empty()) {
    ASSIGN_OR_RETURN(state, StateStore::OpenToRead(options.state));
  }
  ASSIGN_OR_RETURN(const ForgottenUsers forgotten,
                   AllForgotten(options.model_dir, state.get()));
  ApplyForgotten(forgotten, snapshot);
  if (state != nullptr) {
    RETURN_IF_ERROR(CatchUp(*state, forgotten, snapshot));
  }
  return PrecomputeInput{std::move(snapshot), policy};
}

absl::StatusOr<PrecomputeReport> PrecomputeInto(
    const PrecomputeOptions& options, const PrecomputeInput& input,
    const Clock& clock, ListSink& sink) {
  const uint64_t fingerprint = Fingerprint(options, input);
  ASSIGN_OR_RETURN(std::optional<BatchJournal> earlier, sink.Unfinished());
  earlier = ToGoOnWith(std::move(earlier), fingerprint, clock.Now());
  const BatchJournal journal =
      earlier.has_value() ? *earlier
                          : NewBatch(options, input, fingerprint, clock.Now());
  RETURN_IF_ERROR(sink.Begin(journal));
  PrecomputeReport report;
  report.batch = journal.batch;
  report.model_version = input.snapshot.info.version;
  report.earlier = journal.users;
  const std::vector<std::string> all =
      UsersToList(options, input.snapshot.catalog, report);
  auto next = all.begin();
  if (journal.users > 0) {
    next = std::upper_bound(all.begin(), all.end(), journal.last_user);
    std::fprintf(stderr,
                 "usher-precompute: going on with batch %s, of which %lld "
                 "users are done\n",
                 journal.batch.c_str(), static_cast<long long>(journal.users));
  }
  const Run run{options, input, journal,
                absl::MakeConstSpan(all).subspan(next - all.begin()), sink};
  const Micros began = clock.Now();
  RETURN_IF_ERROR(options.what == ListWhat::kEvents ? ListEvents(run)
                                                    : ListUsers(run));
  RETURN_IF_ERROR(sink.Finish());
  report.users = journal.users + static_cast<int64_t>(run.user_ids.size());
  report.seconds = static_cast<double>(clock.Now() - began) / kSecond;
  return report;
}

absl::StatusOr<PrecomputeReport> Precompute(const PrecomputeOptions& options,
                                            const Clock& clock) {
  ASSIGN_OR_RETURN(const PrecomputeInput input, OpenInput(options));
  const ListKind kind = options.what == ListWhat::kEvents
                            ? ListKind::kRanking
                            : ListKind::kNeighbours;
  std::unique_ptr<ListSink> sink;
  if (options.redis.has_value()) {
    ASSIGN_OR_RETURN(sink, RedisSink::Open(*options.redis, options.name_space,
                                           kind, options.time_to_live));
  } else {
    ASSIGN_OR_RETURN(sink, FileSink::Open(options.out));
  }
  return PrecomputeInto(options, input, clock, *sink);
}

}  // namespace usher
