#include "serving/lists/redis_lists.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "serving/lists/list_codec.h"
#include "serving/lists/list_keys.h"

namespace usher {
namespace {

// Not GET: a value of any size could stand there.
// Empty when there is none. DataLoss when another kind of value is there.
absl::StatusOr<std::string> Get(Redis& redis, const std::string& key) {
  ASSIGN_OR_RETURN(
      std::vector<RedisReply> replies,
      redis.Run({{"GETRANGE", key, "0", absl::StrCat(kMaxListBytes)}}));
  RedisReply& reply = replies.front();
  if (reply.kind == RedisReply::Kind::kText) return std::move(reply.text);
  if (absl::StartsWith(reply.text, "WRONGTYPE")) {
    return absl::DataLossError(absl::StrCat("redis: ", key, " is no text"));
  }
  return absl::UnavailableError(
      absl::StrCat("redis: ", key, ": ",
                   reply.text.empty() ? "an answer of no text" : reply.text));
}

}  // namespace

RedisLists::RedisLists(RedisListsOptions options, const Clock& clock,
                       ListCounters& counters)
    : options_(std::move(options)), clock_(clock), counters_(counters) {}

bool RedisLists::MayAsk() {
  absl::MutexLock lock(&mu_);
  if (failures_ < options_.failures_to_rest) return true;
  const Micros now = clock_.Now();
  if (now < rests_until_) return false;
  // This call tries; the others go on without, until it knows more.
  rests_until_ = now + options_.rest_for;
  return true;
}

void RedisLists::Learn(bool answered) {
  // Destroyed outside the lock.
  std::vector<std::unique_ptr<Redis>> useless;
  absl::MutexLock lock(&mu_);
  if (answered) {
    failures_ = 0;
    return;
  }
  ++failures_;
  current_until_ = kNoTime;
  useless.swap(idle_);
  if (failures_ >= options_.failures_to_rest) {
    rests_until_ = clock_.Now() + options_.rest_for;
  }
}

absl::StatusOr<std::unique_ptr<Redis>> RedisLists::Borrow() {
  {
    absl::MutexLock lock(&mu_);
    if (!idle_.empty()) {
      std::unique_ptr<Redis> redis = std::move(idle_.back());
      idle_.pop_back();
      return redis;
    }
  }
  return Redis::Connect(options_.address, options_.redis);
}

void RedisLists::GiveBack(std::unique_ptr<Redis> redis) {
  absl::MutexLock lock(&mu_);
  if (idle_.size() < options_.max_idle) idle_.push_back(std::move(redis));
}

std::optional<std::string> RedisLists::Remembered() {
  absl::MutexLock lock(&mu_);
  const Micros now = clock_.Now();
  if (now >= current_until_ || now < current_until_ - options_.current_for) {
    return std::nullopt;
  }
  return current_;
}

absl::StatusOr<std::optional<RankedList>> RedisLists::Find(
    absl::string_view user_id) {
  if (!MayAsk()) {
    Count(counters_.redis_skipped);
    return absl::UnavailableError(absl::StrCat(
        "redis at ", options_.address.Text(), ": left alone after failures"));
  }
  Count(counters_.redis_asked);
  const absl::StatusOr<std::string> bytes = Ask(user_id);
  Learn(bytes.ok());
  if (!bytes.ok()) {
    Count(counters_.redis_failed);
    return absl::UnavailableError(bytes.status().message());
  }
  if (bytes->empty()) {
    Count(counters_.redis_without);
    return std::nullopt;
  }
  absl::StatusOr<RankedList> list = DecodeRankedList(*bytes);
  if (!list.ok()) {
    Count(counters_.redis_damaged);
    return list.status();
  }
  return *std::move(list);
}

absl::StatusOr<std::string> RedisLists::BatchOf(Redis& redis) {
  if (std::optional<std::string> batch = Remembered(); batch.has_value()) {
    return *std::move(batch);
  }
  const std::string key = CurrentKey(options_.name_space, ListKind::kRanking);
  ASSIGN_OR_RETURN(std::string batch, Get(redis, key));
  if (!batch.empty()) RETURN_IF_ERROR(CheckKeyPart(key, batch));
  absl::MutexLock lock(&mu_);
  current_ = batch;
  current_until_ = clock_.Now() + options_.current_for;
  return batch;
}

absl::StatusOr<std::string> RedisLists::Ask(absl::string_view user_id) {
  ASSIGN_OR_RETURN(std::unique_ptr<Redis> redis, Borrow());
  ASSIGN_OR_RETURN(const std::string batch, BatchOf(*redis));
  std::string bytes;
  if (!batch.empty()) {
    absl::StatusOr<std::string> value =
        Get(*redis,
            ListKey(options_.name_space, ListKind::kRanking, batch, user_id));
    // A value of another type is the fault of who wrote it, not of Redis: it is
    // what no list looks like.
    if (absl::IsDataLoss(value.status())) value = std::string("\xff");
    ASSIGN_OR_RETURN(bytes, std::move(value));
  }
  GiveBack(std::move(redis));
  return bytes;
}

absl::Status RedisLists::Forget(absl::string_view user_id) {
  ASSIGN_OR_RETURN(std::unique_ptr<Redis> redis, Borrow());
  for (const ListKind kind : {ListKind::kRanking, ListKind::kNeighbours}) {
    ASSIGN_OR_RETURN(const std::string batch,
                     Get(*redis, CurrentKey(options_.name_space, kind)));
    if (batch.empty()) continue;
    const std::string key = ListKey(options_.name_space, kind, batch, user_id);
    ASSIGN_OR_RETURN(const std::vector<RedisReply> replies,
                     redis->Run({{"DEL", key}}));
    if (replies.front().kind != RedisReply::Kind::kInteger) {
      return absl::UnavailableError(absl::StrCat(
          "redis: ", key, " was not removed: ", replies.front().text));
    }
  }
  GiveBack(std::move(redis));
  return absl::OkStatus();
}

}  // namespace usher
