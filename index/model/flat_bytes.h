// Arrays in a block of bytes that can be used where they lie in a mapped file.
//
// A block is a magic of 8 bytes, then values in an order that its owner
// documents: a count is a little-endian uint64, an array its elements alone
// (float32, uint32 or bytes, little-endian) padded with zeros to a multiple of
// 8. So every value begins at a multiple of 8 bytes.
#ifndef USHER_INDEX_MODEL_FLAT_BYTES_H_
#define USHER_INDEX_MODEL_FLAT_BYTES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace usher {

class FlatWriter {
 public:
  // `magic` has 8 bytes; the last one is the version of the format.
  explicit FlatWriter(absl::string_view magic) : bytes_(magic) {}

  void Count(uint64_t count);
  void Floats(absl::Span<const float> values);
  void Numbers(absl::Span<const uint32_t> values);
  void Bytes(absl::string_view bytes);

  std::string Take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads a block that nobody vouches for. After the first value that cannot be
// there, all further ones are 0 or empty, and Finish() says what was wrong.
// What is returned borrows the block. Single-threaded.
class FlatReader {
 public:
  // `name` begins the error messages. `bytes` must start at a multiple of 8:
  // see AlignedBytes.
  FlatReader(absl::string_view name, absl::string_view magic,
             absl::string_view bytes);

  // A count of at most `limit`.
  uint64_t Count(uint64_t limit);
  // `count` finite floats.
  absl::Span<const float> Floats(uint64_t count);
  absl::Span<const uint32_t> Numbers(uint64_t count);
  absl::string_view Bytes(uint64_t count);

  // Makes the block count as damaged unless `holds`.
  void Require(bool holds, absl::string_view what);
  bool ok() const { return status_.ok(); }
  // OK when everything was there and nothing is left; otherwise DataLoss.
  absl::Status Finish();

 private:
  const char* Take(uint64_t count, uint64_t size);

  const std::string name_;
  absl::string_view rest_;
  absl::Status status_;
};

// A block and what keeps it alive.
struct KeptBytes {
  absl::string_view bytes;
  std::shared_ptr<const void> keep;
};

// `bytes` itself when it is aligned to 8, otherwise a copy.
KeptBytes AlignedBytes(absl::string_view bytes,
                       std::shared_ptr<const void> keep);

// A block that owns itself.
KeptBytes OwnedBytes(std::string bytes);

}  // namespace usher

#endif  // USHER_INDEX_MODEL_FLAT_BYTES_H_
