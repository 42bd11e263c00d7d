#include "serving/usherctl/answer_text.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/timestamp.pb.h"
#include "serving/usherctl/display_text.h"
#include "serving/usherctl/instant_text.h"
#include "serving/usherctl/table.h"

namespace usher::ctl {
namespace {

using google::protobuf::RepeatedPtrField;

constexpr char kBetween[] = " · ";
constexpr int kLabelWidth = 13;
constexpr int kLeastValueWidth = 20;

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) +
         absl::Nanoseconds(timestamp.nanos());
}

std::string PriceText(const v1::Event& event) {
  if (!event.has_price()) return "";
  if (event.price() == 0) return "free";
  const bool whole = event.price() == std::floor(event.price());
  const std::string amount =
      absl::StrFormat("%.*f", whole ? 0 : 2, event.price());
  return Printable(absl::StrCat(amount, " ", event.currency()));
}

std::string PlaceText(const v1::Event& event) {
  std::string place = Printable(event.venue());
  const std::string city = Printable(event.city());
  if (city.empty() || city == place) return place;
  return place.empty() ? city : absl::StrCat(place, ", ", city);
}

std::string DistanceText(const v1::Recommendation& result) {
  if (!result.has_distance_km()) return "";
  return absl::StrFormat("%.*f", result.distance_km() < 9.95 ? 1 : 0,
                         result.distance_km());
}

std::string ReasonsText(const v1::Recommendation& result) {
  std::vector<std::string> texts;
  for (const v1::Reason& reason : result.reasons()) {
    std::string text =
        Printable(reason.text().empty() ? reason.code() : reason.text());
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return absl::StrJoin(texts, kBetween);
}

// "base 0.100 · als_event +1.200 (0.53) · ...", the largest parts first.
std::string ContributionsText(const v1::Recommendation& result) {
  if (result.contributions().empty()) return "";
  std::vector<v1::Contribution> parts(result.contributions().begin(),
                                      result.contributions().end());
  std::stable_sort(parts.begin(), parts.end(),
                   [](const v1::Contribution& a, const v1::Contribution& b) {
                     return std::abs(a.contribution()) >
                            std::abs(b.contribution());
                   });
  std::string text = absl::StrFormat("base %.3f", result.base_value());
  for (const v1::Contribution& part : parts) {
    absl::StrAppend(
        &text, kBetween, Printable(part.feature()),
        absl::StrFormat(" %+.3f (%.3g)", part.contribution(), part.value()));
  }
  return text;
}

Row EventRow(const v1::Recommendation& result, int position, absl::Time now) {
  const v1::Event& event = result.event();
  const std::string id = Printable(result.event_id());
  const std::string title = Printable(event.title());
  Row row;
  row.cells = {
      absl::StrCat(result.position() > 0 ? result.position() : position),
      title.empty() ? id : title,
      event.has_start_time()
          ? FormatInstant(ToTime(event.start_time()), event.time_zone(), now)
          : "",
      PlaceText(event),
      DistanceText(result),
      PriceText(event),
      absl::StrFormat("%.3f", result.score()),
      title.empty() ? "" : id};
  row.notes = {ReasonsText(result), ContributionsText(result)};
  return row;
}

std::string EventsTable(const RepeatedPtrField<v1::Recommendation>& results,
                        const Terminal& terminal, absl::Time now) {
  if (results.empty()) return "No events.\n";
  const std::vector<Column> columns = {
      {.header = "#", .right = true},
      {.header = "event", .bold = true, .least_width = 20},
      {.header = "when"},
      {.header = "where", .least_width = 8},
      {.header = "km", .right = true},
      {.header = "price", .right = true},
      {.header = "score", .right = true},
      {.header = "id"},
  };
  std::vector<Row> rows;
  for (const v1::Recommendation& result : results) {
    rows.push_back(EventRow(result, static_cast<int>(rows.size()) + 1, now));
  }
  return FormatTable(columns, rows, terminal);
}

std::string UsersText(const RepeatedPtrField<v1::ScoredUser>& results,
                      int64_t model_version, const Terminal& terminal) {
  const std::vector<Column> columns = {
      {.header = "#", .right = true},
      {.header = "user", .bold = true},
      {.header = "score", .right = true},
  };
  std::vector<Row> rows;
  for (const v1::ScoredUser& user : results) {
    rows.push_back({{absl::StrCat(rows.size() + 1), Printable(user.user_id()),
                     absl::StrFormat("%.3f", user.score())},
                    {}});
  }
  return absl::StrCat(
      rows.empty() ? "No users.\n" : FormatTable(columns, rows, terminal),
      "\nmodel version ", model_version, "\n");
}

// "12 ended, 3 answered", the largest count first.
std::string DroppedText(const v1::ServingInfo& info) {
  std::vector<std::pair<int64_t, std::string>> counts;
  for (const auto& [reason, count] : info.dropped()) {
    if (count != 0) counts.emplace_back(-count, Printable(reason));
  }
  std::sort(counts.begin(), counts.end());
  return absl::StrJoin(counts, ", ", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, -entry.first, " ", entry.second);
  });
}

