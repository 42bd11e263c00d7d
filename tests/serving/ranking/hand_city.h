// Snapshots for tests of ranking: a catalogue made by hand or by chance, with a
// model whose factors are made up.
#ifndef USHER_TESTS_SERVING_RANKING_HAND_CITY_H_
#define USHER_TESTS_SERVING_RANKING_HAND_CITY_H_

#include <cstdint>

#include "index/artifact/snapshot.h"
#include "index/catalog/catalog.h"

namespace usher {

// A Monday, 00:00 UTC.
inline constexpr Micros kCityNow = (20'000 * 7 + 4) * kDay;

// The catalogue with a model of 3 event factors, 2 organizer factors and 2
// dimensions of content; a flat index; no user vectors, so that everybody is
// folded in. The same seed gives the same factors.
Snapshot SnapshotOf(Catalog catalog, uint64_t seed = 1);

// Events of 12 organizers around kCityNow to the microsecond, some without a
// start, place, organizer or end, some cancelled, hidden or not yet announced;
// 40 users "u0", "u1", ... with homes, histories and follows.
Catalog RandomCatalog(uint64_t seed, int events);

}  // namespace usher

#endif  // USHER_TESTS_SERVING_RANKING_HAND_CITY_H_
