#include "serving/precompute/redis_sink.h"

#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

// A server that writes its memory to disk, or is shared, may take its time.
constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr absl::Duration kConnectTimeout = absl::Seconds(5);
// Lists that are sent before the first reply is awaited.
constexpr size_t kPipeline = 256;

}  // namespace

absl::StatusOr<std::unique_ptr<ListSink>> RedisSink::Open(
    const RedisAddress& address, const std::string& name_space, ListKind kind,
    absl::Duration time_to_live) {
  RedisOptions options;
  options.timeout = kTimeout;
  options.connect_timeout = kConnectTimeout;
  ASSIGN_OR_RETURN(std::unique_ptr<Redis> redis,
                   Redis::Connect(address, options));
  return absl::WrapUnique<ListSink>(
      new RedisSink(std::move(redis), name_space, kind, time_to_live));
}

RedisSink::RedisSink(std::unique_ptr<Redis> redis, std::string name_space,
                     ListKind kind, absl::Duration time_to_live)
    : redis_(std::move(redis)),
      name_space_(std::move(name_space)),
      kind_(kind),
      seconds_(absl::StrCat(absl::ToInt64Seconds(time_to_live))) {}

absl::Status RedisSink::RunAll(absl::Span<const RedisCommand> commands) {
  ASSIGN_OR_RETURN(const std::vector<RedisReply> replies,
                   redis_->Run(commands));
  for (size_t i = 0; i < replies.size(); ++i) {
    if (replies[i].kind != RedisReply::Kind::kError) continue;
    return absl::UnavailableError(
        absl::StrCat("redis refuses ", commands[i][0], " ", commands[i][1],
                     ": ", replies[i].text,
                     "; what was written stays: run the same again to go "
                     "on"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<BatchJournal>> RedisSink::Unfinished() {
  ASSIGN_OR_RETURN(const std::vector<RedisReply> replies,
                   redis_->Run({{"GET", UnfinishedKey(name_space_, kind_)}}));
  if (replies[0].kind == RedisReply::Kind::kError) {
    return absl::UnavailableError(absl::StrCat("redis: ", replies[0].text));
  }
  return ParseBatchJournal(replies[0].text);
}

absl::Status RedisSink::Begin(const BatchJournal& journal) {
  batch_ = journal.batch;
  return RunAll({{"SET", UnfinishedKey(name_space_, kind_),
                  BatchJournalText(journal), "EX", seconds_}});
}

absl::Status RedisSink::Write(absl::Span<const EncodedList> lists,
                              BatchJournal journal) {
  for (size_t begin = 0; begin < lists.size(); begin += kPipeline) {
    std::vector<RedisCommand> commands;
    for (const EncodedList& list : lists.subspan(begin, kPipeline)) {
      commands.push_back({"SET",
                          ListKey(name_space_, kind_, batch_, list.user_id),
                          list.bytes, "EX", seconds_});
    }
    RETURN_IF_ERROR(RunAll(commands));
  }
  return RunAll({{"SET", UnfinishedKey(name_space_, kind_),
                  BatchJournalText(journal), "EX", seconds_}});
}

absl::Status RedisSink::Finish() {
  return RunAll({{"SET", CurrentKey(name_space_, kind_), batch_},
                 {"DEL", UnfinishedKey(name_space_, kind_)}});
}

}  // namespace usher
