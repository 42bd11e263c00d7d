#include "serving/lists/redis.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/redis_server.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

// Answers the first thing that is said to it with the bytes that it was given,
// one by one when it dribbles, and then says no more.
class Liar {
 public:
  explicit Liar(std::string bytes, bool dribbles = false) {
    char name[] = "/tmp/usher_liar_XXXXXX";
    folder_ = mkdtemp(name);
    address_.path = absl::StrCat(folder_, "/socket");
    listener_ = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un where = {};
    where.sun_family = AF_UNIX;
    std::strncpy(where.sun_path, address_.path.c_str(),
                 sizeof(where.sun_path) - 1);
    bind(listener_, reinterpret_cast<sockaddr*>(&where), sizeof(where));
    listen(listener_, 5);
    thread_ = std::thread([this, bytes = std::move(bytes), dribbles] {
      const int client = accept(listener_, nullptr, nullptr);
      char heard[256];
      if (recv(client, heard, sizeof(heard), 0) > 0) {
        const size_t step = dribbles ? 1 : std::max<size_t>(1, bytes.size());
        for (size_t i = 0; i < bytes.size(); i += step) {
          if (send(client, bytes.data() + i, std::min(step, bytes.size() - i),
                   MSG_NOSIGNAL) < 0) {
            break;
          }
        }
        while (recv(client, heard, sizeof(heard), 0) > 0) {
        }
      }
      close(client);
    });
  }
  ~Liar() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    std::filesystem::remove_all(folder_);
  }
  const RedisAddress& address() const { return address_; }

 private:
  std::string folder_;
  RedisAddress address_;
  int listener_;
  std::thread thread_;
};

RedisOptions Patient() {
  RedisOptions options;
  options.timeout = options.connect_timeout = absl::Seconds(20);
  return options;
}

absl::Status WhatComesOf(const std::string& bytes, RedisOptions options,
                         bool dribbles = false) {
  Liar liar(bytes, dribbles);
  auto redis = Redis::Connect(liar.address(), options);
  EXPECT_TRUE(redis.ok()) << redis.status();
  return (*redis)->Run({{"GET", "a"}}).status();
}

TEST(RedisAddressTest, IsHostAndPortOrASocket) {
  EXPECT_EQ(ParseRedisAddress("redis.internal:6379")->host, "redis.internal");
  EXPECT_EQ(ParseRedisAddress("redis.internal:6379")->port, 6379);
  EXPECT_EQ(ParseRedisAddress("[::1]:6379")->host, "::1");
  EXPECT_EQ(ParseRedisAddress("unix:/run/redis")->path, "/run/redis");
  for (const char* bad :
       {"", "host", "host:", ":1", "host:0", "host:65536", "host:x", "unix:"}) {
    EXPECT_FALSE(ParseRedisAddress(bad).ok()) << bad;
  }
}

TEST(RedisTest, EveryCommandHasItsReplyInOrder) {
  RedisServer server;
  auto redis = *Redis::Connect(server.address(), Patient());
  const std::string odd("a\0\r\n$5 {}", 9);
  const auto replies = *redis->Run({{"SET", "a", odd},
                                    {"GET", "a"},
                                    {"GET", "b"},
                                    {"STRLEN", "a"},
                                    {"LPUSH", "a", "x"},
                                    {"PING"}});
  ASSERT_EQ(replies.size(), 6u);
  EXPECT_EQ(replies[0].text, "OK");
  EXPECT_EQ(replies[1].text, odd);
  EXPECT_EQ(replies[2].kind, RedisReply::Kind::kNil);
  EXPECT_EQ(replies[3].integer, 9);
  EXPECT_EQ(replies[4].kind, RedisReply::Kind::kError);
  EXPECT_THAT(replies[4].text, HasSubstr("WRONGTYPE"));
  EXPECT_EQ(replies[5].text, "PONG");
}

TEST(RedisTest, ALongPipelineDoesNotBlock) {
  RedisServer server;
  RedisOptions options = Patient();
  options.max_reply_bytes = size_t{64} << 20;
  auto redis = *Redis::Connect(server.address(), options);
  std::vector<RedisCommand> commands;
  for (int i = 0; i < 2000; ++i) {
    commands.push_back({"ECHO", std::string(10'000, 'x')});
  }
  const auto replies = redis->Run(commands);
  ASSERT_TRUE(replies.ok()) << replies.status();
  EXPECT_EQ(replies->back().text.size(), 10'000u);
}

TEST(RedisTest, NobodyThereIsUnavailable) {
  RedisAddress nowhere;
  nowhere.path = "/tmp/usher_no_such_socket";
  EXPECT_TRUE(absl::IsUnavailable(Redis::Connect(nowhere, {}).status()));
  const RedisAddress closed = *ParseRedisAddress("127.0.0.1:1");
  EXPECT_TRUE(absl::IsUnavailable(Redis::Connect(closed, {}).status()));
}

TEST(RedisTest, APausedServerIsLeftInTime) {
  RedisServer server;
  RedisOptions options;
  options.timeout = absl::Milliseconds(20);
  options.connect_timeout = absl::Seconds(20);
  auto redis = *Redis::Connect(server.address(), options);
  server.Pause();
  const absl::Time begin = absl::Now();
  const absl::Status status = redis->Run({{"PING"}}).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(20));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
  server.Resume();
}

TEST(RedisTest, AKilledServerIsAnErrorAndNoSignal) {
  RedisServer server;
  auto redis = *Redis::Connect(server.address(), Patient());
  server.Kill();
  EXPECT_TRUE(absl::IsUnavailable(redis->Run({{"PING"}}).status()));
  EXPECT_TRUE(absl::IsUnavailable(redis->Run({{"PING"}}).status()));
}

TEST(RedisTest, WhatIsNoReplyIsAnError) {
  for (const char* lie : {"hello\r\n", "$-7\r\nabc\r\n", ":x\r\n", "$abc\r\n",
                          "*-5\r\n", "\r\n\r\n"}) {
    RedisOptions options = Patient();
    options.timeout = absl::Milliseconds(200);
    EXPECT_FALSE(WhatComesOf(lie, options).ok()) << lie;
  }
}

TEST(RedisTest, AnArrayIsRefusedBeforeItsMemoryIsTaken) {
  EXPECT_TRUE(
      absl::IsUnavailable(WhatComesOf("*2147483647\r\n:1\r\n", Patient())));
  EXPECT_FALSE(WhatComesOf("*1\r\n:1\r\n", Patient()).ok());
}

TEST(RedisTest, AReplyThatNeverEndsIsBounded) {
  RedisOptions options = Patient();
  options.max_reply_bytes = 100'000;
  const absl::Status status = WhatComesOf(
      absl::StrCat("$500000000\r\n", std::string(300'000, 'x')), options);
  EXPECT_THAT(std::string(status.message()), HasSubstr("more than 100000"));
}

TEST(RedisTest, AReplyThatDribblesIsLate) {
  RedisOptions options = Patient();
  options.timeout = absl::Milliseconds(50);
  options.max_reply_bytes = size_t{1} << 30;
  const absl::Status status = WhatComesOf(
      absl::StrCat("$500000000\r\n", std::string(1 << 20, 'x')), options, true);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
}

}  // namespace
}  // namespace usher
