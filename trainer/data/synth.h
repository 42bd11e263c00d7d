// A made-up city, to try Usher without data of one's own.
#ifndef USHER_TRAINER_DATA_SYNTH_H_
#define USHER_TRAINER_DATA_SYNTH_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "index/base/clock.h"

namespace usher {

// The instant that the city is written for: 2026-06-01T00:00:00Z. All that was
// done lies before it, and about 15 % of the events start after it.
inline constexpr Micros kSyntheticNow = 1780272000 * kSecond;
// How long before that the first events start.
inline constexpr int kSyntheticHistoryDays = 548;

inline constexpr int64_t kMinSyntheticUsers = 10;
inline constexpr int64_t kMinSyntheticEvents = 50;
inline constexpr int64_t kMaxSyntheticRows = 1'000'000'000;

struct SynthOptions {
  int64_t users = 2000;
  int64_t events = 1500;
  int64_t interactions = 40000;
  uint64_t seed = 1;
};

// Gets which file is being made, and how far. May be empty.
using SynthProgress =
    std::function<void(absl::string_view file, int64_t done, int64_t total)>;

// Writes events.jsonl, users.jsonl and interactions.csv into `dir`, which is
// made if need be, with exactly so many lines as the options say. Equal options
// give equal bytes. Interactions are in order of time and are written as they
// happen, so that ten million of them need no memory of their own.
//
// How the city works: organizers have a topic or two, a home venue, a weekday
// and an hour, and series with one title. People have a home, a few topics, a
// weekday and an hour, organizers that they follow, and differ in how far they
// go and how often, the latter with a heavy tail. They choose by a softmax over
// some announced events: topic and season, organizers that they went to lately
// or follow, distance, hour, popularity, and whether the event was announced
// just now or begins soon. More than half of the decisions are those of people
// to whom an organizer that they know has just announced something. Everything
// grows in time, so that much of what is
// on is new: some upcoming events were not answered by anyone, and some are of
// organizers without a past.
//
// InvalidArgument for options out of bounds, Internal when a file cannot be
// written; with its name.
absl::Status WriteSyntheticCity(const std::string& dir,
                                const SynthOptions& options,
                                const SynthProgress& progress);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_SYNTH_H_
