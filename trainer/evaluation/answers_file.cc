#include "trainer/evaluation/answers_file.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace usher {
namespace {

// An id as a JSON text.
void AppendQuoted(std::string* out, const std::string& id) {
  *out += '"';
  for (const char c : id) {
    if (c == '"' || c == '\\') *out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(out, "\\u%04x", c);
    } else {
      *out += c;
    }
  }
  *out += '"';
}

}  // namespace

AnswersFile::AnswersFile(const std::string& path)
    : path_(path), file_(path, std::ios::trunc) {}

void AnswersFile::Add(const ReplayQuery& query,
                      const std::vector<std::string>& list) {
  file_ << "{\"n\": " << query.number << ", \"events\": ["
        << absl::StrJoin(list, ", ", AppendQuoted) << "]}\n";
}

absl::Status AnswersFile::Finish() {
  file_.close();
  return file_ ? absl::OkStatus()
               : absl::InternalError(absl::StrCat("cannot write ", path_));
}

}  // namespace usher
