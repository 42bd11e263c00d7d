// Lists one behind the other: how list columns are made whole.
#ifndef USHER_SERVING_RANKING_JOINED_LISTS_H_
#define USHER_SERVING_RANKING_JOINED_LISTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "index/base/list_column.h"

namespace usher {

template <class T>
struct JoinedLists {
  std::vector<uint64_t> offsets = {0};
  std::vector<T> values;

  size_t size() const { return offsets.size() - 1; }
  absl::Span<const T> operator[](size_t row) const {
    return absl::MakeConstSpan(values).subspan(offsets[row],
                                               offsets[row + 1] - offsets[row]);
  }
  // What was added to `values` since the last list is a list.
  void EndList() { offsets.push_back(values.size()); }
};

// A column that keeps the lists.
template <class T>
ListColumn<T> ColumnOf(JoinedLists<T> lists) {
  const auto kept = std::make_shared<const JoinedLists<T>>(std::move(lists));
  return ListColumn<T>::Borrow(kept->offsets.data(), kept->values.data(),
                               kept->size(), kept);
}

// For each key in [0, keys) the make(row, value) of all values that have the
// key, in the order of their rows.
template <class Out, class T, class KeyOf, class Make>
JoinedLists<Out> Inverted(const JoinedLists<T>& lists, size_t keys,
                          const KeyOf& key_of, const Make& make) {
  JoinedLists<Out> inverted;
  inverted.offsets.resize(keys + 1, 0);
  for (const T& value : lists.values) ++inverted.offsets[key_of(value) + 1];
  for (size_t key = 0; key < keys; ++key) {
    inverted.offsets[key + 1] += inverted.offsets[key];
  }
  inverted.values.resize(lists.values.size());
  std::vector<uint64_t> next(inverted.offsets.begin(),
                             inverted.offsets.end() - 1);
  for (size_t row = 0; row < lists.size(); ++row) {
    for (const T& value : lists[row]) {
      inverted.values[next[key_of(value)]++] = make(row, value);
    }
  }
  return inverted;
}

}  // namespace usher

#endif  // USHER_SERVING_RANKING_JOINED_LISTS_H_
