#include "trainer/data/interactions_csv.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "index/base/status_macros.h"
#include "trainer/data/csv_reader.h"
#include "trainer/data/id_rules.h"
#include "trainer/data/time_text.h"

namespace usher {
namespace {

constexpr absl::string_view kInteractionColumns[] = {
    "user_id", "event_id", "kind", "value", "timestamp"};
constexpr int64_t kRowsPerProgress = 1 << 16;

// Which field holds what; -1: the file does not have it.
struct Columns {
  int user, event, kind, value, time, device, latitude, longitude;
};

absl::StatusOr<Columns> FindColumns(const CsvReader& csv) {
  ASSIGN_OR_RETURN(const std::vector<int> at, csv.Require(kInteractionColumns));
  const Columns columns = {at[0],
                           at[1],
                           at[2],
                           at[3],
                           at[4],
                           csv.Column("device"),
                           csv.Column("latitude"),
                           csv.Column("longitude")};
  if ((columns.latitude < 0) != (columns.longitude < 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat(csv.reader().path(),
                     ": the header has one of latitude and longitude; it needs "
                     "both or neither"));
  }
  return columns;
}

// NaN for the empty text; nullopt for what is no finite number.
std::optional<float> ParseNumber(absl::string_view text) {
  if (text.empty()) return std::numeric_limits<float>::quiet_NaN();
  if (text.size() == 1 && text[0] >= '0' && text[0] <= '9') {
    return static_cast<float>(text[0] - '0');
  }
  float value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

// What `value` may be. A number beyond is a mistake of whoever wrote it, and
// one such row would outweigh all others.
struct ValueBounds {
  float least;
  float most;
};
ValueBounds BoundsOf(InteractionKind kind) {
  switch (kind) {
    case InteractionKind::kRating:
      return {0, 100};  // 1 to 5 is usual; others count stars in tens.
    case InteractionKind::kPlay:
      return {0, 1e9f};
    default:
      return {-1e12f, 1e12f};  // Seconds, mostly; no taste is read from it.
  }
}

// Turns fields into a row. Keeps no text but that of the last problem.
class RowParser {
 public:
  explicit RowParser(const Columns& columns) : columns_(columns) {}

  // False when the row is bad, and then problem() says why.
  bool Parse(absl::Span<const absl::string_view> fields) {
    return ParseIds(fields) && ParseKind(fields[columns_.kind]) &&
           ParseValue(fields[columns_.value]) &&
           ParseWhen(fields[columns_.time]) && ParseDevice(fields) &&
           ParsePlace(fields);
  }
  const InteractionRow& row() const { return row_; }
  const std::string& problem() const { return problem_; }

 private:
  template <class... Parts>
  bool Bad(const Parts&... parts) {
    problem_ = absl::StrCat(parts...);
    return false;
  }

  bool ParseIds(absl::Span<const absl::string_view> fields) {
    row_.user_id = fields[columns_.user];
    row_.event_id = fields[columns_.event];
    if (const auto why = IdProblem(row_.user_id); !why.empty()) {
      return Bad("user_id ", why);
    }
    if (const auto why = IdProblem(row_.event_id); !why.empty()) {
      return Bad("event_id ", why);
    }
    return true;
  }

  // Kinds repeat from row to row.
  bool ParseKind(absl::string_view text) {
    if (text == InteractionKindName(row_.kind)) return true;
    const std::optional<InteractionKind> kind = InteractionKindFromName(text);
    if (!kind.has_value()) {
      return Bad("kind ", Quoted(text), " is not one; rsvp_yes, view, ... are");
    }
    row_.kind = *kind;
    return true;
  }

  bool ParseValue(absl::string_view text) {
    const std::optional<float> value = ParseNumber(text);
    if (!value.has_value()) {
      return Bad("value ", Quoted(text), " is not a finite number");
    }
    const ValueBounds bounds = BoundsOf(row_.kind);
    if (*value < bounds.least || *value > bounds.most) {
      return Bad("value ", Quoted(text), " of a ",
                 InteractionKindName(row_.kind), " is not between ",
                 bounds.least, " and ", bounds.most);
    }
    row_.value = *value;
    return true;
  }

  bool ParseWhen(absl::string_view text) {
    row_.time = kNoTime;
    if (text.empty()) return true;
    const std::optional<Micros> time = ParseTime(text);
    if (!time.has_value()) {
      return Bad("timestamp ", Quoted(text),
                 " is neither unix seconds nor RFC 3339");
    }
    row_.time = *time;
    return true;
  }

  bool ParseDevice(absl::Span<const absl::string_view> fields) {
    if (columns_.device < 0) return true;
    row_.device = fields[columns_.device];
    return IsValidUtf8(row_.device) || Bad("device is not valid UTF-8");
  }

  bool ParsePlace(absl::Span<const absl::string_view> fields) {
    if (columns_.latitude < 0) return true;
    const absl::string_view latitude = fields[columns_.latitude];
    const absl::string_view longitude = fields[columns_.longitude];
    row_.location = GeoPoint();
    if (latitude.empty() && longitude.empty()) return true;
    const std::optional<float> north = ParseNumber(latitude);
    const std::optional<float> east = ParseNumber(longitude);
    if (north.has_value() && east.has_value()) {
      row_.location = GeoPoint{*north, *east};
      if (IsValid(row_.location)) return true;
    }
    return Bad("latitude ", Quoted(latitude), " and longitude ",
               Quoted(longitude), " are not a place on the earth");
  }

  const Columns columns_;
  InteractionRow row_;
  std::string problem_;
};

void Progress(const ReadOptions& options, const LineReader& reader,
              int64_t rows) {
  if (!options.progress) return;
  options.progress(reader.path(), reader.bytes_done(), reader.bytes_total(),
                   rows);
}

}  // namespace

absl::Status ReadInteractions(
    const std::string& path, const ReadOptions& options,
    absl::FunctionRef<void(const InteractionRow&)> row, ReadReport* report) {
  *report = ReadReport();
  ASSIGN_OR_RETURN(CsvReader csv, CsvReader::Open(path));
  ASSIGN_OR_RETURN(const Columns columns, FindColumns(csv));
  BadLines bad(path, options, *report);
  RowParser parser(columns);
  while (csv.Next()) {
    if (!csv.problem().empty()) {
      bad.Add(csv.line(), csv.problem(), csv.lines());
    } else if (!parser.Parse(csv.fields())) {
      bad.Add(csv.line(), parser.problem(), csv.lines());
    } else {
      row(parser.row());
      if (++report->rows % kRowsPerProgress == 0) {
        Progress(options, csv.reader(), report->rows);
      }
    }
  }
  RETURN_IF_ERROR(csv.status());
  report->fingerprint = csv.reader().fingerprint();
  Progress(options, csv.reader(), report->rows);
  return bad.Finish();
}

}  // namespace usher
