#include "trainer/algorithms/content.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"
#include "trainer/algorithms/randomized_svd.h"
#include "trainer/algorithms/ridge.h"
#include "trainer/algorithms/sparse_matrix.h"
#include "trainer/algorithms/vocabulary.h"
#include "trainer/algorithms/word_vectors.h"

namespace usher {
namespace {

using RowMatrixF =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int64_t kContentBlock = 256;
// With fewer events a share of them says little of how common a term is.
constexpr size_t kMinEventsForFraction = 100;
// Events that the map between texts and given embeddings is learned from.
constexpr size_t kMaxBridged = 100'000;

absl::Status Check(const ContentOptions& options) {
  if (options.dim < 1 || options.dim > kMaxContentDim) {
    return absl::InvalidArgumentError(absl::StrCat(
        "content: dim is ", options.dim, "; choose 1 to ", kMaxContentDim));
  }
  if (options.min_document_frequency < 1 || options.max_vocabulary < 1 ||
      options.max_decomposed < 1 || !(options.max_document_fraction > 0)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "content: min_document_frequency ", options.min_document_frequency,
        ", max_vocabulary ", options.max_vocabulary, ", max_decomposed ",
        options.max_decomposed, ", max_document_fraction ",
        options.max_document_fraction, "; all must be above 0"));
  }
  return absl::OkStatus();
}

VocabularyLimits Limits(size_t events, const ContentOptions& options) {
  VocabularyLimits limits;
  limits.min_documents = options.min_document_frequency;
  limits.max_terms = options.max_vocabulary;
  if (events >= kMinEventsForFraction) {
    limits.max_documents = static_cast<uint32_t>(
        std::min(1.0, options.max_document_fraction) * events);
  }
  return limits;
}

// At most `limit` of the numbers in `from`, ascending, drawn by hash.
std::vector<size_t> Draw(std::vector<size_t> from, size_t limit,
                         uint64_t seed) {
  if (from.size() <= limit) return from;
  const auto earlier = [seed](size_t a, size_t b) {
    return Mix64(a ^ Mix64(seed)) < Mix64(b ^ Mix64(seed));
  };
  std::nth_element(from.begin(), from.begin() + limit, from.end(), earlier);
  from.resize(limit);
  std::sort(from.begin(), from.end());
  return from;
}