std::string AssignmentsText(
    const RepeatedPtrField<v1::Assignment>& assignments) {
  return absl::StrJoin(assignments, ", ",
                       [](std::string* out, const v1::Assignment& a) {
                         absl::StrAppend(out, Printable(a.experiment()), "=",
                                         Printable(a.variant()));
                       });
}

std::string Footer(const v1::RecommendResponse& response,
                   const Terminal& terminal) {
  const v1::ServingInfo& info = response.serving_info();
  std::string line = absl::StrCat("model version ", response.model_version());
  if (info.cold_user()) absl::StrAppend(&line, kBetween, "cold user");
  if (!response.assignments().empty()) {
    absl::StrAppend(&line, kBetween, AssignmentsText(response.assignments()));
  }
  if (info.cache() == v1::ServingInfo::MEMORY) {
    absl::StrAppend(&line, kBetween, "from this server's memory");
  } else if (info.cache() == v1::ServingInfo::REDIS) {
    absl::StrAppend(&line, kBetween, "from a list made ahead");
  }
  if (!info.degraded().empty()) {
    absl::StrAppend(&line, kBetween, "degraded: ",
                    Printable(absl::StrJoin(info.degraded(), ", ")));
  }
  const std::string dropped = DroppedText(info);
  if (!dropped.empty()) absl::StrAppend(&line, kBetween, "left out: ", dropped);
  std::vector<std::string> lines = Wrap(line, terminal.width);
  if (!response.recommendation_id().empty()) {
    lines.push_back(absl::StrCat("recommendation ",
                                 Printable(response.recommendation_id())));
  }
  return absl::StrCat("\n", absl::StrJoin(lines, "\n"), "\n");
}

// Below this p-value a split of users is no chance; as the server has it.
constexpr double kSampleRatioAlarm = 0.001;

std::string PercentText(const v1::Estimate& rate) {
  return absl::StrFormat("%.2f %% [%.2f, %.2f]", 100 * rate.value(),
                         100 * rate.lower(), 100 * rate.upper());
}

// In percentage points; a star where the interval leaves out 0.
std::string PointsText(const v1::Estimate& difference) {
  const bool clear = difference.lower() > 0 || difference.upper() < 0;
  return absl::StrFormat("%+.2f [%+.2f, %+.2f]%s", 100 * difference.value(),
                         100 * difference.lower(), 100 * difference.upper(),
                         clear ? " *" : "");
}

std::string SampleRatioText(const v1::GetReportResponse& report) {
  const double p = report.sample_ratio_p_value();
  if (!(p < kSampleRatioAlarm)) {
    return absl::StrFormat("sample ratio as configured (p = %.2g)\n", p);
  }
  return absl::StrFormat(
      "!!! SAMPLE RATIO MISMATCH (p = %.2g) !!!\n"
      "!!! Users are not split as configured: the experiment is broken.\n"
      "!!! Believe none of the figures below.\n",
      p);
}

