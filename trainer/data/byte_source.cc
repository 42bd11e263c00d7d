#include "trainer/data/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr size_t kCompressedBlock = size_t{256} << 10;
constexpr int kGzipWindow = 15 + 16;  // 32 KiB and a gzip header (zlib.h).

class PlainSource final : public ByteSource {
 public:
  PlainSource(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~PlainSource() override { ::close(fd_); }

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    size_t filled = 0;
    while (filled < size) {
      const ssize_t got = ::read(fd_, buffer + filled, size - filled);
      if (got == 0) break;
      if (got < 0) {
        if (errno == EINTR) continue;
        return absl::InternalError(
            absl::StrCat(path_, ": cannot read: ", std::strerror(errno)));
      }
      filled += static_cast<size_t>(got);
    }
    done_ += static_cast<int64_t>(filled);
    return filled;
  }
  int64_t bytes_done() const override { return done_; }

 private:
  std::string path_;
  int fd_;
  int64_t done_ = 0;
};

class GzipSource final : public ByteSource {
 public:
  GzipSource(std::string path, std::unique_ptr<ByteSource> file)
      : path_(std::move(path)),
        file_(std::move(file)),
        input_(kCompressedBlock) {
    ready_ = inflateInit2(&stream_, kGzipWindow) == Z_OK;
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    if (!ready_) return absl::InternalError("zlib could not be started");
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(size);
    while (stream_.avail_out > 0) {
      ASSIGN_OR_RETURN(const bool more, MoreInput());
      if (!more) {
        if (between_members_) break;
        return absl::DataLossError(absl::StrCat(
            path_, ": the gzip file is cut off; copy or compress it again"));
      }
      RETURN_IF_ERROR(InflateSome());
    }
    return size - stream_.avail_out;
  }
  int64_t bytes_done() const override { return file_->bytes_done(); }

 private:
  // False when all of the file was consumed.
  absl::StatusOr<bool> MoreInput() {
    if (stream_.avail_in > 0) return true;
    ASSIGN_OR_RETURN(const size_t got,
                     file_->Read(input_.data(), input_.size()));
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<uInt>(got);
    return got > 0;
  }

  absl::Status InflateSome() {
    between_members_ = false;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_OK || result == Z_BUF_ERROR) return absl::OkStatus();
    if (result == Z_STREAM_END) {
      between_members_ = true;
      if (inflateReset(&stream_) == Z_OK) return absl::OkStatus();
    }
    return absl::DataLossError(
        absl::StrCat(path_, ": not a sound gzip file (",
                     stream_.msg == nullptr ? "zlib gave up" : stream_.msg,
                     "); copy or compress it again"));
  }

  std::string path_;
  std::unique_ptr<ByteSource> file_;
  std::vector<char> input_;
  z_stream stream_ = {};
  bool ready_ = false;
  bool between_members_ = false;
};

}  // namespace

absl::StatusOr<OpenedFile> OpenBytes(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const std::string message =
        absl::StrCat(path, ": cannot open: ", std::strerror(errno));
    return errno == ENOENT ? absl::NotFoundError(message)
                           : absl::InternalError(message);
  }
  std::unique_ptr<ByteSource> source = std::make_unique<PlainSource>(path, fd);
  struct stat info;
  if (::fstat(fd, &info) != 0) {
    return absl::InternalError(
        absl::StrCat(path, ": cannot stat: ", std::strerror(errno)));
  }
  if (S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is a directory, not a file"));
  }
  if (S_ISREG(info.st_mode) && info.st_size == 0) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is empty"));
  }
  if (absl::EndsWith(path, ".gz")) {
    source = std::make_unique<GzipSource>(path, std::move(source));
  }
  return OpenedFile{std::move(source), static_cast<int64_t>(info.st_size)};
}

}  // namespace usher
