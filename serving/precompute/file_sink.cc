#include "serving/precompute/file_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "index/base/file.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

// A sync and a rename each.
constexpr Micros kJournalPeriod = kSecond;
constexpr int kGzipWindow = 15 + 16;  // zlib: 15 bits, and gzip's header.
constexpr int kGzipMemory = 8;

std::string JournalPath(const std::string& path) {
  return absl::StrCat(path, ".journal");
}
std::string UnfinishedPath(const std::string& path) {
  return absl::StrCat(path, ".unfinished");
}

}  // namespace

std::string GzipMember(absl::string_view bytes) {
  z_stream stream = {};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kGzipMemory,
               Z_DEFAULT_STRATEGY);
  std::string member(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(member.data());
  stream.avail_out = static_cast<uInt>(member.size());
  deflate(&stream, Z_FINISH);
  member.resize(stream.total_out);
  deflateEnd(&stream);
  return member;
}

FileSink::FileSink(std::string path, int file)
    : path_(std::move(path)), file_(file) {}

FileSink::~FileSink() { close(file_); }

absl::Status FileSink::Failed(absl::string_view what) const {
  const std::string text = absl::StrCat(
      "cannot ", what, " ", UnfinishedPath(path_), ": ", strerror(errno));
  return errno == ENOSPC ? absl::ResourceExhaustedError(text)
                         : absl::UnavailableError(text);
}

absl::StatusOr<std::unique_ptr<ListSink>> FileSink::Open(
    const std::string& path) {
  const int file =
      open(UnfinishedPath(path).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot write ", UnfinishedPath(path), ": ", strerror(errno)));
  }
  auto sink = absl::WrapUnique(new FileSink(path, file));
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": another usher-precompute is writing it"));
  }
  return std::unique_ptr<ListSink>(std::move(sink));
}

absl::StatusOr<std::optional<BatchJournal>> FileSink::Unfinished() {
  const absl::StatusOr<std::string> text = ReadFile(JournalPath(path_));
  if (!text.ok()) return std::nullopt;
  std::optional<BatchJournal> journal = ParseBatchJournal(*text);
  const off_t size = lseek(file_, 0, SEEK_END);
  if (journal.has_value() && size < journal->bytes) return std::nullopt;
  return journal;
}

absl::Status FileSink::Begin(const BatchJournal& journal) {
  bytes_ = journal.bytes;
  if (ftruncate(file_, bytes_) != 0 || lseek(file_, bytes_, SEEK_SET) < 0) {
    return Failed("cut");
  }
  return ReplaceFile(JournalPath(path_), BatchJournalText(journal));
}

absl::Status FileSink::Write(absl::Span<const EncodedList> lists,
                             BatchJournal journal) {
  std::string text;
  for (const EncodedList& list : lists) absl::StrAppend(&text, list.bytes);
  if (absl::EndsWith(path_, ".gz") && !text.empty()) text = GzipMember(text);
  for (absl::string_view rest = text; !rest.empty();) {
    const ssize_t written = write(file_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write");
    rest.remove_prefix(static_cast<size_t>(written));
  }
  bytes_ += static_cast<int64_t>(text.size());
  const Micros now = Clock::System().Now();
  if (journal_kept_ != kNoTime && now < journal_kept_ + kJournalPeriod) {
    return absl::OkStatus();
  }
  journal_kept_ = now;
  journal.bytes = bytes_;
  if (fdatasync(file_) != 0) return Failed("sync");
  return ReplaceFile(JournalPath(path_), BatchJournalText(journal));
}

absl::Status FileSink::Finish() {
  if (fsync(file_) != 0) return Failed("sync");
  if (std::rename(UnfinishedPath(path_).c_str(), path_.c_str()) != 0) {
    return Failed("rename");
  }
  unlink(JournalPath(path_).c_str());
  const std::string folder = std::filesystem::path(path_).parent_path();
  return SyncDirectory(folder.empty() ? "." : folder);
}

}  // namespace usher
