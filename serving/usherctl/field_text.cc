#include "serving/usherctl/field_text.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/timestamp.pb.h"
#include "serving/usherctl/display_text.h"
#include "serving/usherctl/instant_text.h"
#include "usher/v1/recommendation.pb.h"
#include "usher/v1/resources.pb.h"

namespace usher::ctl {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

template <class... Parts>
absl::Status WrongText(absl::string_view text, const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' ", parts...));
}

// Splits at separators without a backslash before them; keeps the backslashes.
std::vector<std::string> SplitUnescaped(absl::string_view text,
                                        char separator) {
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == separator) {
      parts.emplace_back();
      continue;
    }
    parts.back() += text[i];
    if (text[i] == '\\' && i + 1 < text.size()) parts.back() += text[++i];
  }
  return parts;
}

// Drops the backslashes before commas, colons and backslashes.
std::string Unescaped(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '\\' && i + 1 < text.size() &&
        absl::string_view(",:\\").find(text[i + 1]) != absl::string_view::npos;
    plain += text[escape ? ++i : i];
  }
  return plain;
}

// INTERACTION_KIND_ for InteractionKind.
std::string PrefixOf(const EnumDescriptor& type) {
  std::string prefix;
  for (char c : type.name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  return prefix + "_";
}

absl::StatusOr<int> ParseEnum(absl::string_view text,
                              const EnumDescriptor& type) {
  const std::string name = absl::AsciiStrToUpper(text);
  const std::string prefix = PrefixOf(type);
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor& value = *type.value(i);
    if (value.number() == 0) continue;
    if (value.name() == name || value.name() == prefix + name) {
      return value.number();
    }
    absl::string_view listed = value.name();
    if (listed.substr(0, prefix.size()) == prefix) {
      listed.remove_prefix(prefix.size());
    }
    names.push_back(absl::AsciiStrToLower(listed));
  }
  return WrongText(text, "is not one of ", absl::StrJoin(names, ", "));
}

absl::StatusOr<double> ParseNumber(absl::string_view text) {
  double number = 0;
  if (!absl::SimpleAtod(text, &number) || !std::isfinite(number)) {
    return WrongText(text, "is no number");
  }
  return number;
}

absl::Status SetTimestamp(absl::string_view text,
                          google::protobuf::Timestamp& timestamp) {
  const absl::StatusOr<absl::Time> time = ParseInstant(text);
  if (!time.ok()) return time.status();
  const int64_t seconds = absl::ToUnixSeconds(*time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(*time - absl::FromUnixSeconds(seconds))));
  return absl::OkStatus();
}

absl::Status SetLocation(absl::string_view text, v1::Location& location) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ',');
  double latitude = 0;
  double longitude = 0;
  // Comparisons with NaN are false.
  if (parts.size() != 2 || !absl::SimpleAtod(parts[0], &latitude) ||
      !absl::SimpleAtod(parts[1], &longitude) || !(std::abs(latitude) <= 90) ||
      !(std::abs(longitude) <= 180)) {
    return WrongText(
        text, "is no place; write LAT,LON in degrees, such as 36.16,-86.78");
  }
  location.set_latitude(latitude);
  location.set_longitude(longitude);
  return absl::OkStatus();
}

absl::Status SetSeed(absl::string_view text, v1::Seed& seed) {
  const std::vector<std::string> parts = SplitUnescaped(text, ':');
  if (parts.size() > 3 || parts[0].empty()) {
    return WrongText(
        text, "is no EVENT[:KIND[:WEIGHT]]; write \\: for a colon in an id");
  }
  seed.set_event_id(Unescaped(parts[0]));
  if (parts.size() > 1) {
    const absl::StatusOr<int> kind =
        ParseEnum(parts[1], *v1::InteractionKind_descriptor());
    if (!kind.ok()) return kind.status();
    seed.set_kind(static_cast<v1::InteractionKind>(*kind));
  }
  if (parts.size() > 2) {
    const absl::StatusOr<double> weight = ParseNumber(parts[2]);
    if (!weight.ok()) return weight.status();
    seed.set_weight(*weight);
  }
  return absl::OkStatus();
}

