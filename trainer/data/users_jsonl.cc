#include "trainer/data/users_jsonl.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "trainer/data/json_lines.h"

namespace usher {
namespace {

Problem TakeGroup(const JsonValue& value, std::vector<Group>& groups) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) {
    return "groups must be a list of objects with an id";
  }
  Group group;
  for (const simdjson::dom::key_value_pair field : object) {
    Problem problem;
    if (field.key == "id") {
      problem = TakeId("id of a group", field.value, group.id);
    } else if (field.key == "joined") {
      problem = TakeTime("joined of a group", field.value, group.joined);
    }
    if (!problem.empty()) return problem;
  }
  if (group.id.empty()) return "id of a group is missing";
  groups.push_back(std::move(group));
  return "";
}

Problem TakeGroups(const JsonValue& value, std::vector<Group>& groups) {
  if (value.is_null()) return "";
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) {
    return "groups must be a list of objects with an id";
  }
  groups.clear();
  groups.reserve(array.size());
  for (const JsonValue element : array) {
    if (Problem why = TakeGroup(element, groups); !why.empty()) return why;
  }
  return "";
}

Problem TakeFeature(absl::string_view name, const JsonValue& value,
                    User& user) {
  if (name.empty()) return "";
  if (value.is_string()) {
    std::string text;
    if (Problem why = TakeText(name, value, text); !why.empty()) return why;
    if (!text.empty()) user.features.emplace_back(name, std::move(text));
  } else if (value.is_number()) {
    double number = 0;
    if (Problem why = TakeNumber(name, value, number); !why.empty()) return why;
    user.features.emplace_back(name, number);
  }
  return "";
}

Problem TakeField(absl::string_view name, const JsonValue& value, User& user,
                  Degrees& place) {
  if (name == "id") return TakeId(name, value, user.id);
  if (name == "latitude") return TakeNumber(name, value, place.latitude);
  if (name == "longitude") return TakeNumber(name, value, place.longitude);
  if (name == "city") return TakeText(name, value, user.city);
  if (name == "tags") return TakeTexts(name, value, user.tags);
  if (name == "groups") return TakeGroups(value, user.groups);
  if (name == "joined_time") return TakeTime(name, value, user.joined_time);
  return TakeFeature(name, value, user);
}

// By name; of a name that comes twice the last stays, as with known fields.
void SortFeatures(User& user) {
  auto& features = user.features;
  std::reverse(features.begin(), features.end());
  std::stable_sort(
      features.begin(), features.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
  features.erase(std::unique(features.begin(), features.end(),
                             [](const auto& a, const auto& b) {
                               return a.first == b.first;
                             }),
                 features.end());
}

Problem ParseUser(const simdjson::dom::object& object, User& user) {
  Degrees place;
  for (const simdjson::dom::key_value_pair field : object) {
    const absl::string_view name(field.key.data(), field.key.size());
    Problem problem = TakeField(name, field.value, user, place);
    if (!problem.empty()) return problem;
  }
  if (user.id.empty()) return "id is missing";
  SortFeatures(user);
  return TakePlace(place, user.location);
}

}  // namespace

absl::StatusOr<std::vector<User>> ReadUsers(const std::string& path,
                                            const ReadOptions& options,
                                            ReadReport* report) {
  std::vector<User> users;
  SeenIds seen;
  RETURN_IF_ERROR(ReadJsonLines(
      path, options,
      [&](const simdjson::dom::object& object, int64_t line) -> Problem {
        User user;
        if (Problem why = ParseUser(object, user); !why.empty()) return why;
        return AddOrReplace(std::move(user), line, seen, users, *report);
      },
      report));
  return users;
}

}  // namespace usher