std::string CountsTable(const v1::GetReportResponse& report,
                        const Terminal& terminal) {
  const std::vector<Column> columns = {
      {.header = "variant", .bold = true},
      {.header = "assigned", .right = true},
      {.header = "users", .right = true},
      {.header = "exposures", .right = true},
      {.header = "clicks", .right = true},
      {.header = "rsvps", .right = true},
      {.header = "attendances", .right = true},
      {.header = "lists dropped", .right = true}};
  std::vector<Row> rows;
  for (const v1::VariantReport& v : report.variants()) {
    rows.push_back(
        {{Printable(v.variant()), CountText(v.assigned_users()),
          CountText(v.users()), CountText(v.exposures()), CountText(v.clicks()),
          CountText(v.rsvps()), CountText(v.attendances()),
          v.dropped_exposures() == 0 ? "" : CountText(v.dropped_exposures())},
         {}});
  }
  return FormatTable(columns, rows, terminal);
}

std::string RatesTable(const v1::GetReportResponse& report,
                       const Terminal& terminal) {
  const std::vector<Column> columns = {{.header = "variant", .bold = true},
                                       {.header = "click rate"},
                                       {.header = "rsvp rate"},
                                       {.header = "attendance rate"}};
  std::vector<Row> rows;
  for (const v1::VariantReport& v : report.variants()) {
    rows.push_back(
        {{Printable(v.variant()), PercentText(v.click_rate()),
          PercentText(v.rsvp_rate()), PercentText(v.attendance_rate())},
         {}});
  }
  return FormatTable(columns, rows, terminal);
}

std::string DifferencesTable(const v1::GetReportResponse& report,
                             const Terminal& terminal) {
  if (report.variants().empty()) return "";
  const std::vector<Column> columns = {
      {.header =
           absl::StrCat("minus ", Printable(report.variants(0).variant())),
       .bold = true},
      {.header = "clicks, % points"},
      {.header = "rsvps, % points"},
      {.header = "attendances, % points"}};
  std::vector<Row> rows;
  for (const v1::VariantReport& v : report.variants()) {
    if (!v.has_click_difference()) continue;
    rows.push_back({{Printable(v.variant()), PointsText(v.click_difference()),
                     PointsText(v.rsvp_difference()),
                     PointsText(v.attendance_difference())},
                    {}});
  }
  return FormatTable(columns, rows, terminal);
}

absl::Time NowOf(const v1::RequestContext& context, const Terminal& terminal) {
  return context.has_now() ? ToTime(context.now()) : terminal.now;
}

// "name  value" on a line each, values wrapped; those without a value are left
// out.
using Labelled = std::vector<std::pair<absl::string_view, std::string>>;

std::string LabelledText(const Labelled& lines, int label_width,
                         const Terminal& terminal) {
  std::string text;
  for (const auto& [name, value] : lines) {
    absl::string_view label = name;
    for (const std::string& line : Wrap(
             value, std::max(kLeastValueWidth, terminal.width - label_width))) {
      absl::StrAppend(&text, PadRight(label, label_width), line, "\n");
      label = "";
    }
  }
  return text;
}

std::string LocationText(const v1::Location& location) {
  return absl::StrFormat("%.5f,%.5f", location.latitude(),
                         location.longitude());
}

// "Blue Room (o7)".
std::string NamedText(absl::string_view name, absl::string_view id) {
  if (name.empty() || name == id) return Printable(id);
  if (id.empty()) return Printable(name);
  return Printable(absl::StrCat(name, " (", id, ")"));
}

std::string TextsOf(const RepeatedPtrField<std::string>& texts) {
  return absl::StrJoin(texts, kBetween,
                       [](std::string* out, const std::string& text) {
                         absl::StrAppend(out, Printable(text));
                       });
}

// "sold out" for EVENT_STATUS_SOLD_OUT.
std::string StatusName(v1::EventStatus status) {
  absl::string_view name = v1::EventStatus_Name(status);
  absl::ConsumePrefix(&name, "EVENT_STATUS_");
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", " "}});
}

