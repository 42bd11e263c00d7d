// The terms of many events, counted.
#ifndef USHER_TRAINER_ALGORITHMS_VOCABULARY_H_
#define USHER_TRAINER_ALGORITHMS_VOCABULARY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "index/catalog/event.h"
#include "index/model/content_encoder.h"
#include "index/model/event_terms.h"

namespace usher {

// Events as bags of term hashes (Hash64): what is left of the words once they
// are read. Terms that share a hash, at 64 bits practically none, are one.
struct TermBags {
  struct Term {
    std::string text;
    uint32_t documents = 0;  // Events with it.
  };
  struct Entry {
    uint64_t hash;
    float frequency;
  };
  std::vector<std::vector<Entry>> bags;  // One per event.
  absl::flat_hash_map<uint64_t, Term> terms;
};

// Reads the words of all events on `threads` threads.
TermBags ReadTermBags(absl::Span<const Event> events,
                      const FieldWeights& fields, int threads);

struct VocabularyLimits {
  uint32_t min_documents = 2;
  uint32_t max_documents = UINT32_MAX;
  size_t max_terms = 200'000;
};

// The terms that stay.
struct TermVocabulary {
  std::vector<std::string> terms;  // Ascending by bytes.
  std::vector<float> idf;          // ln((1 + documents) / (1 + df)) + 1.
  absl::flat_hash_map<uint64_t, uint32_t> ids;  // From hash to place in terms.
};

// The terms within the limits; of too many the commonest, of equally common
// ones the first by bytes.
TermVocabulary ChooseVocabulary(const TermBags& bags,
                                const VocabularyLimits& limits);

// The TF-IDF vector of a bag, as ContentEncoder::TfIdf would have it.
std::vector<TermWeight> TfIdf(absl::Span<const TermBags::Entry> bag,
                              const TermVocabulary& vocabulary);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_VOCABULARY_H_
