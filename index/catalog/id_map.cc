#include "index/catalog/id_map.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "index/base/hash.h"

namespace usher {
namespace {

constexpr size_t kMinSlots = 64;
constexpr size_t kBlockBytes = size_t{1} << 16;

constexpr uint64_t kIdKeyMask = (uint64_t{1} << (8 * kIdKeyBytes)) - 1;

uint64_t Slot(uint64_t hash, int32_t row) {
  return (hash & 0xffffffff00000000u) | (static_cast<uint32_t>(row) + 1u);
}
int32_t RowOf(uint64_t slot) {
  return static_cast<int32_t>(static_cast<uint32_t>(slot) - 1u);
}

}  // namespace

uint64_t IdKey(absl::string_view id) { return Hash64(id) & kIdKeyMask; }

IdMap::Table::Table(size_t size)
    : mask(size - 1), slots(new std::atomic<uint64_t>[size]) {
  for (size_t i = 0; i < size; ++i) {
    slots[i].store(0, std::memory_order_relaxed);
  }
}

IdMap::IdMap() : IdMap(nullptr, nullptr, 0, nullptr) {}

IdMap::IdMap(const uint64_t* offsets, const char* bytes, size_t rows,
             std::shared_ptr<const void> keep)
    : offsets_(offsets),
      bytes_(bytes),
      base_rows_(rows),
      keep_(std::move(keep)) {
  tables_.push_back(
      std::make_unique<Table>(std::max(kMinSlots, std::bit_ceil(rows * 2))));
  Table& table = *tables_.back();
  table_.store(&table, std::memory_order_release);
  size_.store(rows, std::memory_order_release);
  for (size_t row = 0; row < rows; ++row) {
    const absl::string_view id = Name(static_cast<int32_t>(row));
    if (Find(id) < 0) Insert(table, Hash64(id), static_cast<int32_t>(row));
  }
}

IdMap::~IdMap() {
  for (std::atomic<absl::string_view*>& segment : segments_) {
    delete[] segment.load(std::memory_order_relaxed);
  }
}

int32_t IdMap::Find(absl::string_view id) const {
  const Table& table = *table_.load(std::memory_order_acquire);
  const uint64_t hash = Hash64(id);
  for (size_t i = hash & table.mask;; i = (i + 1) & table.mask) {
    const uint64_t slot = table.slots[i].load(std::memory_order_acquire);
    if (slot == 0) return -1;
    if ((slot ^ hash) >> 32 == 0 && Name(RowOf(slot)) == id) {
      return RowOf(slot);
    }
  }
}

int32_t IdMap::FindKey(uint64_t key) const {
  const Table& table = *table_.load(std::memory_order_acquire);
  for (size_t i = key & table.mask;; i = (i + 1) & table.mask) {
    const uint64_t slot = table.slots[i].load(std::memory_order_acquire);
    if (slot == 0) return -1;
    // The slot and the key have 16 bits in common.
    if (((slot ^ key) & kIdKeyMask) >> 32 == 0 &&
        IdKey(Name(RowOf(slot))) == key) {
      return RowOf(slot);
    }
  }
}

int32_t IdMap::Add(absl::string_view id) {
  const int32_t found = Find(id);
  if (found >= 0) return found;
  const size_t row = size_.load(std::memory_order_relaxed);
  Append(id);
  if ((row + 1) * 3 > (tables_.back()->mask + 1) * 2) Grow();
  Insert(*tables_.back(), Hash64(id), static_cast<int32_t>(row));
  size_.store(row + 1, std::memory_order_release);
  return static_cast<int32_t>(row);
}

absl::string_view IdMap::Name(int32_t row) const {
  const size_t r = static_cast<size_t>(row);
  if (r < base_rows_) {
    return {bytes_ + offsets_[r], offsets_[r + 1] - offsets_[r]};
  }
  return const_cast<IdMap*>(this)->TailName(r - base_rows_);
}

void IdMap::Insert(Table& table, uint64_t hash, int32_t row) {
  size_t i = hash & table.mask;
  while (table.slots[i].load(std::memory_order_relaxed) != 0) {
    i = (i + 1) & table.mask;
  }
  table.slots[i].store(Slot(hash, row), std::memory_order_release);
}

void IdMap::Grow() {
  auto larger = std::make_unique<Table>((tables_.back()->mask + 1) * 2);
  const size_t rows = size_.load(std::memory_order_relaxed);
  for (size_t row = 0; row < rows; ++row) {
    const absl::string_view id = Name(static_cast<int32_t>(row));
    Insert(*larger, Hash64(id), static_cast<int32_t>(row));
  }
  table_.store(larger.get(), std::memory_order_release);
  tables_.push_back(std::move(larger));
}

// Segment s holds rows [kFirstSegment * (2^s - 1), kFirstSegment * (2^(s+1) -
// 1)) of the tail.
absl::string_view& IdMap::TailName(size_t tail_row) {
  const size_t scaled = tail_row / kFirstSegment + 1;
  const int s = std::bit_width(scaled) - 1;
  const size_t begin = kFirstSegment * ((size_t{1} << s) - 1);
  return segments_[s].load(std::memory_order_acquire)[tail_row - begin];
}

void IdMap::Append(absl::string_view id) {
  const size_t tail_row = size_.load(std::memory_order_relaxed) - base_rows_;
  const int s = std::bit_width(tail_row / kFirstSegment + 1) - 1;
  if (segments_[s].load(std::memory_order_relaxed) == nullptr) {
    segments_[s].store(new absl::string_view[kFirstSegment << s],
                       std::memory_order_release);
  }
  if (blocks_.empty() || block_size_ - block_used_ < id.size()) {
    block_size_ = std::max(kBlockBytes, id.size());
    block_used_ = 0;
    blocks_.emplace_back(new char[block_size_]);
  }
  char* copy = blocks_.back().get() + block_used_;
  if (!id.empty()) std::memcpy(copy, id.data(), id.size());
  block_used_ += id.size();
  TailName(tail_row) = absl::string_view(copy, id.size());
}

}  // namespace usher
