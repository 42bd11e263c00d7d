// Named flat arrays in one file, used where they lie in the mapped file.
//
// Layout, little-endian:
//   header      64 bytes: magic "usherflt", uint32 layout version, uint32
//               number of sections, uint64 offset of the table of contents,
//               uint64 size of the file, zeros
//   payloads    each begins at a multiple of 64 bytes, zeros between
//   contents    64 bytes a section: name (40 bytes, zeros behind), uint64
//               offset, uint64 number of elements, uint64 size of an element
//
// A list column is two sections: "x.offsets" (rows + 1 ascending uint64, the
// first 0) and "x" (the values). A table of ids is a list column of bytes.
#ifndef USHER_INDEX_ARTIFACT_FLAT_FILE_H_
#define USHER_INDEX_ARTIFACT_FLAT_FILE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/base/cow_vector.h"
#include "index/base/file.h"
#include "index/base/list_column.h"
#include "index/catalog/id_map.h"

namespace usher {

// Writes one file, section after section, without holding it in memory. The
// first error is kept and returned by Finish(). Single-threaded.
class FlatFileWriter {
 public:
  explicit FlatFileWriter(const std::string& path);
  ~FlatFileWriter();
  FlatFileWriter(const FlatFileWriter&) = delete;
  FlatFileWriter& operator=(const FlatFileWriter&) = delete;

  template <class T>
  void Array(absl::string_view name, absl::Span<const T> values) {
    Begin(name, sizeof(T));
    Append(values.data(), values.size());
  }
  template <class T>
  void Column(absl::string_view name, const CowVector<T>& values) {
    static_assert(std::is_trivially_copyable_v<T>);
    Begin(name, sizeof(T));
    for (size_t row = 0; row < values.size(); ++row) Append(&values[row], 1);
  }
  template <class T>
  void Lists(absl::string_view name, const ListColumn<T>& lists) {
    std::vector<uint64_t> offsets(lists.size() + 1, 0);
    Begin(name, sizeof(T));
    for (size_t row = 0; row < lists.size(); ++row) {
      Append(lists[row].data(), lists[row].size());
      offsets[row + 1] = offsets[row] + lists[row].size();
    }
    WriteOffsets(name, offsets);
  }
  // The ids of rows [0, rows).
  void Ids(absl::string_view name, const IdMap& ids, size_t rows);
  void Bytes(absl::string_view name, absl::string_view bytes);

  // A section in pieces: Begin, then any number of Append.
  void Begin(absl::string_view name, size_t element_size);
  void Append(const void* elements, size_t count);

  // Writes the table of contents and syncs the file to disk.
  absl::Status Finish();

 private:
  struct Section {
    std::string name;
    uint64_t offset = 0;
    uint64_t count = 0;
    uint64_t element_size = 0;
  };

  void WriteOffsets(absl::string_view name, absl::Span<const uint64_t> offsets);
  void Pad();
  void Write(const void* data, size_t size);
  void Fail();

  std::string path_;
  std::FILE* file_;
  uint64_t position_ = 0;
  std::vector<Section> sections_;
  absl::Status status_;
};

// A list column of a file. The memory belongs to the file.
template <class T>
struct FlatLists {
  absl::Span<const uint64_t> offsets;  // rows() + 1, ascending from 0.
  absl::Span<const T> values;          // offsets.back() of them.

  size_t rows() const { return offsets.size() - 1; }
};

// A mapped file of sections, distrusted: every error is DataLoss and names the
// file and the section. Immutable; what it returns lives as long as keep().
class FlatFile {
 public:
  // Checks the header and the table of contents. `name` is for messages.
  static absl::StatusOr<FlatFile> Open(std::string name,
                                       std::shared_ptr<const MappedFile> file);

  const std::string& name() const { return name_; }
  const std::shared_ptr<const MappedFile>& keep() const { return file_; }

  bool Has(absl::string_view name) const;

  template <class T>
  absl::StatusOr<absl::Span<const T>> Array(absl::string_view name) const {
    static_assert(std::is_trivially_copyable_v<T>);
    absl::StatusOr<Payload> payload = Find(name, sizeof(T));
    if (!payload.ok()) return payload.status();
    return absl::Span<const T>(reinterpret_cast<const T*>(payload->data),
                               payload->count);
  }
  template <class T>
  absl::StatusOr<FlatLists<T>> Lists(absl::string_view name) const {
    absl::StatusOr<absl::Span<const T>> values = Array<T>(name);
    if (!values.ok()) return values.status();
    absl::StatusOr<absl::Span<const uint64_t>> offsets =
        Offsets(name, values->size());
    if (!offsets.ok()) return offsets.status();
    return FlatLists<T>{*offsets, *values};
  }
  absl::StatusOr<absl::string_view> Bytes(absl::string_view name) const;

  // Borrowed containers. ReadIds() builds the hash table of the ids.
  template <class T>
  CowVector<T> Borrow(absl::Span<const T> values) const {
    return CowVector<T>::Borrow(values.data(), values.size(), file_);
  }
  template <class T>
  ListColumn<T> Borrow(const FlatLists<T>& lists) const {
    return ListColumn<T>::Borrow(lists.offsets.data(), lists.values.data(),
                                 lists.rows(), file_);
  }
  absl::StatusOr<std::shared_ptr<IdMap>> ReadIds(absl::string_view name) const;

  // DataLoss: "file: section name: what".
  absl::Status Damaged(absl::string_view section, absl::string_view what) const;

 private:
  struct Section {
    absl::string_view name;
    uint64_t offset;
    uint64_t count;
    uint64_t element_size;
  };
  struct Payload {
    const char* data;
    size_t count;
  };

  FlatFile(std::string name, std::shared_ptr<const MappedFile> file)
      : name_(std::move(name)), file_(std::move(file)) {}

  absl::Status ReadContents();
  absl::StatusOr<Payload> Find(absl::string_view name,
                               size_t element_size) const;
  absl::StatusOr<absl::Span<const uint64_t>> Offsets(absl::string_view name,
                                                     size_t values) const;

  std::string name_;
  std::shared_ptr<const MappedFile> file_;
  std::vector<Section> sections_;
};

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_FLAT_FILE_H_
