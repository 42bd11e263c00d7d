#include "index/artifact/flat_file.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr char kMagic[8] = {'u', 's', 'h', 'e', 'r', 'f', 'l', 't'};
constexpr uint32_t kLayoutVersion = 1;
constexpr uint64_t kAlignment = 64;
constexpr size_t kNameSize = 40;
constexpr uint32_t kMaxSections = 1024;
constexpr size_t kBufferBytes = size_t{1} << 20;

struct Header {
  char magic[8];
  uint32_t layout_version;
  uint32_t sections;
  uint64_t contents;
  uint64_t file_size;
  char zeros[32];
};
static_assert(sizeof(Header) == kAlignment);

struct Entry {
  char name[kNameSize];
  uint64_t offset;
  uint64_t count;
  uint64_t element_size;
};
static_assert(sizeof(Entry) == 64);

std::string OffsetsName(absl::string_view name) {
  return absl::StrCat(name, ".offsets");
}

}  // namespace

FlatFileWriter::FlatFileWriter(const std::string& path)
    : path_(path), file_(std::fopen(path.c_str(), "wbe")) {
  if (file_ == nullptr) {
    Fail();
    return;
  }
  std::setvbuf(file_, nullptr, _IOFBF, kBufferBytes);
  const Header header = {};
  Write(&header, sizeof(header));
}

FlatFileWriter::~FlatFileWriter() {
  if (file_ != nullptr) std::fclose(file_);
}

void FlatFileWriter::Fail() {
  if (!status_.ok()) return;
  status_ = absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path_));
}

void FlatFileWriter::Write(const void* data, size_t size) {
  if (!status_.ok() || size == 0) return;
  if (std::fwrite(data, 1, size, file_) != size) return Fail();
  position_ += size;
}

void FlatFileWriter::Pad() {
  static constexpr std::array<char, kAlignment> kZeros{};
  Write(kZeros.data(), (kAlignment - position_ % kAlignment) % kAlignment);
}

void FlatFileWriter::Begin(absl::string_view name, size_t element_size) {
  USHER_CHECK(name.size() < kNameSize);
  Pad();
  sections_.push_back({std::string(name), position_, 0, element_size});
}

void FlatFileWriter::Append(const void* elements, size_t count) {
  Section& section = sections_.back();
  section.count += count;
  Write(elements, count * section.element_size);
}

void FlatFileWriter::WriteOffsets(absl::string_view name,
                                  absl::Span<const uint64_t> offsets) {
  Array(OffsetsName(name), offsets);
}

void FlatFileWriter::Ids(absl::string_view name, const IdMap& ids,
                         size_t rows) {
  std::vector<uint64_t> offsets(rows + 1, 0);
  Begin(name, 1);
  for (size_t row = 0; row < rows; ++row) {
    const absl::string_view id = ids.Name(static_cast<int32_t>(row));
    Append(id.data(), id.size());
    offsets[row + 1] = offsets[row] + id.size();
  }
  WriteOffsets(name, offsets);
}

void FlatFileWriter::Bytes(absl::string_view name, absl::string_view bytes) {
  Begin(name, 1);
  Append(bytes.data(), bytes.size());
}

absl::Status FlatFileWriter::Finish() {
  Pad();
  Header header = {};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.layout_version = kLayoutVersion;
  header.sections = static_cast<uint32_t>(sections_.size());
  header.contents = position_;
  for (const Section& section : sections_) {
    Entry entry = {};
    std::memcpy(entry.name, section.name.data(), section.name.size());
    entry.offset = section.offset;
    entry.count = section.count;
    entry.element_size = section.element_size;
    Write(&entry, sizeof(entry));
  }
  header.file_size = position_;
  if (status_.ok() && std::fseek(file_, 0, SEEK_SET) != 0) Fail();
  Write(&header, sizeof(header));
  if (status_.ok() && (std::fflush(file_) != 0 || fsync(fileno(file_)) != 0)) {
    Fail();
  }
  return status_;
}