std::string GroupsText(const v1::User& user, const Terminal& terminal) {
  std::vector<std::string> texts;
  for (const v1::Group& group : user.groups()) {
    texts.push_back(Printable(group.id()));
    if (!group.has_joined()) continue;
    absl::StrAppend(&texts.back(), " since ",
                    FormatInstant(ToTime(group.joined()), "", terminal.now));
  }
  return absl::StrJoin(texts, kBetween);
}

// By name.
std::string FeaturesText(const v1::User& user) {
  std::map<std::string, std::string> features;
  for (const auto& [name, value] : user.features()) {
    features[Printable(name)] = value.value_case() == v1::FeatureValue::kNumber
                                    ? absl::StrFormat("%.10g", value.number())
                                    : Printable(value.text());
  }
  return absl::StrJoin(features, kBetween, absl::PairFormatter(" "));
}

std::string ModelText(const v1::GetStatusResponse& status,
                      const Terminal& terminal) {
  if (status.model_version() == 0) return "none yet";
  std::string text = absl::StrCat("version ", status.model_version());
  if (!status.algorithm().empty()) {
    absl::StrAppend(&text, kBetween, Printable(status.algorithm()));
  }
  if (status.has_model_created()) {
    absl::StrAppend(
        &text, kBetween, "created ",
        FormatInstant(ToTime(status.model_created()), "", terminal.now));
  }
  return text;
}

}  // namespace

std::string RecommendText(const v1::RecommendRequest& request,
                          const v1::RecommendResponse& response,
                          const Terminal& terminal) {
  return EventsTable(response.results(), terminal,
                     NowOf(request.context(), terminal)) +
         Footer(response, terminal);
}

std::string RecommendStreamText(const v1::RecommendStreamRequest& request,
                                const v1::RecommendStreamResponse& response,
                                const Terminal& terminal) {
  const absl::Time now = NowOf(request.context(), terminal);
  const std::string user = Printable(response.user_id());
  std::string text;
  for (const v1::Recommendation& result : response.results()) {
    std::vector<std::string> cells = {user};
    for (std::string& cell : EventRow(result, result.position(), now).cells) {
      if (!cell.empty()) cells.push_back(std::move(cell));
    }
    absl::StrAppend(&text, absl::StrJoin(cells, "  "), "\n");
  }
  return text.empty() ? absl::StrCat(user, "  -\n") : text;
}

std::string SimilarEventsText(const v1::SimilarEventsRequest& request,
                              const v1::SimilarEventsResponse& response,
                              const Terminal& terminal) {
  return absl::StrCat(EventsTable(response.results(), terminal,
                                  NowOf(request.context(), terminal)),
                      "\nmodel version ", response.model_version(), "\n");
}

std::string ExplainText(const v1::ExplainRequest&,
                        const v1::ExplainResponse& response,
                        const Terminal& terminal) {
  std::string text =
      response.recommended()
          ? absl::StrCat("recommended, at position ", response.position())
          : absl::StrCat("not recommended: ",
                         Printable(response.dropped_reason()));
  absl::StrAppend(&text, "\n");
  if (!response.contributions().empty()) {
    const std::vector<Column> columns = {
        {.header = "feature"},
        {.header = "value", .right = true},
        {.header = "part of the score", .right = true},
    };
    const auto part = [](double value) {
      return absl::StrFormat("%+.3f", value);
    };
    std::vector<Row> rows = {{{"base", "", part(response.base_value())}, {}}};
    for (const v1::Contribution& one : response.contributions()) {
      rows.push_back(
          {{Printable(one.feature()), absl::StrFormat("%.3g", one.value()),
            part(one.contribution())},
           {}});
    }
    rows.push_back({{"score", "", part(response.score())}, {}});
    absl::StrAppend(&text, "\n", FormatTable(columns, rows, terminal));
  }
  return absl::StrCat(text, "\nmodel version ", response.model_version(), "\n");
}

std::string SimilarUsersText(const v1::SimilarUsersRequest&,
                             const v1::SimilarUsersResponse& response,
                             const Terminal& terminal) {
  return UsersText(response.results(), response.model_version(), terminal);
}

