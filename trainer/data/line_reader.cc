#include "trainer/data/line_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr size_t kBlock = size_t{1} << 20;
constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

LineReader::LineReader(std::string path, std::unique_ptr<ByteSource> source,
                       int64_t bytes_total)
    : path_(std::move(path)),
      source_(std::move(source)),
      bytes_total_(bytes_total) {}

absl::StatusOr<LineReader> LineReader::Open(const std::string& path) {
  ASSIGN_OR_RETURN(OpenedFile file, OpenBytes(path));
  LineReader reader(path, std::move(file.source), file.bytes_total);
  if (!reader.Refill()) {
    RETURN_IF_ERROR(reader.status_);
    return absl::InvalidArgumentError(absl::StrCat(path, ": is empty"));
  }
  if (absl::StartsWith(absl::string_view(reader.buffer_.data(), reader.end_),
                       kByteOrderMark)) {
    reader.begin_ = kByteOrderMark.size();
  }
  return reader;
}

bool LineReader::Refill() {
  if (exhausted_ || !status_.ok()) return false;
  const size_t left = end_ - begin_;
  if (begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, left);
  begin_ = 0;
  end_ = left;
  if (buffer_.size() < left + kBlock + kPadding) {
    buffer_.resize(left + kBlock + kPadding);
  }
  const absl::StatusOr<size_t> got = source_->Read(&buffer_[end_], kBlock);
  if (!got.ok()) {
    status_ = got.status();
    return false;
  }
  exhausted_ = *got < kBlock;
  if (*got == 0) return false;
  fingerprint_ = Hash64(absl::string_view(&buffer_[end_], *got), fingerprint_);
  end_ += *got;
  return true;
}

bool LineReader::Next() {
  if (!status_.ok()) return false;
  size_t searched = 0;
  const char* newline = nullptr;
  while (true) {
    const char* begin = buffer_.data() + begin_;
    const size_t size = end_ - begin_;
    newline = static_cast<const char*>(
        std::memchr(begin + searched, '\n', size - searched));
    if (newline != nullptr) break;
    searched = size;
    if (size > kMaxLineBytes) status_ = TooLong();
    if (status_.ok() && Refill()) continue;
    if (!status_.ok() || begin_ == end_) return false;
    newline = buffer_.data() + end_;
    break;
  }
  const char* begin = buffer_.data() + begin_;
  size_t size = static_cast<size_t>(newline - begin);
  begin_ = std::min(begin_ + size + 1, end_);
  if (size > kMaxLineBytes) {
    status_ = TooLong();
    return false;
  }
  if (size > 0 && begin[size - 1] == '\r') --size;
  line_ = absl::string_view(begin, size);
  ++line_number_;
  return true;
}

absl::Status LineReader::TooLong() const {
  return absl::InvalidArgumentError(
      absl::StrCat(path_, ":", line_number_ + 1, ": a line of more than ",
                   kMaxLineBytes, " bytes; is this a text file?"));
}

}  // namespace usher
