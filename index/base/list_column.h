// A list of plain values for every row: immutable lists of a file below, lists
// that grow above.
#ifndef USHER_INDEX_BASE_LIST_COLUMN_H_
#define USHER_INDEX_BASE_LIST_COLUMN_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/types/span.h"
#include "index/base/cow_vector.h"

namespace usher {

// Rows [0, base rows) start with the lists of a mapped file; a row that is
// written gets a list of its own. Appending is amortized O(1): the new value
// goes behind the end that published copies see.
//
// Thread-compatible as CowVector is: one writer, or after Own() one a row, and
// readers of shared copies.
template <class T>
class ListColumn {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  ListColumn() = default;

  // Row r is values[offsets[r], offsets[r + 1]); both arrays live as long as
  // `keep`. `offsets` has rows + 1 entries.
  static ListColumn Borrow(const uint64_t* offsets, const T* values,
                           size_t rows, std::shared_ptr<const void> keep) {
    ListColumn column;
    column.offsets_ = offsets;
    column.values_ = values;
    column.base_rows_ = rows;
    column.keep_ = std::move(keep);
    column.lists_.Resize(rows);
    return column;
  }

  size_t size() const { return lists_.size(); }
  void Resize(size_t rows) { lists_.Resize(rows); }
  void Own() { lists_.Own(); }

  absl::Span<const T> operator[](size_t row) const {
    const List& list = lists_[row];
    if (list.memory != nullptr) return {list.memory->values.get(), list.size};
    if (row >= base_rows_) return {};
    return {values_ + offsets_[row], offsets_[row + 1] - offsets_[row]};
  }

  // By value: it may be an element of the list that moves.
  void Append(size_t row, T value) {
    List& list = OwnList(row);
    // Another branch of copies may have used the room behind the end.
    if (list.size == list.memory->capacity || list.size != list.memory->used) {
      list.memory = Copied({list.memory->values.get(), list.size},
                           std::max<size_t>(4, size_t{list.size} * 2));
    }
    list.memory->values[list.size++] = value;
    list.memory->used = list.size;
  }

  void Assign(size_t row, absl::Span<const T> values) {
    List& list = lists_.Mutable(row);
    list.memory = Copied(values, values.size());
    list.size = static_cast<uint32_t>(values.size());
  }

  // Takes out the value at `position`; the others keep their order. Copies the
  // list the first time after a Share(), and moves what follows otherwise.
  void Erase(size_t row, size_t position) {
    List& list = UnseenList(row);
    T* values = list.memory->values.get();
    std::copy(values + position + 1, values + list.size, values + position);
    list.memory->used = --list.size;
  }

  // Puts `value` at `position`. Copies the list the first time after a Share().
  void Set(size_t row, size_t position, T value) {
    UnseenList(row).memory->values[position] = value;
  }

  ListColumn Share() {
    epoch_ = NextEpoch();
    ListColumn shared;
    shared.offsets_ = offsets_;
    shared.values_ = values_;
    shared.base_rows_ = base_rows_;
    shared.keep_ = keep_;
    shared.lists_ = lists_.Share();
    return shared;
  }

 private:
  // `used` is read and written by the one writer only. No published copy sees
  // memory whose `epoch` is this column's.
  struct Memory {
    std::unique_ptr<T[]> values;
    size_t capacity = 0;
    size_t used = 0;
    uint64_t epoch = 0;
  };
  struct List {
    std::shared_ptr<Memory> memory;
    uint32_t size = 0;
  };

  static uint64_t NextEpoch() {
    static std::atomic<uint64_t> next{1};
    return next.fetch_add(1, std::memory_order_relaxed);
  }

  std::shared_ptr<Memory> Copied(absl::Span<const T> values,
                                 size_t capacity) const {
    auto memory = std::make_shared<Memory>();
    memory->values.reset(new T[std::max<size_t>(1, capacity)]);
    memory->capacity = std::max<size_t>(1, capacity);
    memory->used = values.size();
    memory->epoch = epoch_;
    std::copy(values.begin(), values.end(), memory->values.get());
    return memory;
  }

  List& OwnList(size_t row) {
    if (lists_[row].memory == nullptr) {
      const absl::Span<const T> base = (*this)[row];
      List& list = lists_.Mutable(row);
      list.memory = Copied(base, std::max<size_t>(4, base.size() * 2));
      list.size = static_cast<uint32_t>(base.size());
      return list;
    }
    return lists_.Mutable(row);
  }

  // One that no published copy sees.
  List& UnseenList(size_t row) {
    List& list = OwnList(row);
    if (list.memory->epoch != epoch_) {
      list.memory = Copied({list.memory->values.get(), list.size}, list.size);
    }
    return list;
  }

  const uint64_t* offsets_ = nullptr;
  const T* values_ = nullptr;
  size_t base_rows_ = 0;
  std::shared_ptr<const void> keep_;
  uint64_t epoch_ = NextEpoch();  // Of memory that only this column sees.
  // A copied chunk counts another owner of each of its lists, which lie
  // anywhere in memory: a chunk is small.
  CowVector<List, 16> lists_;
};

}  // namespace usher

#endif  // USHER_INDEX_BASE_LIST_COLUMN_H_
