// A batch of lists as a file of lines.
#ifndef USHER_SERVING_PRECOMPUTE_FILE_SINK_H_
#define USHER_SERVING_PRECOMPUTE_FILE_SINK_H_

#include <cstdint>
#include <memory>
#include <string>

#include "index/base/clock.h"
#include "serving/precompute/list_sink.h"

namespace usher {

// PATH.unfinished grows, PATH.journal says how much of it is good, and
// Finish() gives it its name. With a name that ends in ".gz" every Write() is a
// gzip member of its own, which together are one gzip file.
class FileSink final : public ListSink {
 public:
  // FailedPrecondition when another run is writing the file.
  static absl::StatusOr<std::unique_ptr<ListSink>> Open(
      const std::string& path);
  ~FileSink() override;

  absl::StatusOr<std::optional<BatchJournal>> Unfinished() override;
  absl::Status Begin(const BatchJournal& journal) override;
  absl::Status Write(absl::Span<const EncodedList> lists,
                     BatchJournal journal) override;
  absl::Status Finish() override;

 private:
  FileSink(std::string path, int file);
  absl::Status Failed(absl::string_view what) const;

  const std::string path_;
  const int file_;
  int64_t bytes_ = 0;
  Micros journal_kept_ = kNoTime;  // By the clock.
};

// One gzip member.
std::string GzipMember(absl::string_view bytes);

}  // namespace usher

#endif  // USHER_SERVING_PRECOMPUTE_FILE_SINK_H_
