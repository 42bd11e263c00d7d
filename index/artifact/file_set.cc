#include "index/artifact/file_set.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/base/hash.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

absl::StatusOr<std::shared_ptr<const MappedFile>> OpenChecked(
    const std::string& path, const FileEntry& entry) {
  absl::StatusOr<std::shared_ptr<const MappedFile>> file =
      MappedFile::Open(path);
  if (!file.ok()) {
    return absl::DataLossError(absl::StrCat(
        path, ": the manifest names it, but ", file.status().message()));
  }
  const absl::string_view bytes = (*file)->bytes();
  if (static_cast<int64_t>(bytes.size()) != entry.size) {
    return absl::DataLossError(absl::StrCat(path, ": ", bytes.size(),
                                            " bytes, but the manifest says ",
                                            entry.size));
  }
  if (const uint64_t checksum = Hash64(bytes); checksum != entry.checksum) {
    return absl::DataLossError(
        absl::StrFormat("%s: checksum %016x, but the manifest says %016x", path,
                        checksum, entry.checksum));
  }
  return file;
}

}  // namespace

absl::StatusOr<FileSet> FileSet::Open(std::string directory,
                                      absl::Span<const FileEntry> entries,
                                      int threads) {
  FileSet set;
  set.directory_ = std::move(directory);
  set.files_.resize(entries.size());
  std::vector<absl::Status> statuses(entries.size());
  ParallelFor(static_cast<int64_t>(entries.size()), 1, threads,
              [&](int64_t begin, int64_t) {
                const FileEntry& entry = entries[begin];
                absl::StatusOr<std::shared_ptr<const MappedFile>> file =
                    OpenChecked(set.Path(entry.name), entry);
                statuses[begin] = file.status();
                if (file.ok()) {
                  set.files_[begin] = {entry.name, *std::move(file)};
                }
              });
  for (const absl::Status& status : statuses) RETURN_IF_ERROR(status);
  return set;
}

absl::StatusOr<std::shared_ptr<const MappedFile>> FileSet::Get(
    absl::string_view name) const {
  for (const File& file : files_) {
    if (file.name == name) return file.mapped;
  }
  return absl::DataLossError(
      absl::StrCat(Path(name), ": the manifest does not name this file"));
}

absl::StatusOr<FlatFile> FileSet::Flat(absl::string_view name) const {
  ASSIGN_OR_RETURN(std::shared_ptr<const MappedFile> mapped, Get(name));
  return FlatFile::Open(Path(name), std::move(mapped));
}

std::string FileSet::Path(absl::string_view name) const {
  return absl::StrCat(directory_, "/", name);
}

absl::StatusOr<FileEntry> EntryOf(const std::string& directory,
                                  absl::string_view name) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> file,
                   MappedFile::Open(absl::StrCat(directory, "/", name)));
  return FileEntry{std::string(name),
                   static_cast<int64_t>(file->bytes().size()),
                   Hash64(file->bytes())};
}

}  // namespace usher
