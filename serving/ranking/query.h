// What one caller asks.
#ifndef USHER_SERVING_RANKING_QUERY_H_
#define USHER_SERVING_RANKING_QUERY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "index/base/clock.h"
#include "index/catalog/device.h"
#include "index/catalog/filter.h"
#include "index/catalog/geo.h"
#include "index/catalog/interaction.h"

namespace usher {

// An event that a visitor has shown interest in.
struct Seed {
  std::string event_id;
  InteractionKind kind = InteractionKind::kRsvpYes;
  float weight = 1;  // Multiplies the kind's taste weight.
};

enum class RuleAction : uint8_t {
  kBoost,    // Multiplies how far a score is above the least of all candidates.
  kPin,      // Puts the best event that matches at a position.
  kExclude,  // Leaves events out.
};

// What a caller wants of the events that pass a filter.
struct Rule {
  std::string name;
  Filter filter;
  RuleAction action = RuleAction::kBoost;
  float boost = 1;       // Not negative; below 1 buries, 1 changes nothing.
  int pin_position = 0;  // From 1.
};

struct Query {
  std::string user_id;  // Empty: a visitor without an account.
  Micros now = 0;
  GeoPoint location;  // Where the user is; unknown: their home place.
  Device device = Device::kUnknown;
  Filter filter;
  std::vector<Seed> seeds;
  int limit = 20;
  int further = 0;  // Rows to know of those that come after the list.
  // At most this many results of one organizer, venue, series; 0: no limit.
  int max_per_organizer = 0;
  int max_per_venue = 0;
  int max_per_series = 0;
  std::vector<Rule> rules;
  float diversity = 0;  // 0: by score alone; 1: as different as can be.
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_QUERY_H_
