#include "serving/usherctl/data_line.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "serving/usherctl/display_text.h"
#include "serving/usherctl/field_text.h"

namespace usher::ctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Struct;
using google::protobuf::Value;

constexpr size_t kLongestId = 128;
constexpr int kShownWidth = 40;

template <class... Parts>
absl::Status WrongLine(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// A status about the value of `name`.
absl::Status Of(absl::string_view name, const absl::Status& status) {
  if (status.ok()) return status;
  return WrongLine(Printable(name), ": ", status.message());
}

absl::Status WrongKind(absl::string_view name, absl::string_view expected,
                       const Value& value) {
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(value, &json);
  return WrongLine(Printable(name), " must be ", expected, ", not ",
                   Truncate(Printable(json), kShownWidth));
}

absl::StatusOr<Struct> ParseObject(absl::string_view line) {
  if (!IsUtf8(line)) return WrongLine("not UTF-8");
  if (!absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), "{")) {
    return WrongLine("not a JSON object: ",
                     Truncate(Printable(line), kShownWidth));
  }
  Struct object;
  const auto status =
      google::protobuf::util::JsonStringToMessage(std::string(line), &object);
  if (status.ok()) return object;
  const std::string why(status.message());
  return WrongLine(
      "not valid JSON: ",
      Printable(why.substr(0, std::min(why.find('\n'), why.size()))));
}

// ---- Values of JSON into fields.

absl::Status SetList(const Value& value, const FieldDescriptor& field,
                     Message& message) {
  const bool texts = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  const absl::string_view expected =
      texts ? "a list of texts" : "a list of numbers";
  if (!value.has_list_value()) return WrongKind(field.name(), expected, value);
  const Reflection& reflection = *message.GetReflection();
  for (const Value& element : value.list_value().values()) {
    const bool number =
        element.has_number_value() &&
        std::abs(element.number_value()) <= std::numeric_limits<float>::max();
    if (texts ? !element.has_string_value() : !number) {
      return WrongKind(field.name(), expected, value);
    }
    if (texts) {
      reflection.AddString(&message, &field, element.string_value());
    } else {
      reflection.AddFloat(&message, &field,
                          static_cast<float>(element.number_value()));
    }
  }
  return absl::OkStatus();
}

absl::Status SetNumber(const Value& value, const FieldDescriptor& field,
                       Message& message) {
  if (!value.has_number_value()) {
    return WrongKind(field.name(), "a number", value);
  }
  const double number = value.number_value();
  const Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
    reflection.SetDouble(&message, &field, number);
    return absl::OkStatus();
  }
  if (number != std::floor(number) ||
      std::abs(number) > std::numeric_limits<int32_t>::max()) {
    return WrongKind(field.name(), "a whole number", value);
  }
  reflection.SetInt32(&message, &field, static_cast<int32_t>(number));
  return absl::OkStatus();
}

// 1496275200 as it is typed.
std::string SecondsText(double seconds) {
  if (std::abs(seconds) >= 1e15) return absl::StrCat(seconds);
  return absl::StrFormat("%.*f", seconds == std::floor(seconds) ? 0 : 6,
                         seconds);
}

absl::Status SetTime(const Value& value, absl::string_view name,
                     Message& message) {
  if (value.has_number_value()) {
    return Of(name, SetField(message, name, SecondsText(value.number_value())));
  }
  if (!value.has_string_value()) {
    return WrongKind(name, "a time (unix seconds or RFC 3339)", value);
  }
  if (value.string_value().empty()) return absl::OkStatus();
  return Of(name, SetField(message, name, value.string_value()));
}

// The field's type says what the value must be.
absl::Status SetValue(const Value& value, const FieldDescriptor& field,
                      Message& message) {
  if (field.is_repeated()) return SetList(value, field, message);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_INT32:
      return SetNumber(value, field, message);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetTime(value, field.name(), message);
    default:
      break;
  }
  if (!value.has_string_value()) {
    return WrongKind(field.name(), "text", value);
  }
  if (value.string_value().empty()) return absl::OkStatus();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    return Of(field.name(),
              SetField(message, field.name(), value.string_value()));
  }
  message.GetReflection()->SetString(&message, &field, value.string_value());
  return absl::OkStatus();
}

