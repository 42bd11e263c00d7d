#include "trainer/algorithms/vocabulary.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "index/base/hash.h"
#include "index/base/parallel.h"

namespace usher {
namespace {

constexpr int64_t kVocabularyBlock = 128;
using TermMap = absl::flat_hash_map<uint64_t, TermBags::Term>;

// What one thread reads with and counts into.
struct Reader {
  WordSplitter splitter;
  TermMap terms;
};

void ReadEvent(const Event& event, const FieldWeights& fields, Reader* reader,
               std::vector<TermBags::Entry>* bag) {
  for (WeightedTerm& term : EventTerms(event, fields, reader->splitter)) {
    const uint64_t hash = Hash64(term.term);
    bag->push_back({hash, term.frequency});
    TermBags::Term& known = reader->terms[hash];
    if (known.documents++ == 0) known.text = std::move(term.term);
  }
}

// Sums do not depend on the order, nor does the first of two colliding texts.
void Merge(TermMap* from, TermMap* to) {
  for (auto& [hash, term] : *from) {
    TermBags::Term& known = (*to)[hash];
    if (known.documents == 0 || term.text < known.text) {
      known.text = std::move(term.text);
    }
    known.documents += term.documents;
  }
}

struct Candidate {
  uint64_t hash;
  const TermBags::Term* term;
};

std::vector<Candidate> Candidates(const TermBags& bags,
                                  const VocabularyLimits& limits) {
  std::vector<Candidate> out;
  for (const auto& [hash, term] : bags.terms) {
    if (term.documents >= limits.min_documents &&
        term.documents <= limits.max_documents) {
      out.push_back({hash, &term});
    }
  }
  const auto commoner = [](const Candidate& a, const Candidate& b) {
    if (a.term->documents != b.term->documents) {
      return a.term->documents > b.term->documents;
    }
    return a.term->text < b.term->text;
  };
  if (out.size() > limits.max_terms) {
    std::nth_element(out.begin(), out.begin() + limits.max_terms, out.end(),
                     commoner);
    out.resize(limits.max_terms);
  }
  std::sort(out.begin(), out.end(), [](const Candidate& a, const Candidate& b) {
    return a.term->text < b.term->text;
  });
  return out;
}

}  // namespace

TermBags ReadTermBags(absl::Span<const Event> events,
                      const FieldWeights& fields, int threads) {
  if (threads <= 0) threads = HardwareThreads();
  TermBags out;
  out.bags.resize(events.size());
  std::vector<std::unique_ptr<Reader>> readers(threads);
  ParallelForWithWorker(static_cast<int64_t>(events.size()), kVocabularyBlock,
                        threads, [&](int worker, int64_t begin, int64_t end) {
                          auto& reader = readers[worker];
                          if (reader == nullptr) {
                            reader = std::make_unique<Reader>();
                          }
                          for (int64_t i = begin; i < end; ++i) {
                            ReadEvent(events[i], fields, reader.get(),
                                      &out.bags[i]);
                          }
                        });
  for (const auto& reader : readers) {
    if (reader != nullptr) Merge(&reader->terms, &out.terms);
  }
  return out;
}

TermVocabulary ChooseVocabulary(const TermBags& bags,
                                const VocabularyLimits& limits) {
  TermVocabulary out;
  const double documents = static_cast<double>(bags.bags.size());
  for (const auto& [hash, term] : Candidates(bags, limits)) {
    out.ids.emplace(hash, static_cast<uint32_t>(out.terms.size()));
    out.terms.push_back(term->text);
    out.idf.push_back(static_cast<float>(
        std::log((1.0 + documents) / (1.0 + term->documents)) + 1.0));
  }
  return out;
}

std::vector<TermWeight> TfIdf(absl::Span<const TermBags::Entry> bag,
                              const TermVocabulary& vocabulary) {
  std::vector<TermWeight> weights;
  for (const auto& [hash, frequency] : bag) {
    const auto found = vocabulary.ids.find(hash);
    if (found == vocabulary.ids.end()) continue;
    weights.emplace_back(found->second,
                         TfIdfWeight(frequency, vocabulary.idf[found->second]));
  }
  Normalize(&weights);
  return weights;
}

}  // namespace usher
