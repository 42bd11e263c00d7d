// Who describes themselves alike.
#ifndef USHER_SERVING_RANKING_PROFILE_INDEX_H_
#define USHER_SERVING_RANKING_PROFILE_INDEX_H_

#include <cstdint>
#include <vector>

#include "index/catalog/catalog.h"
#include "index/catalog/rows.h"

namespace usher {

// The profiles of all users as vectors, inverted: for each dimension, whose
// profile has it.
//
// The vector of a profile has
//   * a 1 in the dimension (name, text) of each text feature,
//   * a 1 in the dimension ("city", city) and in ("tag", tag) of each tag,
//   * (x - least) / (greatest - least) in the dimension (name) of each number,
//     with least and greatest over all users that have it; 0 when these are
//     equal, or the number is not finite.
// What is missing is 0, and contributes nothing. Vectors are kept at length 1.
//
// Immutable.
class ProfileIndex {
 public:
  explicit ProfileIndex(const Catalog& catalog);

  size_t num_users() const { return begin_.empty() ? 0 : begin_.size() - 1; }

  // The cosine of the user's profile with each user's, by row; 0 where either
  // profile is empty. O(users + postings of the user's dimensions).
  std::vector<float> Cosines(UserRow user) const;

 private:
  struct Term {
    int32_t dimension;
    float weight;
  };
  struct Posting {
    UserRow user;
    float weight;
  };

  void Invert(size_t dimensions);

  // The profile of user u is terms_[begin_[u], begin_[u + 1]).
  std::vector<uint64_t> begin_;
  std::vector<Term> terms_;
  // Those who have dimension d are postings_[first_[d], first_[d + 1]).
  std::vector<uint64_t> first_;
  std::vector<Posting> postings_;
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_PROFILE_INDEX_H_