bool IsNull(const Value& value) {
  return value.kind_case() == Value::kNullValue ||
         value.kind_case() == Value::KIND_NOT_SET;
}

// The value of a key; null when there is none.
const Value* Find(const Struct& object, const std::string& key) {
  const auto found = object.fields().find(key);
  if (found == object.fields().end() || IsNull(found->second)) return nullptr;
  return &found->second;
}

// Sets those of the fields that the object has, but `except`.
absl::Status SetFields(const Struct& object,
                       std::initializer_list<absl::string_view> except,
                       Message& message) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (std::find(except.begin(), except.end(), field.name()) != except.end()) {
      continue;
    }
    const Value* value = Find(object, field.name());
    if (value == nullptr) continue;
    absl::Status status = SetValue(*value, field, message);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

template <class Resource>
absl::Status SetPlace(const Struct& object, Resource& resource) {
  const Value* latitude = Find(object, "latitude");
  const Value* longitude = Find(object, "longitude");
  if (latitude == nullptr && longitude == nullptr) return absl::OkStatus();
  if (latitude == nullptr || longitude == nullptr) {
    return WrongLine("latitude and longitude must come together");
  }
  v1::Location& location = *resource.mutable_location();
  const google::protobuf::Descriptor& type = *location.GetDescriptor();
  absl::Status status =
      SetNumber(*latitude, *type.FindFieldByName("latitude"), location);
  if (!status.ok()) return status;
  return SetNumber(*longitude, *type.FindFieldByName("longitude"), location);
}

absl::Status CheckId(const std::string& id) {
  if (id.empty()) return WrongLine("id is missing");
  if (id.size() <= kLongestId) return absl::OkStatus();
  return WrongLine("id has ", id.size(), " bytes; an id has ", kLongestId,
                   " at most");
}

absl::Status SetGroups(const Value& value, v1::User& user) {
  constexpr char kExpected[] = "a list of objects with an id";
  if (!value.has_list_value()) return WrongKind("groups", kExpected, value);
  for (const Value& element : value.list_value().values()) {
    if (!element.has_struct_value()) {
      return WrongKind("groups", kExpected, value);
    }
    v1::Group& group = *user.add_groups();
    absl::Status status = SetFields(element.struct_value(), {}, group);
    if (status.ok()) status = CheckId(group.id());
    if (!status.ok()) return Of("groups", status);
  }
  return absl::OkStatus();
}

// The texts and numbers that no field of a user is for.
void SetFeatures(const Struct& object, v1::User& user) {
  for (const auto& [name, value] : object.fields()) {
    static constexpr absl::string_view kFields[] = {
        "id", "latitude", "longitude", "city", "groups", "tags", "joined_time"};
    if (name.empty() || std::find(std::begin(kFields), std::end(kFields),
                                  name) != std::end(kFields)) {
      continue;
    }
    if (value.has_number_value()) {
      (*user.mutable_features())[name].set_number(value.number_value());
    } else if (value.has_string_value() && !value.string_value().empty()) {
      (*user.mutable_features())[name].set_text(value.string_value());
    }
  }
}

// ---- CSV.

constexpr absl::string_view kRequired[] = {"user_id", "event_id", "kind",
                                           "value", "timestamp"};

// Takes a field in quotes, and them, off the line.
absl::Status TakeQuoted(absl::string_view& line, std::string& field) {
  line.remove_prefix(1);
  while (true) {
    const size_t quote = line.find('"');
    if (quote == absl::string_view::npos) {
      return WrongLine("a quote that is not closed on its line");
    }
    absl::StrAppend(&field, line.substr(0, quote));
    line.remove_prefix(quote + 1);
    if (!absl::StartsWith(line, "\"")) break;
    field += '"';
    line.remove_prefix(1);
  }
  if (line.empty() || line[0] == ',') return absl::OkStatus();
  return WrongLine("text after the closing quote of a field");
}

absl::StatusOr<std::vector<std::string>> SplitRow(absl::string_view line) {
  if (!IsUtf8(line)) return WrongLine("not UTF-8");
  std::vector<std::string> fields;
  while (true) {
    std::string& field = fields.emplace_back();
    if (absl::StartsWith(line, "\"")) {
      absl::Status status = TakeQuoted(line, field);
      if (!status.ok()) return status;
    } else {
      field = std::string(line.substr(0, line.find(',')));
      if (absl::StrContains(field, '"')) {
        return WrongLine("a quote within a field that does not begin with one");
      }
      line.remove_prefix(field.size());
    }
    if (line.empty()) return fields;
    line.remove_prefix(1);
  }
}

