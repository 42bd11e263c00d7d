// Texts cut into comparable words.
#ifndef USHER_INDEX_MODEL_WORDS_H_
#define USHER_INDEX_MODEL_WORDS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/model/stop_words.h"

namespace usher {

// Of a longer text only the beginning is read.
inline constexpr size_t kMaxTextBytes = 64 * 1024;
inline constexpr size_t kMaxWordsPerText = 4096;
// Longer words are no words.
inline constexpr size_t kMaxWordBytes = 64;

// Cuts texts into words by the rules of Unicode (UAX 29, dictionaries for
// scripts without spaces), and reduces words to stems (Snowball). Markup, URLs
// and e-mail addresses are dropped first (plain_text.h). Takes any bytes:
// invalid UTF-8 separates words.
//
// Holds iterators and stemmers that are costly to make and remember their
// place: keep one and reuse it. Single-threaded; the result never depends on
// what the splitter did before.
class WordSplitter {
 public:
  WordSplitter();
  ~WordSplitter();
  WordSplitter(const WordSplitter&) = delete;
  WordSplitter& operator=(const WordSplitter&) = delete;

  // The terms of a text in reading order: RawWords, in the language that they
  // seem to be in, without those that have no term.
  std::vector<std::string> Words(absl::string_view text);

  // Words as they stand, case-folded (NFKC) and with accents; at most
  // kMaxWordsPerText. A word holds letters, digits and inner apostrophes.
  std::vector<std::string> RawWords(absl::string_view text);

  // The language with the most stop words among `raw`. English unless another
  // has at least two and more than English.
  Language GuessLanguage(absl::Span<const std::string> raw) const;

  // What a raw word counts as: its stem without accents. Empty for what says
  // nothing: stop words, single letters, words over kMaxWordBytes, numbers
  // (but for the years 1900 to 2099), hours and ordinals ("7pm", "2nd"). Words
  // with letters and digits ("80s", "5k") stay.
  std::string Term(absl::string_view raw, Language language);

  // A name as one term: case-folded, without accents and needless spaces, cut
  // to kMaxWordBytes. Punctuation stays: "C++" and "C#" differ.
  std::string FoldName(absl::string_view name);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace usher

#endif  // USHER_INDEX_MODEL_WORDS_H_