std::string AudienceText(const v1::FindAudienceRequest&,
                         const v1::FindAudienceResponse& response,
                         const Terminal& terminal) {
  return UsersText(response.results(), response.model_version(), terminal);
}

std::string EventText(const v1::GetEventRequest&,
                      const v1::GetEventResponse& response,
                      const Terminal& terminal) {
  const v1::Event& event = response.event();
  const auto instant = [&](bool known, const auto& time) {
    return known ? FormatInstant(ToTime(time), event.time_zone(), terminal.now)
                 : "";
  };
  return LabelledText(
      {{"id", Printable(event.id())},
       {"title", Printable(event.title())},
       {"status", StatusName(event.status())},
       {"start", instant(event.has_start_time(), event.start_time())},
       {"end", instant(event.has_end_time(), event.end_time())},
       {"announced", instant(event.has_announce_time(), event.announce_time())},
       {"time zone", Printable(event.time_zone())},
       {"place", PlaceText(event)},
       {"location", event.has_location() ? LocationText(event.location()) : ""},
       {"organizer", NamedText(event.organizer_name(), event.organizer())},
       {"category", Printable(event.category())},
       {"tags", TextsOf(event.tags())},
       {"price", PriceText(event)},
       {"capacity", event.has_capacity() ? CountText(event.capacity()) : ""},
       {"embedding", event.embedding().empty()
                         ? ""
                         : absl::StrCat(event.embedding_size(), " numbers")},
       {"description", Printable(event.description())}},
      kLabelWidth, terminal);
}

std::string UserText(const v1::GetUserRequest&,
                     const v1::GetUserResponse& response,
                     const Terminal& terminal) {
  const v1::User& user = response.user();
  return LabelledText(
      {{"id", Printable(user.id())},
       {"city", Printable(user.city())},
       {"location", user.has_location() ? LocationText(user.location()) : ""},
       {"joined",
        user.has_joined_time()
            ? FormatInstant(ToTime(user.joined_time()), "", terminal.now)
            : ""},
       {"tags", TextsOf(user.tags())},
       {"groups", GroupsText(user, terminal)},
       {"profile", FeaturesText(user)}},
      kLabelWidth, terminal);
}

std::string ForgottenText(const v1::ForgetUserRequest&,
                          const v1::ForgetUserResponse& response,
                          const Terminal& terminal) {
  const v1::ForgetReceipt& receipt = response.receipt();
  return LabelledText(
      {{"forgotten",
        FormatInstant(ToTime(receipt.forgotten_at()), "", terminal.now)},
       {"mark", Printable(receipt.tombstone())},
       {"rows", absl::StrCat(CountText(receipt.users(), "users"), ", ",
                             CountText(receipt.interactions(), "interactions"),
                             ", ", CountText(receipt.exposures(), "exposures"),
                             ", ", CountText(receipt.lists(), "lists"))},
       {"not yet", TextsOf(receipt.incomplete())},
       {"remains", TextsOf(receipt.remaining())}},
      kLabelWidth, terminal);
}

std::string DeletedText(const v1::DeleteEventsRequest& request,
                        const v1::DeleteEventsResponse&, const Terminal&) {
  return absl::StrCat(CountText(request.event_ids_size()), " deleted\n");
}

std::string RecordedText(const v1::RecordInteractionsRequest&,
                         const v1::RecordInteractionsResponse& response,
                         const Terminal&) {
  return absl::StrCat(CountText(response.accepted()), " accepted, ",
                      CountText(response.duplicates()), " duplicates\n");
}

std::string AssignText(const v1::AssignRequest&,
                       const v1::AssignResponse& response,
                       const Terminal& terminal) {
  if (response.assignments().empty()) return "In no experiment.\n";
  const std::vector<Column> columns = {{.header = "experiment"},
                                       {.header = "variant", .bold = true}};
  std::vector<Row> rows;
  for (const v1::Assignment& a : response.assignments()) {
    rows.push_back({{Printable(a.experiment()), Printable(a.variant())}, {}});
  }
  return FormatTable(columns, rows, terminal);
}

