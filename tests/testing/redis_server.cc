#include "tests/testing/redis_server.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

}  // namespace

RedisServer::RedisServer() {
  char name[] = "/tmp/usher_redis_XXXXXX";
  folder_ = mkdtemp(name);
  Start();
}

RedisServer::~RedisServer() {
  Kill();
  std::filesystem::remove_all(folder_);
}

RedisAddress RedisServer::address() const {
  RedisAddress address;
  address.path = absl::StrCat(folder_, "/socket");
  return address;
}

void RedisServer::Start() {
  std::filesystem::remove(address().path);
  const std::string socket = address().path;
  const std::string log = absl::StrCat(folder_, "/log");
  pid_ = fork();
  if (pid_ == 0) {
    execlp("redis-server", "redis-server", "--port", "0", "--unixsocket",
           socket.c_str(), "--save", "", "--appendonly", "no", "--logfile",
           log.c_str(), "--dir", folder_.c_str(), nullptr);
    _exit(127);
  }
  ASSERT_GT(pid_, 0);
  const absl::Time deadline = absl::Now() + kPatience;
  RedisOptions options;
  options.timeout = options.connect_timeout = kPatience;
  while (absl::Now() < deadline) {
    ASSERT_EQ(waitpid(pid_, nullptr, WNOHANG), 0)
        << "redis-server has ended; is it installed? See deploy/setup";
    const auto redis = Redis::Connect(address(), options);
    if (redis.ok() && (*redis)->Run({{"PING"}}).ok()) return;
    sched_yield();
  }
  FAIL() << "redis-server does not answer; see " << log;
}

void RedisServer::Kill() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void RedisServer::Pause() {
  kill(pid_, SIGSTOP);
  int status = 0;
  waitpid(pid_, &status, WUNTRACED);
  EXPECT_TRUE(WIFSTOPPED(status));
}

void RedisServer::Resume() { kill(pid_, SIGCONT); }

RedisReply RedisServer::Do(const RedisCommand& command) {
  RedisOptions options;
  options.timeout = options.connect_timeout = kPatience;
  auto redis = Redis::Connect(address(), options);
  EXPECT_TRUE(redis.ok()) << redis.status();
  auto replies = (*redis)->Run({command});
  EXPECT_TRUE(replies.ok()) << replies.status();
  return replies->front();
}

}  // namespace usher