absl::StatusOr<FlatFile> FlatFile::Open(
    std::string name, std::shared_ptr<const MappedFile> file) {
  FlatFile flat(std::move(name), std::move(file));
  RETURN_IF_ERROR(flat.ReadContents());
  return flat;
}

absl::Status FlatFile::Damaged(absl::string_view section,
                               absl::string_view what) const {
  return absl::DataLossError(
      absl::StrCat(name_, ": section ", section, ": ", what));
}

absl::Status FlatFile::ReadContents() {
  const absl::string_view bytes = file_->bytes();
  Header header = {};
  if (bytes.size() < sizeof(header)) return Damaged("header", "cut off");
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) {
    return Damaged("header", "this is no file of flat arrays");
  }
  if (header.layout_version != kLayoutVersion) {
    return Damaged("header",
                   absl::StrCat("layout version ", header.layout_version,
                                " instead of ", kLayoutVersion));
  }
  if (header.file_size != bytes.size() || header.sections > kMaxSections ||
      header.contents < sizeof(header) || header.contents > bytes.size() ||
      bytes.size() - header.contents != header.sections * sizeof(Entry)) {
    return Damaged("header", "sizes do not fit the file");
  }
  for (uint32_t i = 0; i < header.sections; ++i) {
    const char* at = bytes.data() + header.contents + i * sizeof(Entry);
    Entry entry;
    std::memcpy(&entry, at, sizeof(entry));
    const absl::string_view name(at, strnlen(at, kNameSize));
    if (entry.offset % kAlignment != 0 || entry.offset > header.contents ||
        entry.element_size == 0 ||
        entry.count > (header.contents - entry.offset) / entry.element_size) {
      return Damaged(name, "lies outside the file");
    }
    sections_.push_back({name, entry.offset, entry.count, entry.element_size});
  }
  return absl::OkStatus();
}

bool FlatFile::Has(absl::string_view name) const {
  return std::any_of(
      sections_.begin(), sections_.end(),
      [&](const Section& section) { return section.name == name; });
}

absl::StatusOr<FlatFile::Payload> FlatFile::Find(absl::string_view name,
                                                 size_t element_size) const {
  for (const Section& section : sections_) {
    if (section.name != name) continue;
    if (section.element_size != element_size) {
      return Damaged(name, absl::StrCat("elements of ", section.element_size,
                                        " bytes instead of ", element_size));
    }
    return Payload{file_->bytes().data() + section.offset, section.count};
  }
  return Damaged(name, "missing");
}

absl::StatusOr<absl::Span<const uint64_t>> FlatFile::Offsets(
    absl::string_view name, size_t values) const {
  const std::string section = OffsetsName(name);
  ASSIGN_OR_RETURN(const absl::Span<const uint64_t> offsets,
                   Array<uint64_t>(section));
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != values) {
    return Damaged(section, "does not span the values");
  }
  bool ascending = true;
  for (size_t row = 1; row < offsets.size(); ++row) {
    ascending &= offsets[row - 1] <= offsets[row];
  }
  if (!ascending) return Damaged(section, "not ascending");
  return offsets;
}

absl::StatusOr<absl::string_view> FlatFile::Bytes(
    absl::string_view name) const {
  ASSIGN_OR_RETURN(const absl::Span<const char> bytes, Array<char>(name));
  return absl::string_view(bytes.data(), bytes.size());
}

absl::StatusOr<std::shared_ptr<IdMap>> FlatFile::ReadIds(
    absl::string_view name) const {
  ASSIGN_OR_RETURN(const FlatLists<char> ids, Lists<char>(name));
  if (ids.rows() > INT32_MAX) return Damaged(name, "too many rows");
  return std::make_shared<IdMap>(ids.offsets.data(), ids.values.data(),
                                 ids.rows(), file_);
}

}  // namespace usher
