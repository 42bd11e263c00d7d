#include "index/model/event_terms.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace usher {
namespace {

// The words of all texts; those before `end` and after the field before it
// have its weight.
struct Texts {
  struct Field {
    size_t end;
    float weight;
  };
  std::vector<std::string> words;
  std::vector<Field> fields;
};

Texts ReadTexts(const Event& event, const FieldWeights& weights,
                WordSplitter& splitter) {
  Texts texts;
  const auto read = [&](const std::string& text, float weight) {
    if (weight <= 0) return;
    std::vector<std::string> words = splitter.RawWords(text);
    std::move(words.begin(), words.end(), std::back_inserter(texts.words));
    texts.fields.push_back({texts.words.size(), weight});
  };
  read(event.title, weights.title);
  read(event.organizer_name, weights.organizer_name);
  read(event.description, weights.description);
  return texts;
}

std::vector<WeightedTerm> TextTerms(const Texts& texts,
                                    WordSplitter& splitter) {
  const Language language = splitter.GuessLanguage(texts.words);
  std::vector<WeightedTerm> terms;
  size_t i = 0;
  for (const auto& [end, weight] : texts.fields) {
    for (; i < end; ++i) {
      std::string term = splitter.Term(texts.words[i], language);
      if (!term.empty()) terms.push_back({std::move(term), weight});
    }
  }
  return terms;
}

void AddNames(const Event& event, const FieldWeights& weights,
              WordSplitter& splitter, std::vector<WeightedTerm>* terms) {
  const auto add = [&](char space, const std::string& name, float weight) {
    const std::string folded = splitter.FoldName(name);
    if (folded.empty() || weight <= 0) return;
    terms->push_back({absl::StrCat(std::string(1, space), folded), weight});
  };
  const size_t tags = std::min(event.tags.size(), kMaxTermTags);
  for (size_t i = 0; i < tags; ++i) add('#', event.tags[i], weights.tags);
  add('=', event.category, weights.category);
}

void MergeEqual(std::vector<WeightedTerm>* terms) {
  std::sort(terms->begin(), terms->end(),
            [](const WeightedTerm& a, const WeightedTerm& b) {
              return a.term < b.term;
            });
  size_t kept = 0;
  for (size_t i = 0; i < terms->size(); ++i) {
    if (kept > 0 && (*terms)[kept - 1].term == (*terms)[i].term) {
      (*terms)[kept - 1].frequency += (*terms)[i].frequency;
    } else {
      if (kept != i) (*terms)[kept] = std::move((*terms)[i]);
      ++kept;
    }
  }
  terms->resize(kept);
}

}  // namespace

std::vector<WeightedTerm> EventTerms(const Event& event,
                                     const FieldWeights& weights,
                                     WordSplitter& splitter) {
  std::vector<WeightedTerm> terms =
      TextTerms(ReadTexts(event, weights, splitter), splitter);
  AddNames(event, weights, splitter, &terms);
  MergeEqual(&terms);
  return terms;
}

}  // namespace usher
