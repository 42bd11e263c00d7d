// What an event's texts say, as a bag of terms.
#ifndef USHER_INDEX_MODEL_EVENT_TERMS_H_
#define USHER_INDEX_MODEL_EVENT_TERMS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "index/catalog/event.h"
#include "index/model/words.h"

namespace usher {

// Tags beyond these are not read.
inline constexpr size_t kMaxTermTags = 64;

// How many occurrences in the description one occurrence in a field counts
// for. 0 leaves a field out; otherwise at least 1.
struct FieldWeights {
  float title = 3;
  float tags = 3;
  float category = 2;
  float organizer_name = 2;
  float description = 1;
};

struct WeightedTerm {
  std::string term;
  float frequency;  // The sum of the field weights of its occurrences.
};

// The terms of an event, ascending by bytes, each once. Words of title,
// description and organizer name are stems in the language of the event (one
// guess for all its texts). A tag is one term, "#live music", and a category
// is, "=music": neither is ever mistaken for a word.
std::vector<WeightedTerm> EventTerms(const Event& event,
                                     const FieldWeights& weights,
                                     WordSplitter& splitter);

}  // namespace usher

#endif  // USHER_INDEX_MODEL_EVENT_TERMS_H_
