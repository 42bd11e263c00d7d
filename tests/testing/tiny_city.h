// A city that fits on a page, for tests of what is built on a snapshot.
#ifndef USHER_TESTS_TESTING_TINY_CITY_H_
#define USHER_TESTS_TESTING_TINY_CITY_H_

#include <cstdint>
#include <string>

#include "index/artifact/snapshot.h"
#include "index/base/clock.h"
#include "index/catalog/catalog.h"
#include "index/vector/vector_index.h"

namespace usher {

// A Monday, 12:00 UTC: the present of the city.
inline constexpr Micros kTinyNow = (20'000 * 7 + 4) * kDay + 12 * kHour;

// A scheduled event at the centre of the city, `starts_in` from kTinyNow on
// and two hours long; the organizer is "jazz" or "code" by the id's first
// letter, nobody for other letters.
Event TinyEvent(const std::string& id, Micros starts_in);

// Events   jazz1 .. jazz4 and code1 .. code4, in 1 .. 4 days, by the organizers
//          "jazz" and "code"; jazz0 and code0, a week ago.
// Users    ann and bob went to jazz0, cem and dee to code0; eve did nothing.
//          All live at the centre; ann follows "jazz".
Catalog TinyCatalog();

// The catalogue with a model whose factors are (1, 0) for rows of "jazz", (0,
// 1) for those of "code", and (0, 0) for others, in both of its spaces; so that
// who went to jazz0 likes jazz. No content. Users are folded in.
Snapshot TinySnapshot(Catalog catalog);

// `events` events of nobody, in 1 .. 30 days, with random factors of 8
// dimensions, and 20 users "u0", "u1", ... who each went to 5 past events;
// nothing but these factors tells the events apart. The index is of `type`.
Snapshot RandomSnapshot(int events, VectorIndexOptions::Type type,
                        uint64_t seed = 1);

}  // namespace usher

#endif  // USHER_TESTS_TESTING_TINY_CITY_H_
