#include "index/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

absl::Status ErrnoStatus(absl::string_view what, absl::string_view path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(what, " ", path));
}

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const MappedFile>> MappedFile::Open(
    const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return ErrnoStatus("cannot open", path);
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus("cannot stat", path);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not a file"));
  }
  const size_t size = static_cast<size_t>(info.st_size);
  const char* data = nullptr;
  if (size > 0) {
    void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (mapped == MAP_FAILED) return ErrnoStatus("cannot map", path);
    data = static_cast<const char*>(mapped);
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(data, size));
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> file,
                   MappedFile::Open(path));
  return std::string(file->bytes());
}

absl::Status WriteFileSynced(const std::string& path, absl::string_view bytes) {
  const Descriptor fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (fd.get() < 0) return ErrnoStatus("cannot create", path);
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus("cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(fd.get()) != 0) return ErrnoStatus("cannot sync", path);
  return absl::OkStatus();
}

absl::Status ReplaceFile(const std::string& path, absl::string_view bytes) {
  const std::string temporary = absl::StrCat(path, ".tmp", ::getpid());
  RETURN_IF_ERROR(WriteFileSynced(temporary, bytes));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return ErrnoStatus("cannot rename to", path);
  }
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return SyncDirectory(parent.empty() ? "." : parent);
}

absl::Status CheckWritable(const std::string& directory) {
  std::filesystem::path path = directory.empty() ? "." : directory;
  std::error_code error;
  while (!std::filesystem::exists(path, error) && path.has_relative_path()) {
    path = path.has_parent_path() ? path.parent_path() : ".";
  }
  std::string probe = (path / ".usher-XXXXXX").string();
  const Descriptor fd(::mkstemp(probe.data()));
  if (fd.get() < 0) {
    return ErrnoStatus("cannot write to", directory);
  }
  ::unlink(probe.c_str());
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return ErrnoStatus("cannot open directory", path);
  if (::fsync(fd.get()) != 0) return ErrnoStatus("cannot sync", path);
  return absl::OkStatus();
}

}  // namespace usher
