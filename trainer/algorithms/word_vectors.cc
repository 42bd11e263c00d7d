#include "trainer/algorithms/word_vectors.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "trainer/algorithms/randomized_svd.h"
#include "trainer/algorithms/sparse_matrix.h"

namespace usher {
namespace {

// The terms of an event that are counted, ascending.
std::vector<uint32_t> CountedTerms(absl::Span<const TermBags::Entry> bag,
                                   const TermVocabulary& vocabulary,
                                   size_t most) {
  std::vector<TermWeight> weights = TfIdf(bag, vocabulary);
  if (weights.size() > most) {
    std::nth_element(weights.begin(), weights.begin() + most, weights.end(),
                     [](const TermWeight& a, const TermWeight& b) {
                       return a.second != b.second ? a.second > b.second
                                                   : a.first < b.first;
                     });
    weights.resize(most);
  }
  std::vector<uint32_t> terms;
  for (const auto& [term, weight] : weights) terms.push_back(term);
  std::sort(terms.begin(), terms.end());
  return terms;
}

// What events have in common.
struct Company {
  std::vector<uint64_t> pairs;  // The smaller term << 32 | the larger; sorted.
  std::vector<int64_t> events_of;  // Of each term.
  int64_t events = 0;
};

Company CountCompany(const TermBags& bags, const TermVocabulary& vocabulary,
                     const WordVectorOptions& options) {
  std::vector<size_t> order(bags.bags.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return Mix64(a ^ Mix64(options.seed)) < Mix64(b ^ Mix64(options.seed));
  });
  Company company;
  company.events_of.assign(vocabulary.terms.size(), 0);
  for (const size_t event : order) {
    const std::vector<uint32_t> terms =
        CountedTerms(bags.bags[event], vocabulary, options.max_terms_of_event);
    if (terms.empty()) continue;
    const size_t pairs = terms.size() * (terms.size() - 1) / 2;
    if (company.pairs.size() + pairs > options.max_pairs) break;
    ++company.events;
    for (size_t i = 0; i < terms.size(); ++i) {
      ++company.events_of[terms[i]];
      for (size_t j = i + 1; j < terms.size(); ++j) {
        company.pairs.push_back(uint64_t{terms[i]} << 32 | terms[j]);
      }
    }
  }
  std::sort(company.pairs.begin(), company.pairs.end());
  return company;
}

absl::StatusOr<SparseMatrix> PositiveInformation(const Company& company) {
  const auto events = static_cast<double>(company.events);
  std::vector<SparseEntry> entries;
  for (size_t begin = 0, end = 0; begin < company.pairs.size(); begin = end) {
    const uint64_t pair = company.pairs[begin];
    while (end < company.pairs.size() && company.pairs[end] == pair) ++end;
    const auto a = static_cast<int32_t>(pair >> 32);
    const auto b = static_cast<int32_t>(pair & UINT32_MAX);
    const double by_chance = static_cast<double>(company.events_of[a]) *
                             static_cast<double>(company.events_of[b]) / events;
    const auto information = static_cast<float>(
        std::log(static_cast<double>(end - begin) / by_chance));
    if (information <= 0) continue;
    entries.push_back({a, b, information});
    entries.push_back({b, a, information});
  }
  const auto terms = static_cast<int32_t>(company.events_of.size());
  return SparseMatrix::FromEntries(terms, terms, entries);
}

}  // namespace

absl::StatusOr<Factors> LearnWordVectors(const TermBags& bags,
                                         const TermVocabulary& vocabulary,
                                         const WordVectorOptions& options) {
  ASSIGN_OR_RETURN(const SparseMatrix matrix, PositiveInformation(CountCompany(
                                                  bags, vocabulary, options)));
  RandomizedSvdOptions svd_options;
  svd_options.rank = options.dim;
  svd_options.seed = options.seed;
  svd_options.threads = options.threads;
  ASSIGN_OR_RETURN(TruncatedSvd svd, RandomizedSvd(matrix, svd_options));
  for (size_t term = 0; term < svd.left.rows(); ++term) {
    const absl::Span<float> row = svd.left.MutableRow(term);
    for (size_t k = 0; k < row.size(); ++k) {
      row[k] *= std::sqrt(svd.singular_values[k]);
    }
  }
  return std::move(svd.left);
}

}  // namespace usher
