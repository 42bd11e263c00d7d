// What an operator wants to know of a server.
#ifndef USHER_SERVING_SERVER_STATUS_H_
#define USHER_SERVING_SERVER_STATUS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "index/artifact/version_info.h"
#include "index/base/clock.h"

namespace usher {

struct ServerStatus {
  VersionInfo model;  // version 0 before the first model.
  int64_t users = 0;
  int64_t events = 0;
  int64_t live_events = 0;  // At the server's present time.
  Micros started = kNoTime;
  std::string state;           // Where writes are kept; empty: in memory.
  int64_t state_position = 0;  // Of the last write.
  std::string instruction_set;
  std::string server_version;
  std::vector<std::string> warnings;
};

}  // namespace usher

#endif  // USHER_SERVING_SERVER_STATUS_H_
