#include "serving/usherctl/line_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace usher::ctl {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 17;
constexpr size_t kLongestLine = size_t{64} << 20;
constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

absl::StatusOr<std::unique_ptr<LineFile>> LineFile::Open(
    const std::string& path) {
  const bool standard = path == "-";
  const int descriptor =
      standard ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string name = standard ? "standard input" : path;
  struct stat about = {};
  if (descriptor < 0 || fstat(descriptor, &about) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open '", name, "'"));
  }
  gzFile file = gzdopen(descriptor, "r");
  if (file == nullptr) {
    close(descriptor);
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot open '", name, "': no memory"));
  }
  return std::unique_ptr<LineFile>(
      new LineFile(std::move(name), file,
                   S_ISREG(about.st_mode) ? int64_t{about.st_size} : 0));
}

LineFile::LineFile(std::string name, gzFile file, int64_t bytes_total)
    : name_(std::move(name)),
      file_(file),
      bytes_total_(bytes_total),
      buffer_(kBufferBytes) {}

bool LineFile::Next() {
  line_.clear();
  if (!status_.ok()) return false;
  bool found = false;
  while (!rest_.empty() || Fill()) {
    found = true;
    const size_t size = rest_.find('\n');
    absl::StrAppend(&line_, rest_.substr(0, size));
    if (line_.size() > kLongestLine) {
      Fail(absl::StrCat("line ", line_number_ + 1, " is longer than 64 MiB"));
      return false;
    }
    rest_.remove_prefix(size == absl::string_view::npos ? rest_.size()
                                                        : size + 1);
    if (size != absl::string_view::npos) break;
  }
  if (!found || !status_.ok()) return false;
  if (absl::EndsWith(line_, "\r")) line_.pop_back();
  if (++line_number_ == 1 && absl::StartsWith(line_, kByteOrderMark)) {
    line_.erase(0, kByteOrderMark.size());
  }
  return true;
}

bool LineFile::Fill() {
  errno = 0;
  const int size =
      gzread(file_, buffer_.data(), static_cast<unsigned>(buffer_.size()));
  if (size > 0) {
    rest_ = absl::string_view(buffer_.data(), static_cast<size_t>(size));
    return true;
  }
  int error = Z_OK;
  const char* why = gzerror(file_, &error);
  if (error == Z_ERRNO) {
    Fail(std::strerror(errno));
  } else if (error == Z_BUF_ERROR) {
    Fail("the end of the gzip is missing");
  } else if (error != Z_OK && error != Z_STREAM_END) {
    Fail(why);
  }
  return false;
}

void LineFile::Fail(absl::string_view why) {
  status_ = absl::InvalidArgumentError(
      absl::StrCat("cannot read '", name_, "': ", why));
}

}  // namespace usher::ctl
