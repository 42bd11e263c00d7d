// Lists <-> the bytes that Redis holds (proto/usher/v1/precomputed.proto).
#ifndef USHER_SERVING_LISTS_LIST_CODEC_H_
#define USHER_SERVING_LISTS_LIST_CODEC_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "serving/lists/ranked_list.h"

namespace usher {

inline constexpr size_t kMaxListed = 1000;
// What kMaxListed ids of the longest kind take, and the rest.
inline constexpr size_t kMaxListBytes = size_t{160} << 10;

std::string EncodeList(const RankedList& list);
std::string EncodeList(const NeighbourList& list);

// Anybody may have written the bytes. DataLoss says what is wrong: no such
// message, more than kMaxListed ids, an id that is empty, too long or there
// twice, another number of scores than of ids (none at all is fine), a score
// that is no finite number, a place or an instant that does not exist.
absl::StatusOr<RankedList> DecodeRankedList(absl::string_view bytes);
absl::StatusOr<NeighbourList> DecodeNeighbourList(absl::string_view bytes);

}  // namespace usher

#endif  // USHER_SERVING_LISTS_LIST_CODEC_H_
