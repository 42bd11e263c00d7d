// MODEL_DIR/FORGOTTEN: the users that no version of the directory may show.
#ifndef USHER_INDEX_ARTIFACT_FORGOTTEN_FILE_H_
#define USHER_INDEX_ARTIFACT_FORGOTTEN_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/catalog/forgotten_users.h"

namespace usher {

inline constexpr char kForgottenFile[] = "FORGOTTEN";

// A line for each: salt, hash, unix seconds, and a checksum of the three. What
// is no such line, such as one that was not written to its end, is left out.
// Nobody when there is no such file.
absl::StatusOr<ForgottenUsers> ReadForgotten(const std::string& model_dir);

// On the disk when it returns OK. Several processes may add at a time.
absl::Status AddForgotten(const std::string& model_dir,
                          const Tombstone& tombstone);

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_FORGOTTEN_FILE_H_