std::vector<size_t> AllOf(size_t count) {
  std::vector<size_t> all(count);
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

absl::StatusOr<SparseMatrix> TfIdfMatrix(const TermBags& bags,
                                         const TermVocabulary& vocabulary,
                                         absl::Span<const size_t> chosen) {
  std::vector<SparseEntry> entries;
  for (size_t row = 0; row < chosen.size(); ++row) {
    for (const auto& [term, weight] :
         TfIdf(bags.bags[chosen[row]], vocabulary)) {
      entries.push_back(
          {static_cast<int32_t>(row), static_cast<int32_t>(term), weight});
    }
  }
  return SparseMatrix::FromEntries(
      static_cast<int32_t>(chosen.size()),
      static_cast<int32_t>(vocabulary.terms.size()), entries);
}

absl::StatusOr<Factors> LatentProjection(const TermBags& bags,
                                         const TermVocabulary& vocabulary,
                                         const ContentOptions& options) {
  const std::vector<size_t> chosen =
      Draw(AllOf(bags.bags.size()), options.max_decomposed, options.seed);
  ASSIGN_OR_RETURN(const SparseMatrix matrix,
                   TfIdfMatrix(bags, vocabulary, chosen));
  RandomizedSvdOptions svd_options;
  svd_options.rank = options.dim;
  svd_options.seed = options.seed;
  svd_options.threads = options.threads;
  ASSIGN_OR_RETURN(TruncatedSvd svd, RandomizedSvd(matrix, svd_options));
  return std::move(svd.right);
}

// Each term a direction of signs that its text decides, or one of its own.
Factors RandomProjection(const TermVocabulary& vocabulary,
                         const ContentOptions& options) {
  const auto dim = static_cast<size_t>(options.dim);
  Factors projection(vocabulary.terms.size(), dim);
  const float length = 1 / std::sqrt(static_cast<float>(dim));
  for (size_t term = 0; term < projection.rows(); ++term) {
    const absl::Span<float> row = projection.MutableRow(term);
    if (projection.rows() <= dim) {
      row[term] = 1;
      continue;
    }
    Random random(Hash64(vocabulary.terms[term], options.seed));
    for (float& value : row) value = random.Next() >> 63 ? length : -length;
  }
  return projection;
}

absl::StatusOr<Factors> LearnProjection(const TermBags& bags,
                                        const TermVocabulary& vocabulary,
                                        const ContentOptions& options) {
  if (options.words == WordSpace::kPlain) {
    return RandomProjection(vocabulary, options);
  }
  if (options.words == WordSpace::kLatent) {
    return LatentProjection(bags, vocabulary, options);
  }
  WordVectorOptions words;
  words.dim = options.dim;
  words.seed = options.seed;
  words.threads = options.threads;
  return LearnWordVectors(bags, vocabulary, words);
}

// The events with a usable embedding, and its unit form.
struct Given {
  std::vector<size_t> events;
  Factors units;
};

// The length that most embeddings have; the shorter one of two.
size_t CommonLength(absl::Span<const Event> events) {
  std::map<size_t, int64_t> counts;
  for (const Event& event : events) {
    if (!event.embedding.empty()) ++counts[event.embedding.size()];
  }
  size_t common = 0;
  for (const auto& [length, count] : counts) {
    if (common == 0 || count > counts[common]) common = length;
  }
  return common;
}

Given ReadGiven(absl::Span<const Event> events) {
  Given given;
  const size_t length = CommonLength(events);
  std::vector<std::vector<float>> units;
  for (size_t i = 0; i < events.size(); ++i) {
    std::vector<float> unit = events[i].embedding;
    if (unit.empty() || unit.size() != length) continue;
    if (!Normalize(absl::MakeSpan(unit))) continue;
    given.events.push_back(i);
    units.push_back(std::move(unit));
  }
  given.units = Factors(units.size(), length);
  for (size_t i = 0; i < units.size(); ++i) {
    std::copy(units[i].begin(), units[i].end(),
              given.units.MutableRow(i).begin());
  }
  return given;
}

// The leading right singular vectors of `units`; the identity when they are
// not longer than dim.
Factors LearnGivenProjection(const Factors& units, size_t dim) {
  const int64_t length = static_cast<int64_t>(units.dim());
  Factors out(units.dim(), dim);
  if (units.dim() <= dim) {
    for (size_t i = 0; i < units.dim(); ++i) out.MutableRow(i)[i] = 1.0f;
    return out;
  }
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(length, length);
  const int64_t rows = static_cast<int64_t>(units.rows());
  for (int64_t begin = 0; begin < rows; begin += kContentBlock) {
    const Eigen::MatrixXd block =
        Eigen::Map<const RowMatrixF>(units.data() + begin * length,
                                     std::min(kContentBlock, rows - begin),
                                     length)
            .cast<double>();
    gram.selfadjointView<Eigen::Lower>().rankUpdate(block.transpose());
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(gram);
  Eigen::Map<RowMatrixF>(out.mutable_data(), length, dim) =
      eigen.eigenvectors().rightCols(dim).rowwise().reverse().cast<float>();
  return out;
}

Factors Product(const Factors& a, const Factors& b) {
  Factors out(a.rows(), b.dim());
  Eigen::Map<RowMatrixF>(out.mutable_data(), out.rows(), out.dim()).noalias() =
      Eigen::Map<const RowMatrixF>(a.data(), a.rows(), a.dim()) *
      Eigen::Map<const RowMatrixF>(b.data(), b.rows(), b.dim());
  return out;
}

// projection * W, where W leads from projected texts to the given space.
absl::StatusOr<Factors> Bridge(const TermBags& bags,
                               const TermVocabulary& vocabulary,
                               const Factors& projection, const Given& given,
                               const Factors& given_projection,
                               const ContentOptions& options) {
  const std::vector<size_t> rows =
      Draw(AllOf(given.events.size()), kMaxBridged, options.seed);
  Factors x(rows.size(), projection.dim());
  Factors units(rows.size(), given.units.dim());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (const auto& [term, weight] :
         TfIdf(bags.bags[given.events[rows[i]]], vocabulary)) {
      const absl::Span<const float> row = projection.Row(term);
      for (size_t k = 0; k < row.size(); ++k) {
        x.MutableRow(i)[k] += weight * row[k];
      }
    }
    const absl::Span<const float> unit = given.units.Row(rows[i]);
    std::copy(unit.begin(), unit.end(), units.MutableRow(i).begin());
  }
  RidgeOptions ridge;
  ridge.bias = false;
  ridge.seed = options.seed;
  ridge.threads = options.threads;
  ASSIGN_OR_RETURN(
      const RidgeFit fit,
      FitRidge(x, Product(units, given_projection), {}, {}, ridge));
  const Factors turn(projection.dim(), projection.dim(),
                     fit.map.weights().data(), nullptr);
  return Product(projection, turn);
}

}  // namespace

absl::StatusOr<ContentEncoder> TrainContentEncoder(
    absl::Span<const Event> events, const ContentOptions& options) {
  RETURN_IF_ERROR(Check(options));
  const Given given = ReadGiven(events);
  const TermBags bags = ReadTermBags(events, options.fields, options.threads);
  const TermVocabulary vocabulary =
      ChooseVocabulary(bags, Limits(events.size(), options));
  ContentParts parts;
  parts.fields = options.fields;
  parts.documents = events.size();
  ASSIGN_OR_RETURN(parts.projection,
                   LearnProjection(bags, vocabulary, options));
  if (options.words != WordSpace::kPlain && !given.events.empty() &&
      given.events.size() >= options.min_given_fraction * events.size()) {
    parts.given_projection = LearnGivenProjection(given.units, options.dim);
    ASSIGN_OR_RETURN(parts.projection,
                     Bridge(bags, vocabulary, parts.projection, given,
                            parts.given_projection, options));
  }
  parts.terms = vocabulary.terms;
  parts.idf = vocabulary.idf;
  return ContentEncoder::FromParts(parts);
}

Factors EncodeEvents(const ContentEncoder& encoder,
                     absl::Span<const Event> events, int threads) {
  Factors out(events.size(), encoder.dim());
  float* const data = out.mutable_data();
  const auto body = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const std::vector<float> row = encoder.Encode(events[i]);
      std::copy(row.begin(), row.end(), data + i * row.size());
    }
  };
  ParallelFor(static_cast<int64_t>(events.size()), kContentBlock, threads,
              body);
  return out;
}

}  // namespace usher
