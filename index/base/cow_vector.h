// A vector that is cheap to publish: copies share their chunks, and a write
// copies only the chunk that it touches.
#ifndef USHER_INDEX_BASE_COW_VECTOR_H_
#define USHER_INDEX_BASE_COW_VECTOR_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace usher {

// Rows live in chunks of `kChunk`, chunks in nodes of 16. Share() gives a
// second vector with the same content in O(size / (16 * kChunk)); after it, the
// first write of either vector to a chunk copies that chunk. A chunk that was
// never written takes no memory and reads as T{}.
//
// Thread-compatible: one thread writes and calls Share(), any number of threads
// read the shared result. After Own(), several threads may write at once.
template <class T, size_t kChunk = 256>
class CowVector {
 public:
  CowVector() = default;
  CowVector(CowVector&&) noexcept = default;
  CowVector& operator=(CowVector&&) noexcept = default;

  // `size` rows at `data`, which live as long as `keep` and are never written.
  static CowVector Borrow(const T* data, size_t size,
                          std::shared_ptr<const void> keep) {
    CowVector borrowed;
    borrowed.Resize(size);
    borrowed.keep_ = std::move(keep);
    for (size_t begin = 0; begin < size; begin += kChunkRows) {
      // A last, partial chunk is copied, since rows may be added to it.
      if (size - begin < kChunkRows) {
        for (size_t i = begin; i < size; ++i) borrowed.Mutable(i) = data[i];
      } else {
        borrowed.OwnedNode(begin).chunks[ChunkOf(begin)].data =
            const_cast<T*>(data + begin);
      }
    }
    return borrowed;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  const T& operator[](size_t row) const {
    const T* chunk = nodes_[row / kNodeRows]->chunks[ChunkOf(row)].data;
    return chunk == nullptr ? Default() : chunk[row % kChunkRows];
  }

  // The row for writing. The reference is good until the next call.
  T& Mutable(size_t row) {
    Chunk& chunk = OwnedNode(row).chunks[ChunkOf(row)];
    if (chunk.owner != owner_) CopyChunk(chunk);
    return chunk.data[row % kChunkRows];
  }

  // Grows with T{}; never shrinks.
  void Resize(size_t size) {
    size_ = std::max(size_, size);
    while (nodes_.size() * kNodeRows < size_) {
      nodes_.push_back(std::make_shared<Node>());
      nodes_.back()->owner = owner_;
    }
  }

  void PushBack(T value) {
    Resize(size_ + 1);
    Mutable(size_ - 1) = std::move(value);
  }

  // Copies now what a write would copy first: until the next Resize() or
  // Share(), threads may write rows at once, each its own.
  void Own() {
    for (size_t row = 0; row < size_; row += kChunkRows) Mutable(row);
  }

  // A vector with the same rows; from now on both copy before they write.
  CowVector Share() {
    CowVector shared;
    shared.size_ = size_;
    shared.nodes_ = nodes_;
    shared.keep_ = keep_;
    owner_ = NextOwner();
    return shared;
  }

 private:
  static constexpr size_t kChunkRows = kChunk;
  // A copied node counts another owner of each of its chunks.
  static constexpr size_t kNodeChunks = 16;
  static constexpr size_t kNodeRows = kChunkRows * kNodeChunks;

  // Invariants
  //  (1) A node or chunk whose `owner` is this vector's is seen by nobody else.
  //  (2) Owner numbers are never used twice.
  //  (3) A chunk without data reads as T{}.
  struct Chunk {
    T* data = nullptr;
    std::shared_ptr<T[]> memory;
    uint64_t owner = 0;
  };
  struct Node {
    uint64_t owner = 0;
    std::array<Chunk, kNodeChunks> chunks;
  };

  static size_t ChunkOf(size_t row) { return row / kChunkRows % kNodeChunks; }
  static const T& Default() {
    static const T value{};
    return value;
  }
  static uint64_t NextOwner() {
    static std::atomic<uint64_t> next{1};
    return next.fetch_add(1, std::memory_order_relaxed);
  }

  Node& OwnedNode(size_t row) {
    std::shared_ptr<Node>& node = nodes_[row / kNodeRows];
    if (node->owner != owner_) {
      node = std::make_shared<Node>(*node);
      node->owner = owner_;
    }
    return *node;
  }

  void CopyChunk(Chunk& chunk) {
    std::shared_ptr<T[]> memory = std::make_shared<T[]>(kChunkRows);
    if (chunk.data != nullptr) {
      std::copy(chunk.data, chunk.data + kChunkRows, memory.get());
    }
    chunk.data = memory.get();
    chunk.memory.swap(memory);
    chunk.owner = owner_;
  }

  size_t size_ = 0;
  uint64_t owner_ = NextOwner();
  std::vector<std::shared_ptr<Node>> nodes_;
  std::shared_ptr<const void> keep_;
};

}  // namespace usher

#endif  // USHER_INDEX_BASE_COW_VECTOR_H_
