// A batch of lists in Redis.
#ifndef USHER_SERVING_PRECOMPUTE_REDIS_SINK_H_
#define USHER_SERVING_PRECOMPUTE_REDIS_SINK_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "serving/lists/list_keys.h"
#include "serving/lists/redis.h"
#include "serving/precompute/list_sink.h"

namespace usher {

// Keys as in serving/lists/list_keys.h, all with the time to live but for
// `current`, which moves in Finish().
class RedisSink final : public ListSink {
 public:
  // Unavailable when Redis does not answer.
  static absl::StatusOr<std::unique_ptr<ListSink>> Open(
      const RedisAddress& address, const std::string& name_space, ListKind kind,
      absl::Duration time_to_live);

  absl::StatusOr<std::optional<BatchJournal>> Unfinished() override;
  absl::Status Begin(const BatchJournal& journal) override;
  absl::Status Write(absl::Span<const EncodedList> lists,
                     BatchJournal journal) override;
  absl::Status Finish() override;

 private:
  RedisSink(std::unique_ptr<Redis> redis, std::string name_space, ListKind kind,
            absl::Duration time_to_live);
  absl::Status RunAll(absl::Span<const RedisCommand> commands);

  const std::unique_ptr<Redis> redis_;
  const std::string name_space_;
  const ListKind kind_;
  const std::string seconds_;  // To live.
  std::string batch_;
};

}  // namespace usher

#endif  // USHER_SERVING_PRECOMPUTE_REDIS_SINK_H_
