// One published model version: a snapshot as files.
//
// MODEL_DIR/VERSION/ holds flat files that are mapped (flat_file.h), the index,
// ranking.textproto and manifest.textproto. It is written whole, then named.
#ifndef USHER_INDEX_ARTIFACT_VERSION_H_
#define USHER_INDEX_ARTIFACT_VERSION_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/artifact/manifest.h"
#include "index/artifact/model_directory.h"
#include "index/artifact/snapshot.h"

namespace usher {

// The ranking policy; opaque here.
inline constexpr absl::string_view kRankingFile = "ranking.textproto";

struct OpenOptions {
  int threads = 0;  // 0: all of the machine.
};

// Publishes the snapshot as the next version of `model_dir` and points CURRENT
// at it; returns its number. info.version is ignored; info.created should be
// set. The new files are read back and checked before anybody can see them.
//
// FailedPrecondition unless every event of the catalogue is in the index
// (`tail` empty) and has its vectors, InvalidArgument when training.config is
// no TrainConfig. After an error nothing is left behind.
absl::StatusOr<int64_t> WriteVersion(const std::string& model_dir,
                                     const Snapshot& snapshot,
                                     const TrainingRecord& training);

// The snapshot that was written; it borrows the mapped files, which may be
// deleted, but not changed, while it lives. NotFound when there is no such
// version, FailedPrecondition for a format of another release, DataLoss naming
// the file when anything in it is not as it was written.
absl::StatusOr<Snapshot> OpenVersion(const std::string& model_dir,
                                     int64_t version,
                                     const OpenOptions& options = {});

// The manifest alone; no other file is looked at.
absl::StatusOr<Manifest> ReadManifest(const std::string& model_dir,
                                      int64_t version);

// Lines of "name: value" about a version: what `usher-train inspect` prints.
absl::StatusOr<std::string> DescribeVersion(const std::string& model_dir,
                                            int64_t version);

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_VERSION_H_
