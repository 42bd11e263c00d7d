#include "serving/ranking/profile_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "index/catalog/user.h"

namespace usher {
namespace {

// Numbers dimensions in order of their first use. The first character keeps
// texts, cities, tags and numbers apart, NUL a name from its value.
class Dimensions {
 public:
  int32_t OfText(absl::string_view name, absl::string_view text) {
    return Number(absl::StrCat("f", name, kNul, text));
  }
  int32_t OfCity(absl::string_view city) {
    return Number(absl::StrCat("c", city));
  }
  int32_t OfTag(absl::string_view tag) {
    return Number(absl::StrCat("t", tag));
  }
  int32_t OfNumber(absl::string_view name) {
    return Number(absl::StrCat("n", name));
  }
  size_t size() const { return numbers_.size(); }

 private:
  static constexpr absl::string_view kNul = absl::string_view("\0", 1);

  int32_t Number(const std::string& key) {
    return numbers_.emplace(key, static_cast<int32_t>(numbers_.size()))
        .first->second;
  }

  absl::flat_hash_map<std::string, int32_t> numbers_;
};

// Least and greatest value of each numeric dimension.
struct Range {
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();

  float Scaled(double x) const {
    return greatest > least
               ? static_cast<float>((x - least) / (greatest - least))
               : 0.0f;
  }
};

struct RawTerm {
  int32_t dimension;
  double value;
  bool number;
};

std::vector<RawTerm> RawTerms(const User& user, Dimensions& dimensions) {
  std::vector<RawTerm> terms;
  if (!user.city.empty()) {
    terms.push_back({dimensions.OfCity(user.city), 1, false});
  }
  for (const std::string& tag : user.tags) {
    terms.push_back({dimensions.OfTag(tag), 1, false});
  }
  for (const auto& [name, value] : user.features) {
    if (const double* number = std::get_if<double>(&value)) {
      if (!std::isfinite(*number)) continue;
      terms.push_back({dimensions.OfNumber(name), *number, true});
    } else if (const std::string& text = std::get<std::string>(value);
               !text.empty()) {
      terms.push_back({dimensions.OfText(name, text), 1, false});
    }
  }
  std::sort(terms.begin(), terms.end(), [](const RawTerm& a, const RawTerm& b) {
    return a.dimension < b.dimension;
  });
  terms.erase(std::unique(terms.begin(), terms.end(),
                          [](const RawTerm& a, const RawTerm& b) {
                            return a.dimension == b.dimension;
                          }),
              terms.end());
  return terms;
}

}  // namespace

ProfileIndex::ProfileIndex(const Catalog& catalog) {
  Dimensions dimensions;
  std::vector<RawTerm> raw;
  std::vector<uint64_t> raw_begin = {0};
  absl::flat_hash_map<int32_t, Range> ranges;
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    for (const RawTerm& term : RawTerms(
             catalog.GetUser(UserRow{static_cast<int32_t>(row)}), dimensions)) {
      raw.push_back(term);
      if (!term.number) continue;
      Range& range = ranges[term.dimension];
      range.least = std::min(range.least, term.value);
      range.greatest = std::max(range.greatest, term.value);
    }
    raw_begin.push_back(raw.size());
  }
  begin_.push_back(0);
  for (size_t row = 0; row + 1 < raw_begin.size(); ++row) {
    double squares = 0;
    for (uint64_t i = raw_begin[row]; i < raw_begin[row + 1]; ++i) {
      const float weight =
          raw[i].number ? ranges[raw[i].dimension].Scaled(raw[i].value) : 1.0f;
      if (weight == 0) continue;
      terms_.push_back({raw[i].dimension, weight});
      squares += static_cast<double>(weight) * weight;
    }
    for (uint64_t i = begin_.back(); i < terms_.size(); ++i) {
      terms_[i].weight /= static_cast<float>(std::sqrt(squares));
    }
    begin_.push_back(terms_.size());
  }
  Invert(dimensions.size());
}

void ProfileIndex::Invert(size_t dimensions) {
  first_.assign(dimensions + 1, 0);
  for (const Term& term : terms_) ++first_[term.dimension + 1];
  for (size_t d = 0; d < dimensions; ++d) first_[d + 1] += first_[d];
  postings_.resize(terms_.size());
  std::vector<uint64_t> next(first_.begin(), first_.end() - 1);
  for (size_t row = 0; row < num_users(); ++row) {
    for (uint64_t i = begin_[row]; i < begin_[row + 1]; ++i) {
      postings_[next[terms_[i].dimension]++] = {
          UserRow{static_cast<int32_t>(row)}, terms_[i].weight};
    }
  }
}

std::vector<float> ProfileIndex::Cosines(UserRow user) const {
  std::vector<float> cosines(num_users());
  for (uint64_t i = begin_[Index(user)]; i < begin_[Index(user) + 1]; ++i) {
    const int32_t d = terms_[i].dimension;
    for (uint64_t p = first_[d]; p < first_[d + 1]; ++p) {
      cosines[Index(postings_[p].user)] +=
          terms_[i].weight * postings_[p].weight;
    }
  }
  return cosines;
}

}  // namespace usher
