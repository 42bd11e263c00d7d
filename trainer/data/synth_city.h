// The made-up city before anything happens in it.
#ifndef USHER_TRAINER_DATA_SYNTH_CITY_H_
#define USHER_TRAINER_DATA_SYNTH_CITY_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "index/base/clock.h"
#include "index/base/hash.h"
#include "index/catalog/event.h"
#include "index/catalog/geo.h"
#include "trainer/data/synth.h"

namespace usher {

// The first events start then.
inline constexpr Micros kSyntheticBegin =
    kSyntheticNow - kSyntheticHistoryDays * kDay;

struct SynthVenue {
  std::string name;
  GeoPoint place;
  int district = 0;
};

struct SynthOrganizer {
  std::string name;
  std::array<int, 2> topics = {};  // The main one, and another at times.
  std::array<std::string, 2> series;
  int venue = 0;
  int weekday = 0;     // 0: Monday.
  int hour = 0;        // Local.
  double weight = 1;   // Of its share of the events.
  double quality = 0;  // What makes people come beside all else.
  Micros founded = 0;
};

struct SynthEvent {
  int32_t organizer = 0;
  int32_t venue = 0;
  int16_t topic = 0;
  int8_t series = -1;  // -1: a title of its own.
  EventStatus status = EventStatus::kScheduled;
  int32_t capacity = 0;
  float price = 0;
  Micros announce = 0;
  Micros start = 0;
  Micros end = 0;
  uint32_t words = 0;  // Seed of its text.
  int32_t yes = 0;     // How many answered so, in the end.
};

// What ties a person to an organizer.
struct SynthTie {
  int32_t organizer = 0;
  float warmth = 0;           // Answers to its events, fading from `last` on.
  Micros last = 0;            // The latest of them.
  Micros followed = kNoTime;  // kNoTime: does not follow it.
};

struct SynthPerson {
  GeoPoint home;
  std::array<int8_t, 3> topics = {};
  std::array<float, 3> taste = {};
  int8_t district = 0;
  int8_t weekday = 0;
  int8_t hour = 0;
  int8_t device = 0;
  int8_t degree = 0;
  int8_t type = 0;
  int16_t birth_year = 0;
  float travel_km = 0;
  float activity = 0;
  Micros joined = 0;
  std::vector<SynthTie> ties;
};

// All lists are in order of founding, announcement and joining, whose indexes
// make the ids.
struct SynthCity {
  std::vector<SynthVenue> venues;
  std::vector<SynthOrganizer> organizers;
  std::vector<SynthEvent> events;
  std::vector<SynthPerson> people;
};

SynthCity BuildSynthCity(const SynthOptions& options);

// The instant by which a share `u` of what there will be by `end` has come, in
// a city that grows from kSyntheticBegin on.
Micros SynthGrowthTime(double u, Micros end);

// How much of a topic there is at an instant; around 1.
double SynthSeason(int topic, Micros time);

// Of the local clock. Weekday 0 is Monday.
int SynthWeekday(Micros time);
int SynthHour(Micros time);

// A point that lies about `spread_km` from one in the city.
GeoPoint SynthNear(double km_north, double km_east, double spread_km,
                   Random& random);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_SYNTH_CITY_H_
