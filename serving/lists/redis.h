// A connection to Redis that keeps to its time, whatever the other side does.
#ifndef USHER_SERVING_LISTS_REDIS_H_
#define USHER_SERVING_LISTS_REDIS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace usher {

// A host and port, or the path of a socket.
struct RedisAddress {
  std::string host;
  int port = 0;
  std::string path;  // Not empty: a unix socket, and no host.

  std::string Text() const;
};

// HOST:PORT, [IPV6]:PORT or unix:PATH. InvalidArgument says what it should be.
absl::StatusOr<RedisAddress> ParseRedisAddress(absl::string_view text);

using RedisCommand = std::vector<std::string>;

struct RedisReply {
  enum class Kind { kNil, kText, kInteger, kError };
  Kind kind = Kind::kNil;
  std::string text;  // Of kText (a string or a status) and kError.
  int64_t integer = 0;
};

struct RedisOptions {
  absl::Duration timeout = absl::Milliseconds(5);  // Of a whole Run().
  absl::Duration connect_timeout = absl::Milliseconds(5);
  // Replies of one Run(), all together; longer ones end the connection.
  size_t max_reply_bytes = size_t{1} << 20;
};

// One connection. What its other side sends is distrusted: a reply that is too
// long, comes too slowly, is an array or no reply at all ends the connection.
// After an error of Run() the connection is of no more use. Single-threaded.
class Redis {
 public:
  // Unavailable when nobody answers in time. A host's name is looked up by the
  // system, which takes its own time: give a number where that matters.
  static absl::StatusOr<std::unique_ptr<Redis>> Connect(
      const RedisAddress& address, const RedisOptions& options);
  ~Redis();
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  // Sends all commands at once; a reply for each, in their order. A command
  // that Redis refuses has a reply of kind kError. DeadlineExceeded when the
  // time is over, Unavailable when the connection ends or what comes is no
  // reply.
  absl::StatusOr<std::vector<RedisReply>> Run(
      absl::Span<const RedisCommand> commands);

 private:
  struct Connection;
  Redis(std::unique_ptr<Connection> connection, std::string name,
        const RedisOptions& options);

  absl::Status Wait(short events, absl::Time deadline);
  absl::Status Send(absl::string_view bytes, absl::Time deadline);
  absl::Status Receive(absl::Time deadline);
  absl::Status Failed(absl::string_view what) const;
  absl::Status Late() const;

  const std::string name_;  // For messages.
  const RedisOptions options_;
  std::unique_ptr<Connection> connection_;
  size_t received_ = 0;  // Bytes of this Run().
};

}  // namespace usher

#endif  // USHER_SERVING_LISTS_REDIS_H_
