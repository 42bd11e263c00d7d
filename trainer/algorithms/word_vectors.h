// Vectors of words from the company they keep.
#ifndef USHER_TRAINER_ALGORITHMS_WORD_VECTORS_H_
#define USHER_TRAINER_ALGORITHMS_WORD_VECTORS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "index/model/factors.h"
#include "trainer/algorithms/vocabulary.h"

namespace usher {

struct WordVectorOptions {
  int dim = 64;
  // Of an event, those of its terms that say most of it, by TF-IDF: only they
  // are counted as each other's company, which grows with their square.
  size_t max_terms_of_event = 64;
  // Pairs of terms that are counted in all; of more events a random choice is
  // read. 8 bytes each while they are counted.
  size_t max_pairs = 30'000'000;
  uint64_t seed = 1;
  int threads = 0;  // 0: all. The result does not depend on it.
};

// A row for each term. Two terms go together when events have both: by how much
// more often than by chance, max(0, ln(n(a, b) N / (n(a) n(b)))), the positive
// pointwise mutual information. Its truncated factorization U S V' gives the
// rows U sqrt(S) (Levy and Goldberg 2014; Levy, Goldberg and Dagan 2015): terms
// that keep the same company have like vectors, whether or not one event ever
// had both. A term that goes with no other has zeros.
absl::StatusOr<Factors> LearnWordVectors(const TermBags& bags,
                                         const TermVocabulary& vocabulary,
                                         const WordVectorOptions& options);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_WORD_VECTORS_H_
