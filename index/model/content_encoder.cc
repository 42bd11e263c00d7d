#include "index/model/content_encoder.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "index/model/flat_bytes.h"

namespace usher {
namespace {

constexpr absl::string_view kEncoderMagic("USHCONT\x01", 8);
constexpr uint64_t kMaxDim = 4096;
constexpr uint64_t kMaxGivenDim = 65536;
constexpr uint64_t kMaxTerms = 1 << 26;
constexpr uint64_t kMaxTermBytes = uint64_t{1} << 32;
constexpr uint32_t kNoTerm = ~uint32_t{0};

// Splitters that are not in use, so that threads need not make their own for
// each event. Thread-safe.
class SplitterPool {
 public:
  std::unique_ptr<WordSplitter> Take() {
    {
      absl::MutexLock lock(&mu_);
      if (!idle_.empty()) {
        std::unique_ptr<WordSplitter> splitter = std::move(idle_.back());
        idle_.pop_back();
        return splitter;
      }
    }
    return std::make_unique<WordSplitter>();
  }
  void Return(std::unique_ptr<WordSplitter> splitter) {
    absl::MutexLock lock(&mu_);
    idle_.push_back(std::move(splitter));
  }

 private:
  absl::Mutex mu_;
  std::vector<std::unique_ptr<WordSplitter>> idle_ ABSL_GUARDED_BY(mu_);
};

// Adds weight * row to sum.
void AddScaled(float weight, const float* row, absl::Span<float> sum) {
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += weight * row[i];
}

absl::Status CheckParts(const ContentParts& parts) {
  const size_t terms = parts.terms.size();
  if (parts.idf.size() != terms || parts.projection.rows() != terms) {
    return absl::InvalidArgumentError(absl::StrCat(
        "content encoder: ", terms, " terms, ", parts.idf.size(), " idf and ",
        parts.projection.rows(), " rows of the projection; all must agree"));
  }
  if (parts.given_projection.rows() > 0 &&
      parts.given_projection.dim() != parts.projection.dim()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "content encoder: texts are projected to ", parts.projection.dim(),
        " numbers and given embeddings to ", parts.given_projection.dim()));
  }
  return absl::OkStatus();
}

absl::Span<const float> All(const Factors& factors) {
  return {factors.data(), factors.rows() * factors.dim()};
}

std::string ToBytes(const ContentParts& parts) {
  std::vector<uint32_t> offsets = {0};
  std::string text;
  for (const std::string& term : parts.terms) {
    text += term;
    offsets.push_back(static_cast<uint32_t>(text.size()));
  }
  FlatWriter writer(kEncoderMagic);
  for (const uint64_t count :
       {uint64_t{parts.projection.dim()}, uint64_t{parts.terms.size()},
        parts.documents, uint64_t{parts.given_projection.rows()},
        uint64_t{text.size()}}) {
    writer.Count(count);
  }
  const FieldWeights& fields = parts.fields;
  writer.Floats({fields.title, fields.tags, fields.category,
                 fields.organizer_name, fields.description});
  writer.Floats(parts.idf);
  writer.Floats(All(parts.projection));
  writer.Floats(All(parts.given_projection));
  writer.Numbers(offsets);
  writer.Bytes(text);
  return std::move(writer).Take();
}

}  // namespace

// A view of one flat block, and the hash table over its terms.
struct ContentEncoder::Body {
  absl::Status Read(KeptBytes kept);
  absl::Status CheckTerms() const;
  void BuildTable();
  absl::string_view Term(uint32_t term) const {
    return text.substr(offsets[term], offsets[term + 1] - offsets[term]);
  }
  uint32_t Find(absl::string_view term) const;
  bool EncodeGiven(absl::Span<const float> given, absl::Span<float> out) const;

  // Constant after Read().
  absl::string_view bytes;
  std::shared_ptr<const void> keep;
  uint64_t documents = 0;
  FieldWeights fields;
  absl::Span<const float> idf;
  Factors projection;
  Factors given_projection;
  absl::Span<const uint32_t> offsets;
  absl::string_view text;
  // Open addressing by Hash64; at most half full. Size is a power of two.
  std::vector<uint32_t> slots = {kNoTerm};

  // Has its own synchronization.
  mutable SplitterPool splitters;
};

absl::Status ContentEncoder::Body::Read(KeptBytes kept) {
  bytes = kept.bytes;
  keep = std::move(kept.keep);
  FlatReader reader("content encoder", kEncoderMagic, bytes);
  const uint64_t dim = reader.Count(kMaxDim);
  const uint64_t terms = reader.Count(kMaxTerms);
  documents = reader.Count(~uint64_t{0});
  const uint64_t given = reader.Count(kMaxGivenDim);
  const uint64_t text_bytes = reader.Count(kMaxTermBytes);
  const absl::Span<const float> weights = reader.Floats(5);
  idf = reader.Floats(terms);
  projection = Factors(terms, dim, reader.Floats(terms * dim).data(), keep);
  given_projection =
      Factors(given, dim, reader.Floats(given * dim).data(), keep);
  offsets = reader.Numbers(terms + 1);
  text = reader.Bytes(text_bytes);
  RETURN_IF_ERROR(reader.Finish());
  fields = {weights[0], weights[1], weights[2], weights[3], weights[4]};
  RETURN_IF_ERROR(CheckTerms());
  BuildTable();
  return absl::OkStatus();
}

