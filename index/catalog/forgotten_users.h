// Who asked to be forgotten, without saying who.
#ifndef USHER_INDEX_CATALOG_FORGOTTEN_USERS_H_
#define USHER_INDEX_CATALOG_FORGOTTEN_USERS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "index/base/clock.h"

namespace usher {

// What stays of a forgotten user. An id can be checked against it, but it
// cannot be read from it.
struct Tombstone {
  std::string salt;  // Hexadecimal digits, random; the same for many.
  std::string hash;  // 32 hexadecimal digits: SHA-256 of salt and id, cut.
  Micros forgotten_at = 0;
};

Tombstone TombstoneOf(absl::string_view user_id, absl::string_view salt,
                      Micros forgotten_at);
// Of 32 hexadecimal digits; different each time.
std::string NewSalt();

// A value. Contains() hashes the id once for each salt in use.
class ForgottenUsers {
 public:
  bool empty() const { return hashes_.empty(); }
  size_t size() const;
  bool Contains(absl::string_view user_id) const;
  // False when it is known already.
  bool Add(const Tombstone& tombstone);
  void Merge(const ForgottenUsers& others);
  // The salt to use for one more; a new one when there is none yet.
  std::string Salt() const;

 private:
  std::map<std::string, absl::flat_hash_set<std::string>> hashes_;  // By salt.
};

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_FORGOTTEN_USERS_H_
