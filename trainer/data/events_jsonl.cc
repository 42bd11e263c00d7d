#include "trainer/data/events_jsonl.h"

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "trainer/data/json_lines.h"

namespace usher {
namespace {

// Fields whose value goes into a member as it is.
struct TextField {
  absl::string_view name;
  std::string Event::*member;
};
constexpr TextField kTexts[] = {
    {"title", &Event::title},       {"description", &Event::description},
    {"category", &Event::category}, {"organizer_name", &Event::organizer_name},
    {"venue", &Event::venue},       {"city", &Event::city},
    {"currency", &Event::currency}, {"time_zone", &Event::time_zone},
};

struct TimeField {
  absl::string_view name;
  Micros Event::*member;
};
constexpr TimeField kTimes[] = {
    {"start_time", &Event::start_time},
    {"end_time", &Event::end_time},
    {"announce_time", &Event::announce_time},
};

Problem TakeOrganizer(const JsonValue& value, std::string& organizer) {
  if (Problem wrong = TakeText("organizer", value, organizer); !wrong.empty()) {
    return wrong;
  }
  return organizer.empty() ? "" : TakeId("organizer", value, organizer);
}

Problem TakePrice(const JsonValue& value, float& price) {
  double number = std::numeric_limits<double>::quiet_NaN();
  Problem problem = TakeNumber("price", value, number);
  if (!problem.empty() || std::isnan(number)) return problem;
  if (number < 0 || number > std::numeric_limits<float>::max()) {
    return absl::StrCat("price ", number, " is negative or too high");
  }
  price = static_cast<float>(number);
  return "";
}

Problem TakeCapacity(const JsonValue& value, int32_t& capacity) {
  double number = std::numeric_limits<double>::quiet_NaN();
  Problem problem = TakeNumber("capacity", value, number);
  if (!problem.empty() || std::isnan(number)) return problem;
  if (number < 0 || number > std::numeric_limits<int32_t>::max() ||
      number != std::floor(number)) {
    return absl::StrCat("capacity ", number, " is not a whole number of seats");
  }
  capacity = static_cast<int32_t>(number);
  return "";
}

Problem TakeStatus(const JsonValue& value, EventStatus& status) {
  std::string name;
  Problem problem = TakeText("status", value, name);
  if (!problem.empty() || name.empty()) return problem;
  const std::optional<EventStatus> found = EventStatusFromName(name);
  if (!found.has_value()) {
    return absl::StrCat("status ", Quoted(name),
                        " is not scheduled, cancelled, sold_out or hidden");
  }
  status = *found;
  return "";
}

Problem TakeField(absl::string_view name, const JsonValue& value, Event& event,
                  Degrees& place) {
  if (name == "id") return TakeId(name, value, event.id);
  for (const TextField& text : kTexts) {
    if (name == text.name) return TakeText(name, value, event.*text.member);
  }
  for (const TimeField& time : kTimes) {
    if (name == time.name) return TakeTime(name, value, event.*time.member);
  }
  if (name == "tags") return TakeTexts(name, value, event.tags);
  if (name == "organizer") return TakeOrganizer(value, event.organizer);
  if (name == "latitude") return TakeNumber(name, value, place.latitude);
  if (name == "longitude") return TakeNumber(name, value, place.longitude);
  if (name == "price") return TakePrice(value, event.price);
  if (name == "capacity") return TakeCapacity(value, event.capacity);
  if (name == "status") return TakeStatus(value, event.status);
  if (name == "embedding") return TakeFloats(name, value, event.embedding);
  return "";
}

Problem ParseEvent(const simdjson::dom::object& object, Event& event) {
  Degrees place;
  for (const simdjson::dom::key_value_pair field : object) {
    const absl::string_view name(field.key.data(), field.key.size());
    Problem problem = TakeField(name, field.value, event, place);
    if (!problem.empty()) return problem;
  }
  if (event.id.empty()) return "id is missing";
  return TakePlace(place, event.location);
}

// All embeddings of a file are as long as the first.
Problem CheckLength(const Event& event, size_t& dimension) {
  if (event.embedding.empty()) return "";
  if (dimension == 0) dimension = event.embedding.size();
  if (event.embedding.size() == dimension) return "";
  return absl::StrCat("embedding has ", event.embedding.size(),
                      " numbers, those before it have ", dimension);
}

}  // namespace

absl::StatusOr<std::vector<Event>> ReadEvents(const std::string& path,
                                              const ReadOptions& options,
                                              ReadReport* report) {
  std::vector<Event> events;
  SeenIds seen;
  size_t dimension = 0;
  RETURN_IF_ERROR(ReadJsonLines(
      path, options,
      [&](const simdjson::dom::object& object, int64_t line) -> Problem {
        Event event;
        if (Problem why = ParseEvent(object, event); !why.empty()) return why;
        if (Problem why = CheckLength(event, dimension); !why.empty()) {
          return why;
        }
        return AddOrReplace(std::move(event), line, seen, events, *report);
      },
      report));
  return events;
}

}  // namespace usher
