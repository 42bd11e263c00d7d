// Who describes themselves alike.
#ifndef USHER_SERVING_RANKING_PROFILE_INDEX_H_
#define USHER_SERVING_RANKING_PROFILE_INDEX_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "index/base/cow_vector.h"
#include "index/base/list_column.h"
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
// What is missing is 0, and contributes nothing.
//
// Follows the users of one catalogue: what Update() gives answers as what would
// be built anew, bit for bit. Thread-compatible as CowVector is: one thread
// updates and calls Share(), any number read what was shared.
class ProfileIndex {
 public:
  ProfileIndex() = default;
  explicit ProfileIndex(const Catalog& catalog);

  // The copy is to be read, not updated.
  ProfileIndex Share();

  // `users` are the rows of a later state of the same catalogue that are new or
  // no more as they were. O(users, and all who have a text or a number that one
  // of them has got or lost).
  void Update(const Catalog& catalog, absl::Span<const UserRow> users);

  size_t num_users() const { return lengths_.size(); }

  // The cosine of the user's profile with each user's, by row; 0 where either
  // profile is empty. O(users + those who have the user's dimensions).
  std::vector<float> Cosines(UserRow user) const;

 private:
  // Of one dimension of numbers.
  struct Range {
    double least = std::numeric_limits<double>::infinity();
    double greatest = -std::numeric_limits<double>::infinity();

    float Scaled(double x) const;
    void Include(double x);
    bool operator==(const Range&) const = default;
  };
  // What a user has in a dimension of numbers, and who has it.
  struct Number {
    int32_t dimension = 0;
    double value = 0;

    bool operator==(const Number&) const = default;
  };
  struct Holder {
    UserRow user = kNoUser;
    double value = 0;
  };
  struct Profile {
    std::vector<int32_t> texts;
    std::vector<Number> numbers;
  };
  // Numbers names in order of their first use.
  using Names = absl::flat_hash_map<std::string, int32_t>;

  Profile ProfileOf(const Catalog& catalog, UserRow user);
  void TakeOut(UserRow user);
  void PutIn(UserRow user, const Profile& profile);
  Range RangeOf(size_t dimension) const;
  float LengthOf(UserRow user) const;

  // By user, in the order of the dimensions' names: sums do not depend on how
  // dimensions are numbered.
  ListColumn<int32_t> texts_;
  ListColumn<Number> numbers_;
  CowVector<float> lengths_;
  // By dimension, ascending by user.
  ListColumn<UserRow> having_;
  ListColumn<Holder> holding_;
  CowVector<Range> ranges_;
  // Of the one that is updated.
  Names text_names_;
  Names number_names_;
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_PROFILE_INDEX_H_
