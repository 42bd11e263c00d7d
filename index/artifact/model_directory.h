// The directory of published versions: MODEL_DIR/1, MODEL_DIR/2, ..., and two
// files: MODEL_DIR/CURRENT has the number of the one in use, MODEL_DIR/LAST the
// largest number that was given away.
#ifndef USHER_INDEX_ARTIFACT_MODEL_DIRECTORY_H_
#define USHER_INDEX_ARTIFACT_MODEL_DIRECTORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace usher {

// The version that CURRENT names. NotFound when nothing was published yet,
// DataLoss when CURRENT is damaged or names a version that is not there.
absl::StatusOr<int64_t> CurrentVersion(const std::string& model_dir);

// All published versions, ascending; unfinished ones are not among them.
// NotFound when there is no such directory.
absl::StatusOr<std::vector<int64_t>> ListVersions(const std::string& model_dir);

// MODEL_DIR/VERSION.
std::string VersionPath(const std::string& model_dir, int64_t version);

// A version on its way: a directory beside the published ones, which nobody
// else takes for a version. It is removed with the object unless it was
// published. Single-threaded.
//
// Any number of processes may write versions of one directory: each locks its
// own unfinished directory (flock, so a lock ends with its process), and all
// take turns in Publish().
class UnfinishedVersion {
 public:
  // Makes MODEL_DIR if need be and removes what dead writers left in it.
  static absl::StatusOr<UnfinishedVersion> Create(const std::string& model_dir);
  ~UnfinishedVersion();
  UnfinishedVersion(UnfinishedVersion&& other) noexcept;
  UnfinishedVersion& operator=(UnfinishedVersion&&) = delete;

  const std::string& path() const { return path_; }

  // Takes the next number, lets `seal` write the last file with it, syncs,
  // renames to MODEL_DIR/VERSION and points CURRENT there. Returns the number.
  absl::StatusOr<int64_t> Publish(
      absl::FunctionRef<absl::Status(int64_t version)> seal);

 private:
  UnfinishedVersion(std::string model_dir, std::string path, int lock)
      : model_dir_(std::move(model_dir)), path_(std::move(path)), lock_(lock) {}

  std::string model_dir_;
  std::string path_;  // Empty: published or moved from.
  int lock_;          // Descriptor of the locked directory, or -1.
};

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_MODEL_DIRECTORY_H_
