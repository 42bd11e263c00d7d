// The words of the made-up city: topics, places, names.
#ifndef USHER_TRAINER_DATA_SYNTH_WORDS_H_
#define USHER_TRAINER_DATA_SYNTH_WORDS_H_

#include <array>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/base/hash.h"

namespace usher {

struct SynthTopic {
  absl::string_view category;
  std::array<absl::string_view, 4> kinds;  // "Board Games": in titles.
  std::array<absl::string_view, 4> tags;
  std::array<absl::string_view, 8> words;  // In descriptions.
  int peak_month;                          // 1..12, when there is most of it.
  double amplitude;  // 0: the same all year, 1: nothing in the other half.
  int hour;          // When it begins, usually.
  double price;      // Usually; 0: free.
};

struct SynthDistrict {
  absl::string_view name;
  double km_north;  // Of the city's middle.
  double km_east;
};

inline constexpr absl::string_view kSynthCity = "Larkhaven";
inline constexpr double kSynthLatitude = 5.2;
inline constexpr double kSynthLongitude = -74.6;
inline constexpr absl::string_view kSynthTimeZone = "America/Bogota";
inline constexpr int kSynthUtcOffsetHours = -5;  // All year.

// One of `words`, each as likely. Where several are drawn for one text, each
// needs a statement of its own: the order must not be the compiler's choice.
absl::string_view PickWord(absl::Span<const absl::string_view> words,
                           Random& random);

absl::Span<const SynthTopic> SynthTopics();
absl::Span<const SynthDistrict> SynthDistricts();
// "Night", "Workshop", ...: what an event is called after its kind.
absl::Span<const absl::string_view> SynthFormats();
// "Hall", "Garden", ...: what a venue is called after its district or tree.
absl::Span<const absl::string_view> SynthVenueWords();
absl::Span<const absl::string_view> SynthTrees();
// "Club", "Circle", ...: what an organizer is called after its kind.
absl::Span<const absl::string_view> SynthGroupWords();

}  // namespace usher

#endif  // USHER_TRAINER_DATA_SYNTH_WORDS_H_
