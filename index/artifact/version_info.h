// What a version says of itself.
#ifndef USHER_INDEX_ARTIFACT_VERSION_INFO_H_
#define USHER_INDEX_ARTIFACT_VERSION_INFO_H_

#include <cstdint>
#include <string>

#include "index/base/clock.h"

namespace usher {

struct VersionInfo {
  int64_t version = 0;  // 0: not published.
  Micros created = kNoTime;
  std::string algorithm;
  std::string index_type;
  // Rows of the state `state_id` up to this one are in the version; 0 and empty
  // without a state.
  int64_t state_position = 0;
  std::string state_id;
  // Of those rows, what came to pass at or after this instant is not in it; not
  // set: all are.
  Micros state_until = kNoTime;
  int64_t interactions = 0;
  // The ranking policy: a usher.config.RankingConfig as text, which only
  // serving/ranking reads. Empty: the defaults.
  std::string ranking_config;
};

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_VERSION_INFO_H_
