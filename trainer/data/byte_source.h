// The bytes of a plain or gzipped file.
#ifndef USHER_TRAINER_DATA_BYTE_SOURCE_H_
#define USHER_TRAINER_DATA_BYTE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace usher {

// Bytes of a file, in order. Single-threaded.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills all of `buffer`, or less at the end of the content. Returns how many
  // bytes were written, 0 at the end. DataLoss for a damaged or truncated gzip
  // file, Internal when the disk fails; with the path.
  virtual absl::StatusOr<size_t> Read(char* buffer, size_t size) = 0;
  // How much of the file on disk was read: compressed bytes for gzip.
  virtual int64_t bytes_done() const = 0;
};

struct OpenedFile {
  std::unique_ptr<ByteSource> source;
  int64_t bytes_total;  // On disk.
};

// A name that ends in .gz is inflated (RFC 1952, any number of members).
// NotFound or Internal with the path; InvalidArgument for a directory or an
// empty file.
absl::StatusOr<OpenedFile> OpenBytes(const std::string& path);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_BYTE_SOURCE_H_
