#include "serving/usherctl/upload.h"

#include <cstddef>
#include <memory>
#include <ostream>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "google/protobuf/descriptor.h"
#include "serving/usherctl/display_text.h"
#include "serving/usherctl/line_file.h"

namespace usher::ctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kBatchEntries = 1000;
constexpr size_t kBatchBytes = size_t{3} << 20;
constexpr int64_t kReportedLines = 20;
constexpr absl::Duration kBarInterval = absl::Milliseconds(100);
constexpr absl::Duration kLineInterval = absl::Seconds(5);

// How far a file is: a line that is written over, or a line now and then.
class Progress {
 public:
  explicit Progress(const Session& session)
      : err_(*session.err), in_place_(session.terminal.progress_in_place) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(const LineFile& file, int64_t sent, absl::string_view what) {
    const absl::Time now = absl::Now();
    if (now - last_ < (in_place_ ? kBarInterval : kLineInterval)) return;
    last_ = now;
    const std::string share =
        file.bytes_total() > 0
            ? absl::StrFormat(" (%.0f %%)",
                              100.0 * static_cast<double>(file.bytes_done()) /
                                  static_cast<double>(file.bytes_total()))
            : "";
    err_ << (in_place_ ? "\r\x1b[K" : "")
         << Printable(absl::StrCat(file.name(), ": ", CountText(sent), " ",
                                   what, " sent", share))
         << (in_place_ ? "" : "\n") << std::flush;
    shown_ = in_place_;
  }

  // A line that stays.
  void Line(absl::string_view text) {
    Clear();
    err_ << Printable(text) << "\n" << std::flush;
  }

 private:
  void Clear() {
    if (shown_) err_ << "\r\x1b[K" << std::flush;
    shown_ = false;
  }

  std::ostream& err_;
  const bool in_place_;
  bool shown_ = false;
  absl::Time last_ = absl::Now();
};

class Uploader {
 public:
  Uploader(const Upload& upload, const Session& session, LineFile& file,
           Message& request)
      : upload_(upload),
        file_(file),
        request_(request),
        reflection_(*request.GetReflection()),
        entries_(*request.GetDescriptor()->FindFieldByName(upload.entries)),
        progress_(session) {}

  absl::StatusOr<Uploaded> Run();

 private:
  // The line that the file is at.
  void AddLine();
  absl::Status SendBatch();
  // Takes the entry that the server's error is about out of the batch; false
  // when it is about none.
  bool LeaveOut(const absl::Status& error);
  absl::Status NotAcknowledged(const absl::Status& error) const;
  void ReportBadLine(int64_t line, absl::string_view why);

  const Upload& upload_;
  LineFile& file_;
  Message& request_;
  const Reflection& reflection_;
  const FieldDescriptor& entries_;
  Progress progress_;
  std::vector<int64_t> lines_;  // Of the entries in the request.
  size_t bytes_ = 0;            // Of them.
  Uploaded uploaded_;
};

void Uploader::ReportBadLine(int64_t line, absl::string_view why) {
  if (++uploaded_.bad <= kReportedLines) {
    progress_.Line(absl::StrCat(file_.name(), ":", line, ": ", why));
  } else if (uploaded_.bad == kReportedLines + 1) {
    progress_.Line("further bad lines are counted, not shown");
  }
}

void Uploader::AddLine() {
  Message& entry = *reflection_.AddMessage(&request_, &entries_);
  const absl::Status status = upload_.read_line(file_.line(), entry);
  if (!status.ok()) {
    reflection_.RemoveLast(&request_, &entries_);
    ReportBadLine(file_.line_number(), status.message());
    return;
  }
  lines_.push_back(file_.line_number());
  bytes_ += entry.ByteSizeLong();
}

bool Uploader::LeaveOut(const absl::Status& error) {
  absl::string_view rest = error.message();
  if (error.code() != absl::StatusCode::kInvalidArgument ||
      !absl::ConsumePrefix(&rest, absl::StrCat(upload_.entries, "["))) {
    return false;
  }
  const size_t end = rest.find(']');
  size_t index = 0;
  if (end == absl::string_view::npos ||
      !absl::SimpleAtoi(rest.substr(0, end), &index) ||
      index >= lines_.size()) {
    return false;
  }
  rest.remove_prefix(end + 1);
  absl::ConsumePrefix(&rest, ".");
  ReportBadLine(lines_[index], rest);
  lines_.erase(lines_.begin() + static_cast<ptrdiff_t>(index));
  for (size_t i = index; i < lines_.size(); ++i) {
    reflection_.SwapElements(&request_, &entries_, static_cast<int>(i),
                             static_cast<int>(i) + 1);
  }
  reflection_.RemoveLast(&request_, &entries_);
  return true;
}

absl::Status Uploader::NotAcknowledged(const absl::Status& error) const {
  const std::string before =
      uploaded_.sent == 0
          ? "nothing before them was sent"
          : absl::StrCat(CountText(uploaded_.sent, upload_.entries),
                         " before them were; to send them again does no harm");
  return absl::Status(
      error.code(),
      absl::StrCat(file_.name(), ": lines ", lines_.front(), " to ",
                   lines_.back(), " are not acknowledged: ", error.message(),
                   "; ", before));
}

absl::Status Uploader::SendBatch() {
  while (!lines_.empty()) {
    const absl::Status status = upload_.send(request_);
    if (status.ok()) break;
    if (!LeaveOut(status)) return NotAcknowledged(status);
  }
  uploaded_.sent += static_cast<int64_t>(lines_.size());
  reflection_.ClearField(&request_, &entries_);
  lines_.clear();
  bytes_ = 0;
  progress_.Update(file_, uploaded_.sent, upload_.entries);
  return absl::OkStatus();
}

absl::StatusOr<Uploaded> Uploader::Run() {
  bool header = upload_.read_header != nullptr;
  while (file_.Next()) {
    if (file_.line().find_first_not_of(" \t") == absl::string_view::npos) {
      continue;
    }
    if (std::exchange(header, false)) {
      const absl::Status status = upload_.read_header(file_.line());
      if (status.ok()) continue;
      return absl::Status(status.code(),
                          absl::StrCat(file_.name(), ":", file_.line_number(),
                                       ": ", status.message()));
    }
    AddLine();
    if (lines_.size() < kBatchEntries && bytes_ < kBatchBytes) continue;
    absl::Status status = SendBatch();
    if (!status.ok()) return status;
  }
  // What was read is sent also when the rest cannot be.
  absl::Status status = SendBatch();
  if (!status.ok()) return status;
  if (!file_.status().ok()) {
    return absl::Status(file_.status().code(),
                        absl::StrCat(file_.status().message(), "; ",
                                     CountText(uploaded_.sent, upload_.entries),
                                     " before that sent"));
  }
  if (header) {
    return absl::InvalidArgumentError(
        absl::StrCat(file_.name(), ": has no header"));
  }
  return uploaded_;
}

}  // namespace

absl::StatusOr<Uploaded> SendFile(const Upload& upload, Message& request,
                                  const Session& session) {
  const absl::StatusOr<std::unique_ptr<LineFile>> file =
      LineFile::Open(session.extras.file);
  if (!file.ok()) return file.status();
  return Uploader(upload, session, **file, request).Run();
}

absl::Status ErrorOfBadLines(const Session& session, int64_t bad,
                             absl::string_view done) {
  return absl::InvalidArgumentError(absl::StrCat(
      session.extras.file == "-" ? "standard input" : session.extras.file, ": ",
      CountText(bad, "lines"), bad == 1 ? " is" : " are",
      " bad and left out; of the others: ", done));
}

}  // namespace usher::ctl
