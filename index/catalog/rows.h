// Dense row numbers. They mean nothing outside the catalog that gave them: what
// is stored or sent is always the id.
#ifndef USHER_INDEX_CATALOG_ROWS_H_
#define USHER_INDEX_CATALOG_ROWS_H_

#include <cstddef>
#include <cstdint>

namespace usher {

enum class EventRow : int32_t {};
enum class UserRow : int32_t {};
enum class OrganizerRow : int32_t {};

inline constexpr EventRow kNoEvent{-1};
inline constexpr UserRow kNoUser{-1};
inline constexpr OrganizerRow kNoOrganizer{-1};

constexpr size_t Index(EventRow row) { return static_cast<size_t>(row); }
constexpr size_t Index(UserRow row) { return static_cast<size_t>(row); }
constexpr size_t Index(OrganizerRow row) { return static_cast<size_t>(row); }

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_ROWS_H_
