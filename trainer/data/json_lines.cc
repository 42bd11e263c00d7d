#include "trainer/data/json_lines.h"

#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "trainer/data/id_rules.h"
#include "trainer/data/line_reader.h"
#include "trainer/data/time_text.h"

namespace usher {
namespace {

static_assert(LineReader::kPadding >= simdjson::SIMDJSON_PADDING);

constexpr int64_t kLinesPerProgress = 1 << 13;

Problem ParseLine(
    absl::string_view line, simdjson::dom::parser& parser,
    absl::FunctionRef<Problem(const simdjson::dom::object&)> object) {
  simdjson::dom::element element;
  const simdjson::error_code error =
      parser.parse(line.data(), line.size(), /*realloc_if_needed=*/false)
          .get(element);
  if (error != simdjson::SUCCESS) {
    return absl::StrCat("not valid JSON: ", simdjson::error_message(error));
  }
  simdjson::dom::object fields;
  if (element.get(fields) != simdjson::SUCCESS) {
    return absl::StrCat("not a JSON object: ", Quoted(line));
  }
  return object(fields);
}

bool IsBlank(absl::string_view line) {
  return line.find_first_not_of(" \t") == absl::string_view::npos;
}

Problem Wrong(absl::string_view name, absl::string_view expected,
              const JsonValue& value) {
  return absl::StrCat(name, " must be ", expected, ", not ",
                      Quoted(simdjson::minify(value)));
}

// False when `value` is no text.
bool GetText(const JsonValue& value, absl::string_view& text) {
  const char* data = nullptr;
  size_t size = 0;
  if (value.get_c_str().get(data) != simdjson::SUCCESS ||
      value.get_string_length().get(size) != simdjson::SUCCESS) {
    return false;
  }
  text = absl::string_view(data, size);
  return true;
}

}  // namespace

absl::Status ReadJsonLines(
    const std::string& path, const ReadOptions& options,
    absl::FunctionRef<Problem(const simdjson::dom::object&, int64_t line)>
        object,
    ReadReport* report) {
  *report = ReadReport();
  ASSIGN_OR_RETURN(LineReader reader, LineReader::Open(path));
  BadLines bad(path, options, *report);
  simdjson::dom::parser parser;
  const auto progress = [&] {
    if (!options.progress) return;
    options.progress(path, reader.bytes_done(), reader.bytes_total(),
                     report->rows);
  };
  while (reader.Next()) {
    if (IsBlank(reader.line())) continue;
    const int64_t line = reader.line_number();
    const Problem problem = ParseLine(reader.line(), parser,
                                      [&](const simdjson::dom::object& fields) {
                                        return object(fields, line);
                                      });
    if (!problem.empty()) bad.Add(line, problem);
    if (line % kLinesPerProgress == 0) progress();
  }
  RETURN_IF_ERROR(reader.status());
  report->fingerprint = reader.fingerprint();
  progress();
  return bad.Finish();
}

Problem TakeText(absl::string_view name, const JsonValue& value,
                 std::string& text) {
  if (value.is_null()) return "";
  absl::string_view found;
  if (!GetText(value, found)) return Wrong(name, "text", value);
  text.assign(found.data(), found.size());
  return "";
}

Problem TakeId(absl::string_view name, const JsonValue& value,
               std::string& text) {
  if (Problem problem = TakeText(name, value, text); !problem.empty()) {
    return problem;
  }
  const absl::string_view why = IdProblem(text);
  return why.empty() ? "" : absl::StrCat(name, " ", why);
}

Problem TakeTexts(absl::string_view name, const JsonValue& value,
                  std::vector<std::string>& texts) {
  if (value.is_null()) return "";
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) {
    return Wrong(name, "a list of texts", value);
  }
  texts.clear();
  texts.reserve(array.size());
  for (const JsonValue element : array) {
    absl::string_view text;
    if (!GetText(element, text)) return Wrong(name, "a list of texts", value);
    texts.emplace_back(text);
  }
  return "";
}

Problem TakeNumber(absl::string_view name, const JsonValue& value,
                   double& number) {
  if (value.is_null()) return "";
  double found = 0;
  if (value.get(found) != simdjson::SUCCESS || !std::isfinite(found)) {
    return Wrong(name, "a number", value);
  }
  number = found;
  return "";
}

Problem TakeFloats(absl::string_view name, const JsonValue& value,
                   std::vector<float>& numbers) {
  if (value.is_null()) return "";
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) {
    return Wrong(name, "a list of numbers", value);
  }
  numbers.clear();
  numbers.reserve(array.size());
  for (const JsonValue element : array) {
    double number = 0;
    if (element.get(number) != simdjson::SUCCESS ||
        !(std::abs(number) <= std::numeric_limits<float>::max())) {
      return Wrong(name, "a list of numbers", value);
    }
    numbers.push_back(static_cast<float>(number));
  }
  return "";
}

Problem TakeTime(absl::string_view name, const JsonValue& value, Micros& time) {
  if (value.is_null()) return "";
  std::optional<Micros> found;
  absl::string_view text;
  int64_t whole = 0;
  double seconds = 0;
  if (GetText(value, text)) {
    if (text.empty()) return "";
    found = ParseTime(text);
  } else if (value.get(whole) == simdjson::SUCCESS) {
    found = TimeFromSeconds(whole);
  } else if (value.get(seconds) == simdjson::SUCCESS) {
    found = TimeFromSeconds(seconds);
  }
  if (!found.has_value()) {
    return Wrong(name, "a time (unix seconds or RFC 3339)", value);
  }
  time = *found;
  return "";
}

Problem TakePlace(const Degrees& degrees, GeoPoint& place) {
  const bool north = !std::isnan(degrees.latitude);
  const bool east = !std::isnan(degrees.longitude);
  if (!north && !east) return "";
  if (north != east) return "latitude and longitude must come together";
  place = GeoPoint{static_cast<float>(degrees.latitude),
                   static_cast<float>(degrees.longitude)};
  if (IsValid(place)) return "";
  return absl::StrCat("latitude ", degrees.latitude, " and longitude ",
                      degrees.longitude, " are not a place on the earth");
}

SeenIds::Earlier SeenIds::Note(const std::string& id, size_t index,
                               int64_t line) {
  const auto [at, is_new] = seen_.try_emplace(id, Earlier{index, line});
  if (is_new) return {index, 0};
  const Earlier earlier = at->second;
  at->second.line = line;
  return earlier;
}

Problem DuplicateId(absl::string_view id, int64_t earlier_line) {
  return absl::StrCat("id ", Quoted(id), " was on line ", earlier_line,
                      " already; this line replaces that one");
}

}  // namespace usher
