// The words that say nothing of what a text is about, by language.
#ifndef USHER_INDEX_MODEL_STOP_WORDS_H_
#define USHER_INDEX_MODEL_STOP_WORDS_H_

#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace usher {

// The languages whose words are stemmed. Any other text is treated as English,
// which leaves words of other alphabets as they are.
enum class Language : uint8_t {
  kEnglish = 0,
  kGerman = 1,
  kFrench = 2,
  kSpanish = 3,
};
inline constexpr int kNumLanguages = 4;

// Immutable after construction.
class StopWords {
 public:
  StopWords();

  // Bit 1 << Language for each language in which `word`, lower-cased and with
  // its accents, is a stop word.
  uint8_t Languages(absl::string_view word) const;
  bool Contains(absl::string_view word, Language language) const {
    return (Languages(word) >> static_cast<int>(language) & 1) != 0;
  }

 private:
  absl::flat_hash_map<absl::string_view, uint8_t> languages_;
};

}  // namespace usher

#endif  // USHER_INDEX_MODEL_STOP_WORDS_H_
