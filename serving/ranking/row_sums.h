// Sums by row, of which there are few beside all rows.
#ifndef USHER_SERVING_RANKING_ROW_SUMS_H_
#define USHER_SERVING_RANKING_ROW_SUMS_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace usher {

// Numbers the keys that it is given 0, 1, 2, ... in the order of their first
// Add(). A Key is an integer of at most 64 bits or an enum of one.
// Thread-compatible.
template <class Key>
class RowNumbers {
 public:
  static constexpr int32_t kNone = -1;

  // Room for so many without growing on the way.
  void Reserve(size_t keys) {
    keys_.reserve(keys);
    if (2 * keys > slots_.size()) Rehash(std::bit_ceil(2 * keys));
  }

  size_t size() const { return keys_.size(); }
  const Key& operator[](size_t number) const { return keys_[number]; }

  // The number of `key`, or kNone.
  int32_t Find(Key key) const {
    if (keys_.empty()) return kNone;
    for (size_t slot = FirstSlot(key);; slot = (slot + 1) & mask_) {
      const int32_t number = slots_[slot];
      if (number == kNone || keys_[static_cast<size_t>(number)] == key) {
        return number;
      }
    }
  }

  // The number of `key`, which is size() when it is new.
  size_t Add(Key key) {
    if (2 * (keys_.size() + 1) > slots_.size()) {
      Rehash(std::max(kFirstSlots, 2 * slots_.size()));
    }
    size_t slot = FirstSlot(key);
    for (; slots_[slot] != kNone; slot = (slot + 1) & mask_) {
      const auto number = static_cast<size_t>(slots_[slot]);
      if (keys_[number] == key) return number;
    }
    slots_[slot] = static_cast<int32_t>(keys_.size());
    keys_.push_back(key);
    return keys_.size() - 1;
  }

 private:
  static constexpr size_t kFirstSlots = 64;

  size_t FirstSlot(Key key) const {
    return static_cast<uint64_t>(key) * 0x9e3779b97f4a7c15u >> shift_;
  }

  // `slots` is a power of two.
  void Rehash(size_t slots) {
    slots_.assign(slots, kNone);
    mask_ = slots - 1;
    shift_ = 64 - std::countr_zero(slots);
    for (size_t number = 0; number < keys_.size(); ++number) {
      size_t slot = FirstSlot(keys_[number]);
      while (slots_[slot] != kNone) slot = (slot + 1) & mask_;
      slots_[slot] = static_cast<int32_t>(number);
    }
  }

  std::vector<Key> keys_;
  std::vector<int32_t> slots_;  // Open addressing; at most half are taken.
  size_t mask_ = 0;
  int shift_ = 0;
};

// A sum for each row that something was added to. Thread-compatible.
template <class Row>
class RowSums {
 public:
  void Reserve(size_t rows) {
    rows_.Reserve(rows);
    sums_.reserve(rows);
  }

  void Add(Row row, float value) {
    const size_t number = rows_.Add(row);
    if (number == sums_.size()) sums_.push_back(0);
    sums_[number] += value;
  }

  // 0 when nothing was added.
  float Of(Row row) const {
    const int32_t number = rows_.Find(row);
    return number == RowNumbers<Row>::kNone
               ? 0.0f
               : sums_[static_cast<size_t>(number)];
  }

  // In the order of their first Add().
  size_t size() const { return sums_.size(); }
  std::pair<Row, float> operator[](size_t i) const {
    return {rows_[i], sums_[i]};
  }

 private:
  RowNumbers<Row> rows_;
  std::vector<float> sums_;
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_ROW_SUMS_H_
