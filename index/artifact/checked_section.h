// Sections whose every element is looked at before it is used.
#ifndef USHER_INDEX_ARTIFACT_CHECKED_SECTION_H_
#define USHER_INDEX_ARTIFACT_CHECKED_SECTION_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/artifact/flat_file.h"
#include "index/base/cow_vector.h"
#include "index/base/list_column.h"
#include "index/base/parallel.h"

namespace usher {

// True when `holds` says so of every value. One pass, on `threads` threads.
template <class T, class Predicate>
bool AllHold(absl::Span<const T> values, int threads, Predicate holds) {
  constexpr int64_t kBlock = 1 << 18;
  std::atomic<bool> all{true};
  ParallelFor(static_cast<int64_t>(values.size()), kBlock, threads,
              [&](int64_t begin, int64_t end) {
                bool good = true;
                for (int64_t i = begin; i < end; ++i) good &= holds(values[i]);
                if (!good) all.store(false, std::memory_order_relaxed);
              });
  return all.load(std::memory_order_relaxed);
}

// Reads sections of one file for tables of a given length. The file must
// outlive it.
class CheckedSections {
 public:
  CheckedSections(const FlatFile& file, size_t rows, int threads)
      : file_(file), rows_(rows), threads_(threads) {}

  // `rows` elements of which each fulfils `holds`; DataLoss otherwise.
  template <class T, class Predicate>
  absl::Status Column(absl::string_view name, Predicate holds,
                      CowVector<T>* out) const {
    absl::StatusOr<absl::Span<const T>> values = file_.Array<T>(name);
    if (!values.ok()) return values.status();
    absl::Status status = Check(name, values->size(), *values, holds);
    if (status.ok()) *out = file_.Borrow(*values);
    return status;
  }

  // `rows` lists of values of which each fulfils `holds`; DataLoss otherwise.
  template <class T, class Predicate>
  absl::Status Lists(absl::string_view name, Predicate holds,
                     ListColumn<T>* out) const {
    absl::StatusOr<FlatLists<T>> lists = file_.Lists<T>(name);
    if (!lists.ok()) return lists.status();
    absl::Status status = Check(name, lists->rows(), lists->values, holds);
    if (status.ok()) *out = file_.Borrow(*lists);
    return status;
  }

  absl::Status Bytes(absl::string_view name, ListColumn<char>* out) const {
    return Lists(
        name, [](char) { return true; }, out);
  }

 private:
  template <class T, class Predicate>
  absl::Status Check(absl::string_view name, size_t rows,
                     absl::Span<const T> values, Predicate holds) const {
    if (rows != rows_) {
      return file_.Damaged(
          name, absl::StrCat(rows, " rows, but the table has ", rows_));
    }
    if (AllHold(values, threads_, holds)) return absl::OkStatus();
    const auto bad = std::find_if_not(values.begin(), values.end(), holds);
    return file_.Damaged(name, absl::StrCat("entry ", bad - values.begin(),
                                            " has a value out of range"));
  }

  const FlatFile& file_;
  size_t rows_;
  int threads_;
};

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_CHECKED_SECTION_H_
