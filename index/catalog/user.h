// Who is recommended to, as its source describes them.
#ifndef USHER_INDEX_CATALOG_USER_H_
#define USHER_INDEX_CATALOG_USER_H_

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "index/base/clock.h"
#include "index/catalog/geo.h"

namespace usher {

// An organizer that a user follows, and since when (kNoTime: unknown).
struct Group {
  std::string id;
  Micros joined = kNoTime;
};

// A user as it is written in a file or a request. Only `id` is required.
struct User {
  std::string id;
  GeoPoint location;
  std::string city;
  std::vector<std::string> tags;
  std::vector<Group> groups;
  Micros joined_time = kNoTime;
  // Profile features, any further text or number field, in order of name.
  std::vector<std::pair<std::string, std::variant<std::string, double>>>
      features;
};

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_USER_H_
