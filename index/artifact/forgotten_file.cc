#include "index/artifact/forgotten_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "index/base/file.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

std::string Path(const std::string& model_dir) {
  return absl::StrCat(model_dir, "/", kForgottenFile);
}

std::string Checked(absl::string_view line) {
  return absl::StrCat(line, " ", absl::Hex(Hash64(line), absl::kZeroPad16));
}

std::optional<Tombstone> Parse(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  int64_t seconds = 0;
  if (words.size() != 4 || !absl::SimpleAtoi(words[2], &seconds) ||
      Checked(absl::StrCat(words[0], " ", words[1], " ", words[2])) != line) {
    return std::nullopt;
  }
  return Tombstone{std::string(words[0]), std::string(words[1]),
                   seconds * kSecond};
}

absl::Status ErrorOf(absl::string_view path) {
  return absl::UnavailableError(
      absl::StrCat(path, ": cannot be written: ", strerror(errno)));
}

}  // namespace

absl::StatusOr<ForgottenUsers> ReadForgotten(const std::string& model_dir) {
  const absl::StatusOr<std::string> text = ReadFile(Path(model_dir));
  if (absl::IsNotFound(text.status())) return ForgottenUsers();
  RETURN_IF_ERROR(text.status());
  ForgottenUsers forgotten;
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    if (const std::optional<Tombstone> tombstone = Parse(line)) {
      forgotten.Add(*tombstone);
    }
  }
  return forgotten;
}

// One write of one line, which begins anew behind whatever the last one left.
absl::Status AddForgotten(const std::string& model_dir,
                          const Tombstone& tombstone) {
  const std::string path = Path(model_dir);
  const int file =
      open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return ErrorOf(path);
  const std::string line =
      absl::StrCat("\n",
                   Checked(absl::StrCat(tombstone.salt, " ", tombstone.hash,
                                        " ", tombstone.forgotten_at / kSecond)),
                   "\n");
  const bool written = write(file, line.data(), line.size()) ==
                           static_cast<ssize_t>(line.size()) &&
                       fsync(file) == 0;
  const absl::Status status = written ? absl::OkStatus() : ErrorOf(path);
  close(file);
  RETURN_IF_ERROR(status);
  return SyncDirectory(model_dir);
}

}  // namespace usher
