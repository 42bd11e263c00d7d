// What may be an id.
#ifndef USHER_TRAINER_DATA_ID_RULES_H_
#define USHER_TRAINER_DATA_ID_RULES_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace usher {

inline constexpr size_t kMaxIdBytes = 128;

// Why `id` cannot be one: "is empty", "is longer than 128 bytes", "is not valid
// UTF-8". Empty when it can.
absl::string_view IdProblem(absl::string_view id);

bool IsValidUtf8(absl::string_view text);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_ID_RULES_H_