std::string ReportText(const v1::GetReportRequest&,
                       const v1::GetReportResponse& response,
                       const Terminal& terminal) {
  std::string text = absl::StrCat(
      "experiment ", Printable(response.experiment()), "\n",
      SampleRatioText(response), "\n", CountsTable(response, terminal), "\n",
      RatesTable(response, terminal), "\n",
      DifferencesTable(response, terminal), "\n");
  for (const std::string& line : Wrap(
           "Rates are per exposure, with 95 % intervals that take the user for "
           "the unit; * marks a difference whose interval leaves out 0.",
           terminal.width)) {
    absl::StrAppend(&text, line, "\n");
  }
  for (const std::string& warning : response.warnings()) {
    for (const std::string& line :
         Wrap(absl::StrCat("warning: ", Printable(warning)), terminal.width)) {
      absl::StrAppend(&text, line, "\n");
    }
  }
  return text;
}

std::string ShownText(const v1::RecordExposuresRequest& request,
                      const v1::RecordExposuresResponse&, const Terminal&) {
  return absl::StrCat(request.positions().empty()
                          ? "all of the list"
                          : CountText(request.positions_size(), "positions"),
                      " recorded as shown\n");
}

std::string PinnedText(const v1::PinModelVersionRequest& request,
                       const v1::PinModelVersionResponse& response,
                       const Terminal&) {
  return absl::StrCat("version ", response.model_version(), " is served",
                      request.version() == 0 ? ", as published" : ", pinned",
                      "\n");
}

std::string ReloadedText(const v1::ReloadModelRequest&,
                         const v1::ReloadModelResponse& response,
                         const Terminal&) {
  return absl::StrCat("version ", response.model_version(), " is served\n");
}

std::string VersionsText(const v1::ListModelVersionsRequest&,
                         const v1::ListModelVersionsResponse& response,
                         const Terminal& terminal) {
  if (response.versions().empty()) return "No versions.\n";
  const std::vector<Column> columns = {
      {.header = "version", .right = true, .bold = true},
      {.header = "created"},
      {.header = "algorithm"},
      {.header = "is"},
  };
  std::vector<Row> rows;
  for (const v1::ModelVersion& version : response.versions()) {
    std::vector<absl::string_view> states;
    if (version.current()) states.push_back("published");
    if (version.serving()) states.push_back("serving");
    if (version.pinned()) states.push_back("pinned");
    if (!version.refused().empty()) states.push_back("refused");
    Row& row = rows.emplace_back();
    row.cells = {
        absl::StrCat(version.version()),
        version.has_created()
            ? FormatInstant(ToTime(version.created()), "", terminal.now)
            : "",
        Printable(version.algorithm()), absl::StrJoin(states, kBetween)};
    row.notes = {Printable(version.refused())};
  }
  return FormatTable(columns, rows, terminal);
}

std::string StatusText(const v1::GetStatusRequest&,
                       const v1::GetStatusResponse& status,
                       const Terminal& terminal) {
  std::string state = status.state().empty() ? "in memory only, lost at exit"
                                             : Printable(status.state());
  if (!status.state().empty() || status.state_position() != 0) {
    absl::StrAppend(&state, kBetween, "position ",
                    CountText(status.state_position()));
  }
  Labelled lines = {
      {"model", ModelText(status, terminal)},
      {"index", Printable(status.index_type())},
      {"users", CountText(status.users())},
      {"events", absl::StrCat(CountText(status.events()), ", ",
                              CountText(status.live_events()), " live")},
      {"state", state},
      {"server", Printable(status.server_version())},
      {"kernels", Printable(status.instruction_set())},
  };
  if (status.has_started()) {
    lines.emplace_back(
        "up since", FormatInstant(ToTime(status.started()), "", terminal.now));
  }
  for (const std::string& warning : status.warnings()) {
    lines.emplace_back("warning", Printable(warning));
  }
  return LabelledText(lines, 10, terminal);
}

}  // namespace usher::ctl
