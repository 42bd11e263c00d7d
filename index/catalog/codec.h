// Events and users as bytes, for the catalogue's documents.
#ifndef USHER_INDEX_CATALOG_CODEC_H_
#define USHER_INDEX_CATALOG_CODEC_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/catalog/event.h"
#include "index/catalog/user.h"

namespace usher {

// Layout: the fields in the order of the struct; numbers as they lie in memory
// (little-endian), texts and lists behind their length as uint32.
std::string EncodeEvent(const Event& event);
std::string EncodeUser(const User& user);

// DataLoss when the bytes are not the encoding of one event or user.
absl::StatusOr<Event> DecodeEvent(absl::string_view bytes);
absl::StatusOr<User> DecodeUser(absl::string_view bytes);

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_CODEC_H_
