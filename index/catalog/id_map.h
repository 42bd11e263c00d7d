// Text ids <-> dense rows.
#ifndef USHER_INDEX_CATALOG_ID_MAP_H_
#define USHER_INDEX_CATALOG_ID_MAP_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"

namespace usher {

// Six bytes that stand for an id on every server: the lower ones of its
// Hash64().
inline constexpr int kIdKeyBytes = 6;
uint64_t IdKey(absl::string_view id);

// Gives rows 0, 1, 2, ... to ids in order of their first Add. Never forgets and
// never moves an id, so all versions of a catalog share one map.
//
// One thread at a time may Add; any number of threads may Find and read names
// meanwhile, without locks. A reader may find a row that is newer than the
// snapshot it works on, and must treat rows past its own size as unknown.
class IdMap {
 public:
  IdMap();
  // Rows [0, rows) are the ids bytes[offsets[r], offsets[r + 1]), which live as
  // long as `keep`. Of equal ids the first wins.
  IdMap(const uint64_t* offsets, const char* bytes, size_t rows,
        std::shared_ptr<const void> keep);
  ~IdMap();
  IdMap(const IdMap&) = delete;
  IdMap& operator=(const IdMap&) = delete;

  // The row of `id`, or -1.
  int32_t Find(absl::string_view id) const;
  // The row of the id whose IdKey() this is, or -1. Which one, when several ids
  // have it, is not said; of a million ids one in 300 million shares its own.
  int32_t FindKey(uint64_t key) const;
  // The row of `id`, new if need be. The bytes are copied.
  int32_t Add(absl::string_view id);
  // Requires 0 <= row < size(). The bytes live as long as the map.
  absl::string_view Name(int32_t row) const;
  size_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  // Open addressing; a slot holds the upper half of the hash and row + 1.
  struct Table {
    explicit Table(size_t slots);
    size_t mask;
    std::unique_ptr<std::atomic<uint64_t>[]> slots;
  };
  static constexpr int kSegments = 24;
  static constexpr size_t kFirstSegment = 256;

  void Insert(Table& table, uint64_t hash, int32_t row);
  void Grow();
  absl::string_view& TailName(size_t tail_row);
  void Append(absl::string_view id);

  const uint64_t* offsets_ = nullptr;
  const char* bytes_ = nullptr;
  size_t base_rows_ = 0;
  std::shared_ptr<const void> keep_;

  std::atomic<size_t> size_{0};
  std::atomic<Table*> table_;
  std::vector<std::unique_ptr<Table>> tables_;  // Old ones: readers may be in.
  // Names past the base, in segments of doubling length that never move.
  std::array<std::atomic<absl::string_view*>, kSegments> segments_{};
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t block_used_ = 0;
  size_t block_size_ = 0;
};

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_ID_MAP_H_
