// Learning what a ContentEncoder knows.
#ifndef USHER_TRAINER_ALGORITHMS_CONTENT_H_
#define USHER_TRAINER_ALGORITHMS_CONTENT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "index/catalog/event.h"
#include "index/model/content_encoder.h"
#include "index/model/factors.h"

namespace usher {

// Of an embedding, at most.
inline constexpr int kMaxContentDim = 1024;

// What a text is thrown onto, by the vectors of its words.
enum class WordSpace : int {
  // What events' words have in common: latent semantic analysis.
  kLatent,
  // The company that words keep (word_vectors.h).
  kCompany,
  // The words as they are: TF-IDF, thrown onto `dim` random directions
  // (Achlioptas 2003), which keeps cosines to about 1 / sqrt(dim), or exactly
  // when no more terms are known. Given embeddings are ignored.
  kPlain,
};

struct ContentOptions {
  int dim = 64;                        // Of the embedding; 1 to kMaxContentDim.
  int min_document_frequency = 2;      // Rarer terms are dropped ...
  double max_document_fraction = 0.5;  // ... and so are commoner ones, where
                                       // there are at least 100 events.
  int max_vocabulary = 200'000;        // Of more terms, the commonest stay.
  int max_decomposed = 200'000;        // Events that the SVD reads; of more, a
                                       // random choice.
  double min_given_fraction = 0.5;     // Of events with an embedding; below,
                                       // given embeddings are ignored.
  FieldWeights fields;
  WordSpace words = WordSpace::kLatent;
  uint64_t seed = 1;
  int threads = 0;  // 0: all. The result does not depend on it.
};

// Learns vocabulary and IDF from all `events` and the projection of their terms
// as `words` says: with kLatent it is V of a truncated SVD of their TF-IDF
// matrix U diag(s) V' (latent semantic analysis: Deerwester et al. 1990).
//
// Given embeddings are used when enough events have one: kept as they are up to
// `dim` numbers, reduced by the leading right singular vectors of their matrix
// when longer. The projection of texts is then followed by a ridge regression
// onto the given space, learned from the events that have both.
//
// An embedding of another length than most is not used: its event is embedded
// by its text.
//
// InvalidArgument when an option is out of range. No events, or none with
// words, give an encoder that makes zeros.
absl::StatusOr<ContentEncoder> TrainContentEncoder(
    absl::Span<const Event> events, const ContentOptions& options);

// One row of encoder.dim() per event.
Factors EncodeEvents(const ContentEncoder& encoder,
                     absl::Span<const Event> events, int threads);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_CONTENT_H_
