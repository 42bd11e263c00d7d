// Where lists are in Redis.
#ifndef USHER_SERVING_LISTS_LIST_KEYS_H_
#define USHER_SERVING_LISTS_LIST_KEYS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace usher {

enum class ListKind {
  kRanking,     // "rec": PrecomputedRanking.
  kNeighbours,  // "sim": PrecomputedNeighbours.
};

// OK for 1 to 64 letters, digits, '.', '_' and '-': a namespace or the name of
// a batch, which stand between the colons of a key. `what` names it in errors.
absl::Status CheckKeyPart(absl::string_view what, absl::string_view part);

// usher:NAMESPACE:rec:BATCH:USER. The user is last, so that a colon in an id
// is no trouble. Braces have a meaning in the keys of a cluster, so '{', '}'
// and '%' of an id are %7B, %7D and %25; all other bytes stand for themselves.
std::string ListKey(absl::string_view name_space, ListKind kind,
                    absl::string_view batch, absl::string_view user_id);

// usher:NAMESPACE:rec:current: the batch to read.
std::string CurrentKey(absl::string_view name_space, ListKind kind);

// usher:NAMESPACE:rec:unfinished: how far a batch on its way is.
std::string UnfinishedKey(absl::string_view name_space, ListKind kind);

}  // namespace usher

#endif  // USHER_SERVING_LISTS_LIST_KEYS_H_
