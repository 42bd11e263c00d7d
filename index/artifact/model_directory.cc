#include "index/artifact/model_directory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "index/base/file.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr absl::string_view kCurrent = "CURRENT";
constexpr absl::string_view kLast = "LAST";
constexpr absl::string_view kUnfinished = ".tmp-";
constexpr int kAttempts = 100;

// An open directory; closing it ends the lock.
class Directory {
 public:
  explicit Directory(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~Directory() {
    if (fd_ >= 0) ::close(fd_);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  // `mode` is LOCK_EX, with LOCK_NB not to wait.
  bool Lock(int mode) const { return fd_ >= 0 && ::flock(fd_, mode) == 0; }
  // False when the path was removed before it was locked.
  bool Exists() const {
    struct stat info;
    return ::fstat(fd_, &info) == 0 && info.st_nlink > 0;
  }
  int Release() && { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

absl::Status ErrnoStatus(absl::string_view what, absl::string_view path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(what, " ", path));
}

// "12" is 12; anything else, "012" too, is no number of a version.
std::optional<int64_t> VersionFromText(absl::string_view text) {
  int64_t version = 0;
  if (!absl::SimpleAtoi(text, &version) || version <= 0 ||
      absl::StrCat(version) != text) {
    return std::nullopt;
  }
  return version;
}

bool IsUnfinished(absl::string_view name) {
  const size_t at = name.find(kUnfinished);
  return at != absl::string_view::npos && VersionFromText(name.substr(0, at));
}

// The names in a directory.
absl::StatusOr<std::vector<std::string>> Names(const std::string& directory) {
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  std::vector<std::string> names;
  while (!error && entry != std::filesystem::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  if (error) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot list ", directory));
  }
  return names;
}

// Unfinished directories whose lock is free: their writer is dead.
absl::Status RemoveLeftovers(const std::string& model_dir) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(model_dir));
  for (const std::string& name : names) {
    if (!IsUnfinished(name)) continue;
    const std::string path = absl::StrCat(model_dir, "/", name);
    const Directory directory(path);
    std::error_code ignored;
    if (directory.Lock(LOCK_EX | LOCK_NB)) {
      std::filesystem::remove_all(path, ignored);
    }
  }
  return absl::OkStatus();
}

// The number in a file of the directory, 0 when there is none.
int64_t NumberIn(const std::string& model_dir, absl::string_view name) {
  const absl::StatusOr<std::string> text =
      ReadFile(absl::StrCat(model_dir, "/", name));
  if (!text.ok()) return 0;
  return VersionFromText(absl::StripSuffix(*text, "\n")).value_or(0);
}

// A number that was in use is not used again, even if its files are gone: above
// all that are there, the one in use and the last one that was given away.
absl::StatusOr<int64_t> NextVersion(const std::string& model_dir) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(model_dir));
  int64_t last =
      std::max(NumberIn(model_dir, kCurrent), NumberIn(model_dir, kLast));
  for (const std::string& name : names) {
    last = std::max(last, VersionFromText(name).value_or(0));
  }
  return last + 1;
}

absl::Status WriteNumber(const std::string& model_dir, absl::string_view name,
                         int64_t version) {
  return ReplaceFile(absl::StrCat(model_dir, "/", name),
                     absl::StrCat(version, "\n"));
}

}  // namespace

std::string VersionPath(const std::string& model_dir, int64_t version) {
  return absl::StrCat(model_dir, "/", version);
}

absl::StatusOr<int64_t> CurrentVersion(const std::string& model_dir) {
  const std::string path = absl::StrCat(model_dir, "/", kCurrent);
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrCat(
        "no model version is published in ", model_dir,
        ": publish one with `usher-train train --model_dir=", model_dir, "`"));
  }
  RETURN_IF_ERROR(text.status());
  const std::optional<int64_t> version =
      VersionFromText(absl::StripSuffix(*text, "\n"));
  if (!version || !absl::EndsWith(*text, "\n")) {
    return absl::DataLossError(
        absl::StrCat(path, ": a version's number was expected"));
  }
  std::error_code ignored;
  if (!std::filesystem::is_directory(VersionPath(model_dir, *version),
                                     ignored)) {
    return absl::DataLossError(
        absl::StrCat(path, ": names version ", *version, ", but ",
                     VersionPath(model_dir, *version),
                     " is missing: write the number of a version that is there "
                     "into it"));
  }
  return *version;
}

absl::StatusOr<std::vector<int64_t>> ListVersions(
    const std::string& model_dir) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(model_dir));
  std::vector<int64_t> versions;
  for (const std::string& name : names) {
    const std::optional<int64_t> version = VersionFromText(name);
    if (version) versions.push_back(*version);
  }
  std::sort(versions.begin(), versions.end());
  return versions;
}

absl::StatusOr<UnfinishedVersion> UnfinishedVersion::Create(
    const std::string& model_dir) {
  std::error_code error;
  std::filesystem::create_directories(model_dir, error);
  if (error) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot make ", model_dir));
  }
  RETURN_IF_ERROR(RemoveLeftovers(model_dir));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    ASSIGN_OR_RETURN(const int64_t version, NextVersion(model_dir));
    std::string path = absl::StrCat(VersionPath(model_dir, version),
                                    kUnfinished, ::getpid(), "-XXXXXX");
    if (::mkdtemp(path.data()) == nullptr) {
      return ErrnoStatus("cannot make", path);
    }
    // Between the two calls another writer may take it for a leftover.
    Directory directory(path);
    if (directory.Lock(LOCK_EX | LOCK_NB) && directory.Exists()) {
      ::chmod(path.c_str(), 0755);
      return UnfinishedVersion(model_dir, path, std::move(directory).Release());
    }
  }
  return absl::UnavailableError(
      absl::StrCat("cannot lock a new directory in ", model_dir,
                   ": does its file system know flock?"));
}

UnfinishedVersion::UnfinishedVersion(UnfinishedVersion&& other) noexcept
    : model_dir_(std::move(other.model_dir_)),
      path_(std::exchange(other.path_, {})),
      lock_(std::exchange(other.lock_, -1)) {}

UnfinishedVersion::~UnfinishedVersion() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

absl::StatusOr<int64_t> UnfinishedVersion::Publish(
    absl::FunctionRef<absl::Status(int64_t version)> seal) {
  const Directory directory(model_dir_);
  if (!directory.Lock(LOCK_EX)) return ErrnoStatus("cannot lock", model_dir_);
  ASSIGN_OR_RETURN(int64_t version, NextVersion(model_dir_));
  for (const int64_t last = version + kAttempts;; ++version) {
    RETURN_IF_ERROR(seal(version));
    RETURN_IF_ERROR(SyncDirectory(path_));
    RETURN_IF_ERROR(WriteNumber(model_dir_, kLast, version));
    const std::string target = VersionPath(model_dir_, version);
    if (::rename(path_.c_str(), target.c_str()) == 0) break;
    const bool taken = errno == ENOTEMPTY || errno == EEXIST;
    if (!taken || version == last)
      return ErrnoStatus("cannot rename to", target);
  }
  path_.clear();
  RETURN_IF_ERROR(SyncDirectory(model_dir_));
  RETURN_IF_ERROR(WriteNumber(model_dir_, kCurrent, version));
  return version;
}

}  // namespace usher
