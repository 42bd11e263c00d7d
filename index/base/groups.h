// Many things by the group that each belongs to.
#ifndef USHER_INDEX_BASE_GROUPS_H_
#define USHER_INDEX_BASE_GROUPS_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "index/base/parallel.h"

namespace usher {

// Things are numbered from 0, less than 2^32 of them; a counting sort, stable.
// Immutable once built, so any number of threads may read it.
class Groups {
 public:
  // Calls `group_of` twice for each thing; it gives a number below `groups`, or
  // a negative one for what belongs to none. O(things + groups).
  Groups(size_t things, size_t groups,
         absl::FunctionRef<int32_t(size_t thing)> group_of)
      : ends_(groups) {
    for (size_t i = 0; i < things; ++i) {
      if (const int32_t group = group_of(i); group >= 0) ++ends_[group];
    }
    uint32_t begin = 0;
    for (uint32_t& end : ends_) begin += std::exchange(end, begin);
    things_.resize(begin);
    for (size_t i = 0; i < things; ++i) {
      if (const int32_t group = group_of(i); group >= 0) {
        things_[ends_[group]++] = static_cast<uint32_t>(i);
      }
    }
  }

  // Calls `body` for the things of each group in ascending order, for `block`
  // groups on one thread, on `threads` threads (0: all that the machine has);
  // `soon` for each thing some calls before.
  void ForEach(int64_t block, int threads,
               absl::FunctionRef<void(size_t thing)> soon,
               absl::FunctionRef<void(size_t group, size_t thing)> body) const {
    constexpr size_t kAhead = 12;
    ParallelFor(static_cast<int64_t>(ends_.size()), block, threads,
                [&](int64_t begin, int64_t end) {
                  for (int64_t group = begin; group < end; ++group) {
                    uint32_t at = group == 0 ? 0 : ends_[group - 1];
                    for (; at < ends_[group]; ++at) {
                      if (at + kAhead < things_.size()) {
                        soon(things_[at + kAhead]);
                      }
                      body(group, things_[at]);
                    }
                  }
                });
  }

 private:
  std::vector<uint32_t> things_;  // Of the first group, the second, ...
  std::vector<uint32_t> ends_;    // Of each group in things_.
};

}  // namespace usher

#endif  // USHER_INDEX_BASE_GROUPS_H_
