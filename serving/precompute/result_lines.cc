#include "serving/precompute/result_lines.h"

#include <cmath>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "index/base/parallel.h"

namespace usher {
namespace {

constexpr int64_t kBlock = 256;

// Quotes and escapes; texts of the catalogue are UTF-8.
void AppendText(absl::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(out, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

// The fields of an object on its way; what is absent is left out.
class Fields {
 public:
  explicit Fields(std::string* out) : out_(out) { out_->push_back('{'); }

  void Text(absl::string_view name, absl::string_view text) {
    if (text.empty()) return;
    Name(name);
    AppendText(text, out_);
  }
  void Number(absl::string_view name, double number) {
    if (!std::isfinite(number)) return;
    Name(name);
    absl::StrAppendFormat(out_, "%.9g", number);
  }
  void Integer(absl::string_view name, int64_t number) {
    Name(name);
    absl::StrAppend(out_, number);
  }
  void Time(absl::string_view name, Micros time) {
    if (time == kNoTime) return;
    Name(name);
    AppendText(
        absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixMicros(time),
                         absl::UTCTimeZone()),
        out_);
  }
  void Place(const GeoPoint& place) {
    if (!place.known()) return;
    Number("latitude", place.latitude);
    Number("longitude", place.longitude);
  }
  void Texts(absl::string_view name, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    Name(name);
    for (size_t i = 0; i < texts.size(); ++i) {
      out_->push_back(i == 0 ? '[' : ',');
      AppendText(texts[i], out_);
    }
    out_->push_back(']');
  }
  void Name(absl::string_view name) {
    if (out_->back() != '{') out_->push_back(',');
    AppendText(name, out_);
    out_->push_back(':');
  }

 private:
  std::string* const out_;
};

void AppendGroups(const std::vector<Group>& groups, Fields& fields,
                  std::string* out) {
  if (groups.empty()) return;
  fields.Name("groups");
  for (size_t i = 0; i < groups.size(); ++i) {
    out->push_back(i == 0 ? '[' : ',');
    Fields group(out);
    group.Text("id", groups[i].id);
    group.Time("joined", groups[i].joined);
    out->push_back('}');
  }
  out->push_back(']');
}

// What every line begins with, up to its results.
template <class List>
void AppendHead(absl::string_view user_id, const List& about,
                std::string* line) {
  Fields head(line);
  head.Text("user_id", user_id);
  head.Text("batch", about.batch);
  head.Integer("model_version", about.model_version);
  head.Time("generated_at", about.generated_at);
  head.Name("results");
  line->push_back('[');
}

}  // namespace

std::string EventDetails(const Event& event) {
  std::string text;
  Fields fields(&text);
  fields.Text("id", event.id);
  fields.Text("title", event.title);
  fields.Text("description", event.description);
  fields.Texts("tags", event.tags);
  fields.Text("category", event.category);
  fields.Text("organizer", event.organizer);
  fields.Text("organizer_name", event.organizer_name);
  fields.Text("venue", event.venue);
  fields.Text("city", event.city);
  fields.Place(event.location);
  fields.Time("start_time", event.start_time);
  fields.Time("end_time", event.end_time);
  fields.Text("time_zone", event.time_zone);
  fields.Number("price", event.price);
  fields.Text("currency", event.currency);
  return text;
}

std::string UserDetails(const User& user) {
  std::string text;
  Fields fields(&text);
  fields.Text("id", user.id);
  fields.Place(user.location);
  fields.Text("city", user.city);
  fields.Texts("tags", user.tags);
  AppendGroups(user.groups, fields, &text);
  fields.Time("joined_time", user.joined_time);
  for (const auto& [name, value] : user.features) {
    if (const std::string* words = std::get_if<std::string>(&value)) {
      fields.Text(name, *words);
    } else {
      fields.Number(name, std::get<double>(value));
    }
  }
  return text;
}

ResultLines::ResultLines(const Snapshot* snapshot, const LiveView& view)
    : snapshot_(*snapshot),
      live_(view.columns),
      details_(view.columns->size()) {
  ParallelFor(static_cast<int64_t>(details_.size()), kBlock, 0,
              [&](int64_t begin, int64_t end) {
                for (int64_t slot = begin; slot < end; ++slot) {
                  details_[slot] = EventDetails(
                      snapshot_.catalog.GetEvent((*live_)[slot].row));
                }
              });
}

std::string ResultLines::Line(absl::string_view user_id,
                              const RankedList& about,
                              const Ranking& ranking) const {
  std::string line;
  AppendHead(user_id, about, &line);
  for (const RankedEvent& event : ranking.results) {
    if (line.back() != '[') line.push_back(',');
    absl::StrAppend(&line, details_[live_->SlotOf(event.event)]);
    absl::StrAppendFormat(&line, ",\"score\":%.9g", event.score);
    if (std::isfinite(event.distance_km)) {
      absl::StrAppendFormat(&line, ",\"distance_km\":%.6g", event.distance_km);
    }
    line.push_back('}');
  }
  absl::StrAppend(&line, "]}\n");
  return line;
}

std::string ResultLines::Line(absl::string_view user_id,
                              const NeighbourList& about,
                              const std::vector<ScoredUser>& users) const {
  std::string line;
  AppendHead(user_id, about, &line);
  for (const ScoredUser& scored : users) {
    if (line.back() != '[') line.push_back(',');
    absl::StrAppend(&line, UserDetails(snapshot_.catalog.GetUser(scored.user)));
    absl::StrAppendFormat(&line, ",\"score\":%.9g}", scored.score);
  }
  absl::StrAppend(&line, "]}\n");
  return line;
}

}  // namespace usher
