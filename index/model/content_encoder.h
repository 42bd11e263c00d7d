// From what an event says to a vector: latent semantic analysis.
#ifndef USHER_INDEX_MODEL_CONTENT_ENCODER_H_
#define USHER_INDEX_MODEL_CONTENT_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/catalog/event.h"
#include "index/model/event_terms.h"
#include "index/model/factors.h"

namespace usher {

// A term of the vocabulary and its weight in one event.
using TermWeight = std::pair<uint32_t, float>;

// What a ContentEncoder is made of. trainer/algorithms/content.h learns it.
struct ContentParts {
  FieldWeights fields;
  uint64_t documents = 0;          // That the vocabulary was learned from.
  std::vector<std::string> terms;  // Strictly ascending by bytes.
  std::vector<float> idf;          // ln((1 + documents) / (1 + df)) + 1.
  Factors projection;              // terms x dim.
  Factors given_projection;        // Given embedding's length x dim; or 0x0.
};

// Maps an event to a unit vector of dim() floats, so that the inner product of
// two is their cosine; to zeros when nothing is known of the event.
//
// The text becomes a TF-IDF vector: a term of weighted frequency f (see
// EventTerms) has the weight (1 + ln f) * idf, and the whole has length 1. The
// embedding is that vector times `projection`, scaled to length 1.
//
// An encoder that was trained with given embeddings (Event::embedding) prefers
// them: they were made by a model that has read more than these events. They
// are scaled to length 1, multiplied by `given_projection` and scaled again.
// `projection` then leads from TF-IDF into the same space, so that an event
// without an embedding, or with one of another length or without a finite,
// non-zero length, is comparable with the others by its text.
//
// Immutable and thread-safe; copies share everything.
class ContentEncoder {
 public:
  // Knows nothing; dim() is 0.
  ContentEncoder();

  // InvalidArgument when the parts do not fit each other.
  static absl::StatusOr<ContentEncoder> FromParts(const ContentParts& parts);

  // Borrows `bytes`, which live as long as `keep`, or copies them when they do
  // not start at a multiple of 8. DataLoss for anything that Serialize() cannot
  // have written.
  static absl::StatusOr<ContentEncoder> FromBytes(
      absl::string_view bytes, std::shared_ptr<const void> keep);

  // A flat block (flat_bytes.h): counts of dim, terms, documents, given
  // embedding's length, term bytes; five field weights in the order of
  // FieldWeights; idf; projection; given_projection; terms + 1 offsets into the
  // term bytes; term bytes.
  std::string Serialize() const;

  std::vector<float> Encode(const Event& event) const;
  // The event's TF-IDF vector, of length 1 or empty, ascending by term. Terms
  // outside the vocabulary are left out before it is scaled.
  std::vector<TermWeight> TfIdf(const Event& event) const;

  size_t dim() const;
  size_t vocabulary_size() const;
  // 0 when the encoder reads texts only.
  size_t given_dim() const;
  uint64_t documents() const;
  // "music", "#live music" or "=arts": see EventTerms. The view lives as long
  // as the encoder.
  absl::string_view Term(uint32_t term) const;
  float Idf(uint32_t term) const;

 private:
  struct Body;
  explicit ContentEncoder(std::shared_ptr<const Body> body);

  std::shared_ptr<const Body> body_;
};

// (1 + ln max(1, frequency)) * idf.
float TfIdfWeight(float frequency, float idf);

// Scales to length 1; leaves zeros, and makes zeros of what has no finite
// length. Returns whether the result has length 1.
bool Normalize(absl::Span<float> vector);

// Scales weights to length 1; leaves zeros.
void Normalize(std::vector<TermWeight>* weights);

}  // namespace usher

#endif  // USHER_INDEX_MODEL_CONTENT_ENCODER_H_
