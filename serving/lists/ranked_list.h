// What a person's list was when it was made ahead.
#ifndef USHER_SERVING_LISTS_RANKED_LIST_H_
#define USHER_SERVING_LISTS_RANKED_LIST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "index/base/clock.h"
#include "index/catalog/geo.h"

namespace usher {

// A user's events, best first. A value.
struct RankedList {
  std::vector<std::string> event_ids;
  std::vector<float> scores;  // As many as there are ids.
  std::string batch;
  int64_t model_version = 0;  // 0: not said.
  std::string policy;         // PolicyHash(); empty: not said.
  // The instant that it was made for and at; what is newer is not in it.
  Micros generated_at = kNoTime;
  GeoPoint location;  // Where the user was taken to be.
};

// Users like one, best first. A value.
struct NeighbourList {
  std::vector<std::string> user_ids;
  std::vector<float> scores;
  std::string batch;
  int64_t model_version = 0;
  Micros generated_at = kNoTime;
};

}  // namespace usher

#endif  // USHER_SERVING_LISTS_RANKED_LIST_H_
