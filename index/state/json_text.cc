#include "index/state/json_text.h"

#include <simdjson.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

using simdjson::dom::element;

// Quotes and escapes; bytes from 0x80 on are UTF-8 and stay.
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

absl::Status NotWhatWasWritten(absl::string_view json, absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("\"", json.substr(0, 60), "\" is not ", what));
}

// False when `value` is no text.
bool GetText(const element& value, std::string& text) {
  const char* data = nullptr;
  size_t size = 0;
  if (value.get_c_str().get(data) || value.get_string_length().get(size)) {
    return false;
  }
  text.assign(data, size);
  return true;
}

}  // namespace

std::string TextsToJson(const std::vector<std::string>& texts) {
  if (texts.empty()) return "";
  std::string json = "[";
  for (const std::string& text : texts) {
    if (json.size() > 1) json.push_back(',');
    AppendText(text, &json);
  }
  json.push_back(']');
  return json;
}

std::string GroupsToJson(const std::vector<Group>& groups) {
  if (groups.empty()) return "";
  std::string json = "[";
  for (const Group& group : groups) {
    absl::StrAppend(&json, json.size() > 1 ? "," : "", "{\"id\":");
    AppendText(group.id, &json);
    if (group.joined != kNoTime) {
      absl::StrAppend(&json, ",\"joined\":", group.joined);
    }
    json.push_back('}');
  }
  json.push_back(']');
  return json;
}

std::string FeaturesToJson(const ProfileFeatures& features) {
  if (features.empty()) return "";
  std::string json = "{";
  for (const auto& [name, value] : features) {
    if (json.size() > 1) json.push_back(',');
    AppendText(name, &json);
    json.push_back(':');
    if (const std::string* text = std::get_if<std::string>(&value)) {
      AppendText(*text, &json);
    } else if (const double number = std::get<double>(value);
               std::isfinite(number)) {
      absl::StrAppendFormat(&json, "%.17g", number);
    } else {
      json += "null";
    }
  }
  json.push_back('}');
  return json;
}

absl::StatusOr<std::vector<std::string>> TextsFromJson(absl::string_view json) {
  std::vector<std::string> texts;
  if (json.empty()) return texts;
  const absl::Status bad = NotWhatWasWritten(json, "a JSON list of texts");
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(json.data(), json.size()).get_array().get(array)) return bad;
  for (const element value : array) {
    std::string text;
    if (!GetText(value, text)) return bad;
    texts.push_back(std::move(text));
  }
  return texts;
}

absl::StatusOr<std::vector<Group>> GroupsFromJson(absl::string_view json) {
  std::vector<Group> groups;
  if (json.empty()) return groups;
  const absl::Status bad = NotWhatWasWritten(json, "a JSON list of groups");
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(json.data(), json.size()).get_array().get(array)) return bad;
  for (const element value : array) {
    Group group;
    element id;
    if (value["id"].get(id) || !GetText(id, group.id)) return bad;
    int64_t joined = 0;
    if (!value["joined"].get_int64().get(joined)) group.joined = joined;
    groups.push_back(std::move(group));
  }
  return groups;
}

absl::StatusOr<ProfileFeatures> FeaturesFromJson(absl::string_view json) {
  ProfileFeatures features;
  if (json.empty()) return features;
  const absl::Status bad = NotWhatWasWritten(json, "a JSON object");
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get_object().get(object))
    return bad;
  for (const auto& [key, value] : object) {
    std::string name(key.data(), key.size());
    std::string text;
    double number = std::nan("");
    if (GetText(value, text)) {
      features.emplace_back(std::move(name), std::move(text));
    } else if (value.is_null() || !value.get_double().get(number)) {
      features.emplace_back(std::move(name), number);
    } else {
      return bad;
    }
  }
  return features;
}

}  // namespace usher
