// The files of one version directory.
#ifndef USHER_INDEX_ARTIFACT_FILE_SET_H_
#define USHER_INDEX_ARTIFACT_FILE_SET_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/artifact/flat_file.h"
#include "index/artifact/manifest.h"
#include "index/base/file.h"

namespace usher {

// All files that a manifest names, mapped; their sizes and checksums are the
// manifest's. Immutable.
class FileSet {
 public:
  // DataLoss with the path for a file that is missing or differs. Works on
  // `threads` threads, one file each; 0 means all.
  static absl::StatusOr<FileSet> Open(std::string directory,
                                      absl::Span<const FileEntry> entries,
                                      int threads);

  // DataLoss when the set has no such file.
  absl::StatusOr<std::shared_ptr<const MappedFile>> Get(
      absl::string_view name) const;
  absl::StatusOr<FlatFile> Flat(absl::string_view name) const;

  std::string Path(absl::string_view name) const;

 private:
  struct File {
    std::string name;
    std::shared_ptr<const MappedFile> mapped;
  };

  std::string directory_;
  std::vector<File> files_;
};

// The entry of a file as it lies on disk.
absl::StatusOr<FileEntry> EntryOf(const std::string& directory,
                                  absl::string_view name);

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_FILE_SET_H_