// The field of an interaction that a column fills; empty when none does.
absl::string_view FieldOf(absl::string_view column) {
  if (column == "timestamp") return "occurred_at";
  for (absl::string_view name :
       {"user_id", "event_id", "kind", "value", "device"}) {
    if (name == column) return name;
  }
  return "";
}

}  // namespace

absl::Status ReadEventLine(absl::string_view line, v1::Event& event) {
  const absl::StatusOr<Struct> object = ParseObject(line);
  if (!object.ok()) return object.status();
  absl::Status status = SetFields(*object, {"location"}, event);
  if (status.ok()) status = SetPlace(*object, event);
  if (status.ok()) status = CheckId(event.id());
  return status;
}

absl::Status ReadUserLine(absl::string_view line, v1::User& user) {
  const absl::StatusOr<Struct> object = ParseObject(line);
  if (!object.ok()) return object.status();
  absl::Status status =
      SetFields(*object, {"location", "groups", "features"}, user);
  if (status.ok()) status = SetPlace(*object, user);
  const Value* groups = Find(*object, "groups");
  if (status.ok() && groups != nullptr) status = SetGroups(*groups, user);
  if (status.ok()) status = CheckId(user.id());
  if (status.ok()) SetFeatures(*object, user);
  return status;
}

absl::StatusOr<InteractionRows> InteractionRows::Below(
    absl::string_view header) {
  absl::StatusOr<std::vector<std::string>> columns = SplitRow(header);
  if (!columns.ok()) return columns.status();
  const auto count = [&](absl::string_view name) {
    return std::count(columns->begin(), columns->end(), name);
  };
  for (const std::string& name : *columns) {
    if (count(name) > 1) {
      return WrongLine("the header has column '", Printable(name), "' twice");
    }
  }
  std::vector<absl::string_view> missing;
  for (absl::string_view name : kRequired) {
    if (count(name) == 0) missing.push_back(name);
  }
  if (!missing.empty()) {
    return WrongLine("the header lacks column ", absl::StrJoin(missing, ", "),
                     "; needed are ", absl::StrJoin(kRequired, ","));
  }
  if (count("latitude") != count("longitude")) {
    return WrongLine(
        "the header has one of latitude and longitude; it needs both ",
        "or neither");
  }
  return InteractionRows(*std::move(columns));
}

absl::Status InteractionRows::Read(absl::string_view row,
                                   v1::Interaction& interaction) const {
  const absl::StatusOr<std::vector<std::string>> fields = SplitRow(row);
  if (!fields.ok()) return fields.status();
  if (fields->size() != columns_.size()) {
    return WrongLine(fields->size(), " fields where the header has ",
                     columns_.size());
  }
  std::string latitude;
  std::string longitude;
  for (size_t c = 0; c < columns_.size(); ++c) {
    const std::string& text = (*fields)[c];
    if (columns_[c] == "latitude") latitude = text;
    if (columns_[c] == "longitude") longitude = text;
    const absl::string_view field = FieldOf(columns_[c]);
    if (field.empty() || text.empty()) continue;
    absl::Status status = Of(columns_[c], SetField(interaction, field, text));
    if (!status.ok()) return status;
  }
  if (!latitude.empty() || !longitude.empty()) {
    absl::Status status = Of("latitude and longitude",
                             SetField(interaction, "location",
                                      absl::StrCat(latitude, ",", longitude)));
    if (!status.ok()) return status;
  }
  for (const std::string* id :
       {&interaction.user_id(), &interaction.event_id()}) {
    if (id->empty() || id->size() > kLongestId) {
      return WrongLine(id == &interaction.user_id() ? "user_id" : "event_id",
                       " must have 1 to ", kLongestId, " bytes");
    }
  }
  if (interaction.kind() == v1::INTERACTION_KIND_UNSPECIFIED) {
    return WrongLine("kind is empty; rsvp_yes, view, ... are kinds");
  }
  return absl::OkStatus();
}

}  // namespace usher::ctl