absl::Status ContentEncoder::Body::CheckTerms() const {
  bool good = offsets.front() == 0 && offsets.back() == text.size();
  for (size_t i = 1; i < offsets.size(); ++i) {
    good = good && offsets[i - 1] < offsets[i];
  }
  for (uint32_t i = 1; good && i < idf.size(); ++i) {
    good = Term(i - 1) < Term(i);
  }
  if (good) return absl::OkStatus();
  return absl::DataLossError(
      "content encoder: its vocabulary is not in order; restore the file or "
      "publish the model again");
}

void ContentEncoder::Body::BuildTable() {
  slots.assign(std::bit_ceil(2 * idf.size() + 1), kNoTerm);
  const size_t mask = slots.size() - 1;
  for (uint32_t i = 0; i < idf.size(); ++i) {
    size_t slot = Hash64(Term(i)) & mask;
    while (slots[slot] != kNoTerm) slot = (slot + 1) & mask;
    slots[slot] = i;
  }
}

uint32_t ContentEncoder::Body::Find(absl::string_view term) const {
  const size_t mask = slots.size() - 1;
  for (size_t slot = Hash64(term) & mask; slots[slot] != kNoTerm;
       slot = (slot + 1) & mask) {
    if (Term(slots[slot]) == term) return slots[slot];
  }
  return kNoTerm;
}

bool ContentEncoder::Body::EncodeGiven(absl::Span<const float> given,
                                       absl::Span<float> out) const {
  if (given.empty() || given.size() != given_projection.rows()) return false;
  std::vector<float> unit(given.begin(), given.end());
  if (!Normalize(absl::MakeSpan(unit))) return false;
  for (size_t i = 0; i < unit.size(); ++i) {
    AddScaled(unit[i], given_projection.Row(i).data(), out);
  }
  return Normalize(out);
}

ContentEncoder::ContentEncoder() : body_(std::make_shared<Body>()) {}
ContentEncoder::ContentEncoder(std::shared_ptr<const Body> body)
    : body_(std::move(body)) {}

absl::StatusOr<ContentEncoder> ContentEncoder::FromParts(
    const ContentParts& parts) {
  RETURN_IF_ERROR(CheckParts(parts));
  auto body = std::make_shared<Body>();
  const absl::Status read = body->Read(OwnedBytes(ToBytes(parts)));
  if (!read.ok()) return absl::InvalidArgumentError(read.message());
  return ContentEncoder(std::move(body));
}

absl::StatusOr<ContentEncoder> ContentEncoder::FromBytes(
    absl::string_view bytes, std::shared_ptr<const void> keep) {
  auto body = std::make_shared<Body>();
  RETURN_IF_ERROR(body->Read(AlignedBytes(bytes, std::move(keep))));
  return ContentEncoder(std::move(body));
}

std::string ContentEncoder::Serialize() const {
  return body_->bytes.empty() ? ToBytes(ContentParts())
                              : std::string(body_->bytes);
}

std::vector<TermWeight> ContentEncoder::TfIdf(const Event& event) const {
  std::unique_ptr<WordSplitter> splitter = body_->splitters.Take();
  std::vector<TermWeight> weights;
  for (const auto& [term, frequency] :
       EventTerms(event, body_->fields, *splitter)) {
    const uint32_t found = body_->Find(term);
    if (found == kNoTerm) continue;
    weights.emplace_back(found, TfIdfWeight(frequency, Idf(found)));
  }
  body_->splitters.Return(std::move(splitter));
  Normalize(&weights);
  return weights;
}

std::vector<float> ContentEncoder::Encode(const Event& event) const {
  std::vector<float> out(dim(), 0.0f);
  if (body_->EncodeGiven(event.embedding, absl::MakeSpan(out))) return out;
  std::fill(out.begin(), out.end(), 0.0f);
  for (const auto& [term, weight] : TfIdf(event)) {
    AddScaled(weight, body_->projection.Row(term).data(), absl::MakeSpan(out));
  }
  Normalize(absl::MakeSpan(out));
  return out;
}

size_t ContentEncoder::dim() const { return body_->projection.dim(); }
size_t ContentEncoder::vocabulary_size() const { return body_->idf.size(); }
size_t ContentEncoder::given_dim() const {
  return body_->given_projection.rows();
}
uint64_t ContentEncoder::documents() const { return body_->documents; }
absl::string_view ContentEncoder::Term(uint32_t term) const {
  return body_->Term(term);
}
float ContentEncoder::Idf(uint32_t term) const { return body_->idf[term]; }

float TfIdfWeight(float frequency, float idf) {
  return (1.0f + std::log(std::max(1.0f, frequency))) * idf;
}

bool Normalize(absl::Span<float> vector) {
  double square = 0;
  for (const float value : vector) square += static_cast<double>(value) * value;
  const bool good = std::isfinite(square) && square > 0;
  const double scale = good ? 1.0 / std::sqrt(square) : 0.0;
  for (float& value : vector) {
    value = good ? static_cast<float>(value * scale) : 0.0f;
  }
  return good;
}

void Normalize(std::vector<TermWeight>* weights) {
  double square = 0;
  for (const auto& [term, weight] : *weights) {
    square += static_cast<double>(weight) * weight;
  }
  if (!(square > 0)) return;
  const double scale = 1.0 / std::sqrt(square);
  for (auto& [term, weight] : *weights) {
    weight = static_cast<float>(weight * scale);
  }
}

}  // namespace usher