absl::Status NoSuchField(absl::string_view path) {
  return absl::InternalError(
      absl::StrCat("no field '", path, "' that can be set from text"));
}

absl::Status SetMessage(absl::string_view text, absl::string_view path,
                        Message& value) {
  if (auto* time = dynamic_cast<google::protobuf::Timestamp*>(&value)) {
    return SetTimestamp(text, *time);
  }
  if (auto* location = dynamic_cast<v1::Location*>(&value)) {
    return SetLocation(text, *location);
  }
  if (auto* seed = dynamic_cast<v1::Seed*>(&value)) return SetSeed(text, *seed);
  return NoSuchField(path);
}

absl::Status AddToList(absl::string_view text, absl::string_view path,
                       const FieldDescriptor& field, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  for (const std::string& part : SplitUnescaped(text, ',')) {
    if (part.empty()) return WrongText(text, "has an empty entry");
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      reflection.AddString(&message, &field, Unescaped(part));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      absl::Status status =
          SetMessage(part, path, *reflection.AddMessage(&message, &field));
      if (!status.ok()) return status;
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
      int32_t number = 0;
      if (!absl::SimpleAtoi(part, &number)) {
        return WrongText(part, "is no whole number");
      }
      reflection.AddInt32(&message, &field, number);
    } else {
      return NoSuchField(path);
    }
  }
  return absl::OkStatus();
}

absl::Status SetWholeNumber(absl::string_view text,
                            const FieldDescriptor& field, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  int64_t large = 0;
  int32_t small = 0;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
    if (!absl::SimpleAtoi(text, &large)) {
      return WrongText(text, "is no whole number");
    }
    reflection.SetInt64(&message, &field, large);
  } else {
    if (!absl::SimpleAtoi(text, &small)) {
      return WrongText(text, "is no whole number");
    }
    reflection.SetInt32(&message, &field, small);
  }
  return absl::OkStatus();
}

absl::Status SetScalar(absl::string_view text, absl::string_view path,
                       const FieldDescriptor& field, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      reflection.SetString(&message, &field, std::string(text));
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return SetWholeNumber(text, field, message);
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const absl::StatusOr<double> number = ParseNumber(text);
      if (number.ok()) reflection.SetDouble(&message, &field, *number);
      return number.status();
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      if (text != "true" && text != "false") {
        return WrongText(text, "is neither true nor false");
      }
      reflection.SetBool(&message, &field, text == "true");
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const absl::StatusOr<int> value = ParseEnum(text, *field.enum_type());
      if (value.ok()) reflection.SetEnumValue(&message, &field, *value);
      return value.status();
    }
    default:
      return NoSuchField(path);
  }
}

}  // namespace

absl::Status SetField(Message& message, absl::string_view path,
                      absl::string_view text) {
  if (!IsUtf8(text)) return WrongText(Printable(text), "is not UTF-8");
  Message* parent = &message;
  const FieldDescriptor* field = nullptr;
  for (const std::string& name :
       std::vector<std::string>(absl::StrSplit(path, '.'))) {
    if (field != nullptr) {
      if (field->is_repeated() || field->message_type() == nullptr) {
        return NoSuchField(path);
      }
      parent = parent->GetReflection()->MutableMessage(parent, field);
    }
    field = parent->GetDescriptor()->FindFieldByName(name);
    if (field == nullptr) return NoSuchField(path);
  }
  if (field->is_repeated()) return AddToList(text, path, *field, *parent);
  if (field->message_type() == nullptr) {
    return SetScalar(text, path, *field, *parent);
  }
  return SetMessage(text, path,
                    *parent->GetReflection()->MutableMessage(parent, field));
}

}  // namespace usher::ctl
