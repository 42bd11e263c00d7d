// A data file sent to the server in batches.
#ifndef USHER_SERVING_USHERCTL_UPLOAD_H_
#define USHER_SERVING_USHERCTL_UPLOAD_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "serving/usherctl/command.h"

namespace usher::ctl {

// What a line is, and where it goes.
struct Upload {
  // The repeated field of the request: "events". Also its name for people.
  std::string entries;
  // What the first line that is not blank says; null: it is a line as others.
  std::function<absl::Status(absl::string_view line)> read_header;
  // Reads a line into an entry of the request.
  std::function<absl::Status(absl::string_view line,
                             google::protobuf::Message& entry)>
      read_line;
  // One call; the server's error.
  std::function<absl::Status(const google::protobuf::Message& request)> send;
};

struct Uploaded {
  int64_t sent = 0;  // Entries that the server took.
  int64_t bad = 0;   // Lines that were left out.
};

// Sends the lines of session.file in the request, 1,000 a call or 3 MiB; what
// the request holds beside the entries stays in every call. Blank lines are
// passed over. A line that cannot be read, or that the server refuses by the
// path of its entry, is reported on session.err as "file:line: why" (the first
// 20 are) and left out; the others of its batch are sent. Stops at any other
// error, which then names the lines that are not acknowledged.
// Progress goes to session.err too.
absl::StatusOr<Uploaded> SendFile(const Upload& upload,
                                  google::protobuf::Message& request,
                                  const Session& session);

// What the help of such a command says.
inline constexpr char kOfFiles[] =
    "Lines go to the server in batches of 1,000. A bad line is reported as "
    "file:line and left out, the others are sent; the exit status is then 1. "
    "To send a file again does no harm.";

// The error of a file that had bad lines; `done` is what became of the others.
absl::Status ErrorOfBadLines(const Session& session, int64_t bad,
                             absl::string_view done);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_UPLOAD_H_
