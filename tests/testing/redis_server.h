// A Redis of a test's own.
#ifndef USHER_TESTS_TESTING_REDIS_SERVER_H_
#define USHER_TESTS_TESTING_REDIS_SERVER_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "serving/lists/redis.h"

namespace usher {

// A redis-server on a socket in a directory of its own, which ends with the
// object. A failure to start is the test's. Single-threaded.
class RedisServer {
 public:
  RedisServer();
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  RedisAddress address() const;

  // Starts it again after Kill(), empty; returns when it answers.
  void Start();
  void Kill();
  // It takes connections and says nothing.
  void Pause();
  void Resume();

  // The reply to one command.
  RedisReply Do(const RedisCommand& command);

 private:
  std::string folder_;
  pid_t pid_ = 0;
};

}  // namespace usher

#endif  // USHER_TESTS_TESTING_REDIS_SERVER_H_
