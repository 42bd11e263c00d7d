#include "trainer/data/csv_reader.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "index/base/status_macros.h"
#include "trainer/data/read_report.h"

namespace usher {
namespace {

// A quote that is never closed must not swallow the file.
constexpr size_t kMaxRecordBytes = size_t{1} << 20;

}  // namespace

absl::StatusOr<CsvReader> CsvReader::Open(const std::string& path) {
  ASSIGN_OR_RETURN(LineReader lines, LineReader::Open(path));
  CsvReader reader(std::move(lines));
  if (!reader.NextRecord()) {
    RETURN_IF_ERROR(reader.status());
    return absl::InvalidArgumentError(absl::StrCat(path, ": has no header"));
  }
  if (!reader.problem_.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", reader.line_, ": header: ", reader.problem_));
  }
  for (const absl::string_view name : reader.fields_) {
    if (reader.Column(name) >= 0) {
      return absl::InvalidArgumentError(absl::StrCat(path, ":", reader.line_,
                                                     ": the header has column ",
                                                     Quoted(name), " twice"));
    }
    reader.columns_.emplace_back(name);
  }
  return reader;
}

int CsvReader::Column(absl::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  return found == columns_.end() ? -1
                                 : static_cast<int>(found - columns_.begin());
}

absl::StatusOr<std::vector<int>> CsvReader::Require(
    absl::Span<const absl::string_view> names) const {
  std::vector<int> columns;
  std::vector<absl::string_view> missing;
  for (const absl::string_view name : names) {
    columns.push_back(Column(name));
    if (columns.back() < 0) missing.push_back(name);
  }
  if (missing.empty()) return columns;
  return absl::InvalidArgumentError(
      absl::StrCat(reader_.path(), ": the header lacks column ",
                   absl::StrJoin(missing, ", "), "; needed are ",
                   absl::StrJoin(names, ",")));
}

bool CsvReader::Next() {
  if (!NextRecord()) return false;
  if (problem_.empty() && fields_.size() != columns_.size()) {
    problem_ = absl::StrCat(fields_.size(), " fields where the header has ",
                            columns_.size());
  }
  return true;
}

bool CsvReader::NextRecord() {
  do {
    if (!reader_.Next()) return false;
  } while (reader_.line().empty());
  line_ = reader_.line_number();
  problem_.clear();
  fields_.clear();
  const absl::string_view line = reader_.line();
  if (std::memchr(line.data(), '"', line.size()) == nullptr) {
    SplitPlain(line);
  } else {
    SplitQuoted();
  }
  return status().ok();
}

void CsvReader::SplitPlain(absl::string_view line) {
  const char* at = line.data();
  const char* end = at + line.size();
  while (true) {
    const void* comma = std::memchr(at, ',', static_cast<size_t>(end - at));
    const char* stop = comma == nullptr ? end : static_cast<const char*>(comma);
    fields_.emplace_back(at, static_cast<size_t>(stop - at));
    if (comma == nullptr) return;
    at = stop + 1;
  }
}

void CsvReader::SplitQuoted() {
  text_.clear();
  ends_.clear();
  rest_ = reader_.line();
  while (TakeField()) {
  }
  size_t begin = 0;
  for (const size_t end : ends_) {
    fields_.push_back(absl::string_view(text_).substr(begin, end - begin));
    begin = end;
  }
}

bool CsvReader::TakeField() {
  if (!rest_.empty() && rest_[0] == '"') {
    if (!TakeQuotedField()) return false;
  } else {
    const absl::string_view field = rest_.substr(0, rest_.find(','));
    if (field.find('"') != absl::string_view::npos) {
      problem_ = "a quote within a field that does not begin with one";
      return false;
    }
    text_.append(field.data(), field.size());
    rest_.remove_prefix(field.size());
  }
  ends_.push_back(text_.size());
  if (rest_.empty()) return false;
  if (rest_[0] != ',') {
    problem_ = "text after the closing quote of a field";
    return false;
  }
  rest_.remove_prefix(1);
  return true;
}

bool CsvReader::TakeQuotedField() {
  rest_.remove_prefix(1);
  while (true) {
    const size_t quote = rest_.find('"');
    const absl::string_view part = rest_.substr(0, quote);
    text_.append(part.data(), part.size());
    if (quote == absl::string_view::npos) {
      if (text_.size() > kMaxRecordBytes || !reader_.Next()) {
        problem_ = "a quote that is not closed";
        return false;
      }
      text_.push_back('\n');
      rest_ = reader_.line();
      continue;
    }
    rest_.remove_prefix(quote + 1);
    if (rest_.empty() || rest_[0] != '"') return true;
    text_.push_back('"');
    rest_.remove_prefix(1);
  }
}

}  // namespace usher
