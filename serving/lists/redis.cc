#include "serving/lists/redis.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr size_t kReadBytes = size_t{16} << 10;

// No command of ours is answered by an array, and its length would be memory
// that the other side asks for.
void* RefuseArray(const redisReadTask*, int) { return nullptr; }

redisReplyObjectFunctions WithoutArrays(redisReplyObjectFunctions functions) {
  functions.createArray = &RefuseArray;
  return functions;
}

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

absl::StatusOr<RedisReply> ReplyOf(const redisReply& from) {
  RedisReply reply;
  switch (from.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      reply.kind = RedisReply::Kind::kText;
      reply.text.assign(from.str, from.len);
      return reply;
    case REDIS_REPLY_ERROR:
      reply.kind = RedisReply::Kind::kError;
      reply.text.assign(from.str, from.len);
      return reply;
    case REDIS_REPLY_INTEGER:
      reply.kind = RedisReply::Kind::kInteger;
      reply.integer = from.integer;
      return reply;
    case REDIS_REPLY_NIL:
      return reply;
    default:
      return absl::UnavailableError("a reply of a kind that was not asked for");
  }
}

std::string Formatted(absl::Span<const RedisCommand> commands) {
  std::string bytes;
  for (const RedisCommand& command : commands) {
    absl::StrAppend(&bytes, "*", command.size(), "\r\n");
    for (const std::string& word : command) {
      absl::StrAppend(&bytes, "$", word.size(), "\r\n", word, "\r\n");
    }
  }
  return bytes;
}

}  // namespace

struct Redis::Connection {
  explicit Connection(redisContext* c)
      : context(c), functions(WithoutArrays(*c->reader->fn)) {
    context->reader->fn = &functions;
    fcntl(context->fd, F_SETFL, fcntl(context->fd, F_GETFL) | O_NONBLOCK);
  }
  ~Connection() { redisFree(context); }

  redisContext* context;
  redisReplyObjectFunctions functions;
};

std::string RedisAddress::Text() const {
  return path.empty() ? absl::StrCat(host, ":", port)
                      : absl::StrCat("unix:", path);
}

absl::StatusOr<RedisAddress> ParseRedisAddress(absl::string_view text) {
  RedisAddress address;
  if (absl::StartsWith(text, "unix:") && text.size() > 5) {
    address.path = std::string(text.substr(5));
    return address;
  }
  const size_t colon = text.rfind(':');
  if (colon != absl::string_view::npos && colon > 0 &&
      absl::SimpleAtoi(text.substr(colon + 1), &address.port) &&
      address.port > 0 && address.port < 65536) {
    absl::string_view host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
      host = host.substr(1, host.size() - 2);
    }
    address.host = std::string(host);
    return address;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not HOST:PORT or unix:PATH"));
}

absl::StatusOr<std::unique_ptr<Redis>> Redis::Connect(
    const RedisAddress& address, const RedisOptions& options) {
  const timeval timeout = absl::ToTimeval(options.connect_timeout);
  redisContext* context =
      address.path.empty()
          ? redisConnectWithTimeout(address.host.c_str(), address.port, timeout)
          : redisConnectUnixWithTimeout(address.path.c_str(), timeout);
  if (context == nullptr) {
    return absl::ResourceExhaustedError("no memory for a connection");
  }
  if (context->err != 0) {
    const absl::Status status = absl::UnavailableError(
        absl::StrCat("redis at ", address.Text(), ": ", context->errstr));
    redisFree(context);
    return status;
  }
  return absl::WrapUnique(new Redis(std::make_unique<Connection>(context),
                                    address.Text(), options));
}

Redis::Redis(std::unique_ptr<Connection> connection, std::string name,
             const RedisOptions& options)
    : name_(std::move(name)),
      options_(options),
      connection_(std::move(connection)) {}

Redis::~Redis() = default;

absl::Status Redis::Failed(absl::string_view what) const {
  return absl::UnavailableError(absl::StrCat("redis at ", name_, ": ", what));
}

absl::Status Redis::Late() const {
  return absl::DeadlineExceededError(
      absl::StrCat("redis at ", name_, ": no answer within ",
                   absl::FormatDuration(options_.timeout)));
}

absl::Status Redis::Wait(short events, absl::Time deadline) {
  const absl::Duration left = deadline - absl::Now();
  pollfd fd{connection_->context->fd, events, 0};
  // Up to the next millisecond, so that it never spins.
  const int64_t milliseconds =
      left <= absl::ZeroDuration()
          ? 0
          : absl::ToInt64Milliseconds(left + absl::Microseconds(999));
  const int ready = poll(&fd, 1, static_cast<int>(milliseconds));
  if (ready > 0 || (ready < 0 && errno == EINTR)) return absl::OkStatus();
  if (ready < 0) return Failed(strerror(errno));
  return Late();
}

absl::Status Redis::Send(absl::string_view bytes, absl::Time deadline) {
  while (!bytes.empty()) {
    // Not write(): a closed connection is an error, not a signal.
    const ssize_t sent = send(connection_->context->fd, bytes.data(),
                              bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      // Redis stops reading when nobody reads its replies.
      RETURN_IF_ERROR(Wait(POLLOUT | POLLIN, deadline));
      pollfd fd{connection_->context->fd, POLLIN, 0};
      if (poll(&fd, 1, 0) > 0) RETURN_IF_ERROR(Receive(deadline));
    } else if (errno != EINTR) {
      return Failed(strerror(errno));
    }
  }
  return absl::OkStatus();
}

absl::Status Redis::Receive(absl::Time deadline) {
  char buffer[kReadBytes];
  const ssize_t size =
      recv(connection_->context->fd, buffer, sizeof(buffer), 0);
  if (size == 0) return Failed("the connection was closed");
  if (size < 0) {
    if (errno == EINTR) return absl::OkStatus();
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Wait(POLLIN, deadline);
    return Failed(strerror(errno));
  }
  received_ += static_cast<size_t>(size);
  if (received_ > options_.max_reply_bytes) {
    return Failed(absl::StrCat("a reply of more than ",
                               options_.max_reply_bytes, " bytes"));
  }
  if (redisReaderFeed(connection_->context->reader, buffer,
                      static_cast<size_t>(size)) != REDIS_OK) {
    return absl::ResourceExhaustedError("no memory for a reply");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RedisReply>> Redis::Run(
    absl::Span<const RedisCommand> commands) {
  const absl::Time deadline = absl::Now() + options_.timeout;
  received_ = 0;
  RETURN_IF_ERROR(Send(Formatted(commands), deadline));
  std::vector<RedisReply> replies;
  replies.reserve(commands.size());
  redisReader* reader = connection_->context->reader;
  while (replies.size() < commands.size()) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader, &raw) != REDIS_OK) {
      return Failed(absl::StrCat("what it says is no reply: ", reader->errstr));
    }
    if (raw == nullptr) {
      // One that dribbles would else never be late.
      if (absl::Now() >= deadline) return Late();
      RETURN_IF_ERROR(Receive(deadline));
      continue;
    }
    const std::unique_ptr<redisReply, FreeReply> reply(
        static_cast<redisReply*>(raw));
    ASSIGN_OR_RETURN(RedisReply next, ReplyOf(*reply));
    replies.push_back(std::move(next));
  }
  return replies;
}

}  // namespace usher
