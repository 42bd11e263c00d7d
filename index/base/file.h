// Files that are mapped when read and whole when written.
#ifndef USHER_INDEX_BASE_FILE_H_
#define USHER_INDEX_BASE_FILE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace usher {

// A file mapped read-only. Immutable. The bytes live as long as the object.
class MappedFile {
 public:
  // NotFound or Internal with the path. An empty file maps to no bytes.
  static absl::StatusOr<std::shared_ptr<const MappedFile>> Open(
      const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  absl::string_view bytes() const { return {data_, size_}; }

 private:
  MappedFile(const char* data, size_t size) : data_(data), size_(size) {}
  const char* data_;
  size_t size_;
};

// The whole file. NotFound or Internal with the path.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Writes `bytes` to `path` and syncs it to disk. Not atomic by itself.
absl::Status WriteFileSynced(const std::string& path, absl::string_view bytes);

// Replaces `path` by `bytes`: a temporary file beside it, synced, renamed, and
// the directory synced. A reader sees the old or the new content, never a part.
absl::Status ReplaceFile(const std::string& path, absl::string_view bytes);

// OK when files can be made in `directory` or, where it is missing, in the
// nearest directory above it that is there. Makes a file and removes it. For
// long work: to learn of it before, not after.
absl::Status CheckWritable(const std::string& directory);

// Syncs a directory's entries (after a rename in it).
absl::Status SyncDirectory(const std::string& path);

}  // namespace usher

#endif  // USHER_INDEX_BASE_FILE_H_
