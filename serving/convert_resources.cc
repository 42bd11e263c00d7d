#include "serving/convert_resources.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr size_t kMaxIdBytes = 128;
// 0001-01-01 and 10000-01-01, as google.protobuf.Timestamp has it.
constexpr int64_t kFirstSecond = -62135596800;
constexpr int64_t kEndSecond = 253402300800;

// The double that a person would write for a value that is kept as a float.
double AsWritten(float value) {
  char text[32];
  const std::to_chars_result end =
      std::to_chars(text, text + sizeof(text), value);
  double written = value;
  std::from_chars(text, end.ptr, written);
  return written;
}

absl::Status CheckText(const std::string& text, absl::string_view path) {
  if (text.size() <= kMaxFieldBytes) return absl::OkStatus();
  return Invalid(path, absl::StrCat("has ", text.size(), " bytes; at most ",
                                    kMaxFieldBytes, " are allowed"));
}

absl::Status CheckEntries(int entries, int most, absl::string_view path) {
  if (entries <= most) return absl::OkStatus();
  return Invalid(path, absl::StrCat("has ", entries, " entries; at most ", most,
                                    " are allowed"));
}

absl::Status ReadTags(
    const google::protobuf::RepeatedPtrField<std::string>& tags,
    absl::string_view path, std::vector<std::string>* into) {
  RETURN_IF_ERROR(CheckEntries(tags.size(), kMaxListEntries, path));
  for (int i = 0; i < tags.size(); ++i) {
    RETURN_IF_ERROR(CheckText(tags[i], absl::StrCat(path, "[", i, "]")));
  }
  into->assign(tags.begin(), tags.end());
  return absl::OkStatus();
}

absl::Status ReadFeatures(const v1::User& proto, const std::string& path,
                          User* user) {
  RETURN_IF_ERROR(CheckEntries(proto.features_size(), kMaxListEntries, path));
  for (const auto& [name, value] : proto.features()) {
    const std::string at = absl::StrCat(path, "[\"", name, "\"]");
    RETURN_IF_ERROR(CheckText(name, at));
    RETURN_IF_ERROR(CheckText(value.text(), at));
    if (value.value_case() == v1::FeatureValue::kNumber) {
      if (!std::isfinite(value.number())) {
        return Invalid(at, "is not a finite number");
      }
      user->features.emplace_back(name, value.number());
    } else {
      user->features.emplace_back(name, value.text());
    }
  }
  std::sort(user->features.begin(), user->features.end());
  return absl::OkStatus();
}

}  // namespace

absl::Status Invalid(absl::string_view path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

absl::Status CheckId(absl::string_view id, absl::string_view path) {
  if (id.empty()) return Invalid(path, "is required");
  if (id.size() > kMaxIdBytes) {
    return Invalid(path, absl::StrCat("has ", id.size(), " bytes; an id has ",
                                      kMaxIdBytes, " at most"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Micros> FromProto(const google::protobuf::Timestamp& time,
                                 absl::string_view path) {
  if (time.seconds() < kFirstSecond || time.seconds() >= kEndSecond) {
    return Invalid(path, absl::StrCat(time.seconds(),
                                      " seconds is not a time of the years 1 "
                                      "to 9999; the unit is unix seconds"));
  }
  if (time.nanos() < 0 || time.nanos() >= 1'000'000'000) {
    return Invalid(
        path, absl::StrCat(time.nanos(), " nanos is not in [0, 999999999]"));
  }
  return time.seconds() * kSecond + time.nanos() / 1000;
}

google::protobuf::Timestamp ToProto(Micros time) {
  google::protobuf::Timestamp proto;
  const int64_t micros = (time % kSecond + kSecond) % kSecond;
  proto.set_seconds((time - micros) / kSecond);
  proto.set_nanos(static_cast<int32_t>(micros * 1000));
  return proto;
}

v1::Location ToProto(const GeoPoint& point) {
  v1::Location proto;
  proto.set_latitude(AsWritten(point.latitude));
  proto.set_longitude(AsWritten(point.longitude));
  return proto;
}

absl::StatusOr<GeoPoint> FromProto(const v1::Location& location,
                                   absl::string_view path) {
  if (!(std::abs(location.latitude()) <= 90)) {
    return Invalid(
        absl::StrCat(path, ".latitude"),
        absl::StrCat(location.latitude(), " is not in [-90, 90] degrees"));
  }
  if (!(std::abs(location.longitude()) <= 180)) {
    return Invalid(
        absl::StrCat(path, ".longitude"),
        absl::StrCat(location.longitude(), " is not in [-180, 180] degrees"));
  }
  return GeoPoint{static_cast<float>(location.latitude()),
                  static_cast<float>(location.longitude())};
}

absl::StatusOr<InteractionKind> FromProto(v1::InteractionKind kind,
                                          absl::string_view path) {
  if (kind <= 0 || kind >= kNumInteractionKinds) {
    return Invalid(path, absl::StrCat(static_cast<int>(kind),
                                      " is no kind of interaction"));
  }
  return static_cast<InteractionKind>(kind);
}

absl::StatusOr<Event> FromProto(const v1::Event& proto,
                                absl::string_view path) {
  Event event;
  const auto at = [&](absl::string_view field) {
    return absl::StrCat(path, ".", field);
  };
  RETURN_IF_ERROR(CheckId(proto.id(), at("id")));
  event.id = proto.id();
  const std::tuple<absl::string_view, const std::string*, std::string*>
      texts[] = {
          {"title", &proto.title(), &event.title},
          {"description", &proto.description(), &event.description},
          {"category", &proto.category(), &event.category},
          {"organizer_name", &proto.organizer_name(), &event.organizer_name},
          {"venue", &proto.venue(), &event.venue},
          {"city", &proto.city(), &event.city},
          {"currency", &proto.currency(), &event.currency},
          {"time_zone", &proto.time_zone(), &event.time_zone}};
  for (const auto& [name, from, into] : texts) {
    RETURN_IF_ERROR(CheckText(*from, at(name)));
    *into = *from;
  }
  if (!proto.organizer().empty()) {
    RETURN_IF_ERROR(CheckId(proto.organizer(), at("organizer")));
    event.organizer = proto.organizer();
  }
  RETURN_IF_ERROR(ReadTags(proto.tags(), at("tags"), &event.tags));
  if (proto.has_location()) {
    ASSIGN_OR_RETURN(event.location,
                     FromProto(proto.location(), at("location")));
  }
  if (proto.has_start_time()) {
    ASSIGN_OR_RETURN(event.start_time,
                     FromProto(proto.start_time(), at("start_time")));
  }
  if (proto.has_end_time()) {
    ASSIGN_OR_RETURN(event.end_time,
                     FromProto(proto.end_time(), at("end_time")));
  }
  if (proto.has_announce_time()) {
    ASSIGN_OR_RETURN(event.announce_time,
                     FromProto(proto.announce_time(), at("announce_time")));
  }
  if (proto.has_price()) {
    if (!(std::isfinite(proto.price()) && proto.price() >= 0)) {
      return Invalid(at("price"), absl::StrCat(proto.price(),
                                               " is no price; leave it out "
                                               "when it is not known"));
    }
    event.price = static_cast<float>(proto.price());
  }
  if (proto.has_capacity()) {
    if (proto.capacity() < 0) {
      return Invalid(at("capacity"),
                     absl::StrCat(proto.capacity(),
                                  " is negative; leave it out when it is not "
                                  "known"));
    }
    event.capacity = proto.capacity();
  }
  if (!v1::EventStatus_IsValid(proto.status())) {
    return Invalid(at("status"), absl::StrCat(static_cast<int>(proto.status()),
                                              " is no status of an event"));
  }
  if (proto.status() != v1::EVENT_STATUS_UNSPECIFIED) {
    event.status =
        static_cast<EventStatus>(static_cast<int>(proto.status()) - 1);
  }
  if (proto.embedding_size() > kMaxEmbedding) {
    return Invalid(
        at("embedding"),
        absl::StrCat("has ", proto.embedding_size(), " numbers; at most ",
                     kMaxEmbedding, " are allowed"));
  }
  event.embedding.assign(proto.embedding().begin(), proto.embedding().end());
  for (const float value : event.embedding) {
    if (!std::isfinite(value)) {
      return Invalid(at("embedding"), "holds a number that is not finite");
    }
  }
  return event;
}

absl::StatusOr<User> FromProto(const v1::User& proto, absl::string_view path) {
  User user;
  const auto at = [&](absl::string_view field) {
    return absl::StrCat(path, ".", field);
  };
  RETURN_IF_ERROR(CheckId(proto.id(), at("id")));
  user.id = proto.id();
  if (proto.has_location()) {
    ASSIGN_OR_RETURN(user.location,
                     FromProto(proto.location(), at("location")));
  }
  RETURN_IF_ERROR(CheckText(proto.city(), at("city")));
  user.city = proto.city();
  RETURN_IF_ERROR(ReadTags(proto.tags(), at("tags"), &user.tags));
  RETURN_IF_ERROR(CheckEntries(proto.groups_size(), kMaxGroups, at("groups")));
  for (int i = 0; i < proto.groups_size(); ++i) {
    const std::string group_path = absl::StrCat(at("groups"), "[", i, "]");
    Group group;
    group.id = proto.groups(i).id();
    RETURN_IF_ERROR(CheckId(group.id, group_path + ".id"));
    if (proto.groups(i).has_joined()) {
      ASSIGN_OR_RETURN(group.joined, FromProto(proto.groups(i).joined(),
                                               group_path + ".joined"));
    }
    user.groups.push_back(std::move(group));
  }
  if (proto.has_joined_time()) {
    ASSIGN_OR_RETURN(user.joined_time,
                     FromProto(proto.joined_time(), at("joined_time")));
  }
  RETURN_IF_ERROR(ReadFeatures(proto, at("features"), &user));
  return user;
}

absl::StatusOr<Interaction> FromProto(const v1::Interaction& proto, Micros now,
                                      absl::string_view path) {
  Interaction interaction;
  const auto at = [&](absl::string_view field) {
    return absl::StrCat(path, ".", field);
  };
  if (!proto.interaction_id().empty()) {
    RETURN_IF_ERROR(CheckId(proto.interaction_id(), at("interaction_id")));
  }
  interaction.interaction_id = proto.interaction_id();
  RETURN_IF_ERROR(CheckId(proto.user_id(), at("user_id")));
  interaction.user_id = proto.user_id();
  RETURN_IF_ERROR(CheckId(proto.event_id(), at("event_id")));
  interaction.event_id = proto.event_id();
  if (proto.kind() == v1::INTERACTION_KIND_UNSPECIFIED) {
    return Invalid(at("kind"), "is required");
  }
  ASSIGN_OR_RETURN(interaction.kind, FromProto(proto.kind(), at("kind")));
  if (proto.has_value()) {
    if (!std::isfinite(static_cast<float>(proto.value()))) {
      return Invalid(at("value"), "is not a finite number of 32 bits");
    }
    interaction.value = static_cast<float>(proto.value());
  }
  interaction.received_at = now;
  interaction.occurred_at = now;
  if (proto.has_occurred_at()) {
    ASSIGN_OR_RETURN(interaction.occurred_at,
                     FromProto(proto.occurred_at(), at("occurred_at")));
  }
  if (!proto.recommendation_id().empty()) {
    RETURN_IF_ERROR(
        CheckId(proto.recommendation_id(), at("recommendation_id")));
  }
  interaction.recommendation_id = proto.recommendation_id();
  if (proto.position() < 0) {
    return Invalid(
        at("position"),
        absl::StrCat(proto.position(), " is negative; positions count from 1"));
  }
  interaction.position = proto.position();
  if (proto.device().size() > kMaxIdBytes) {
    return Invalid(at("device"), absl::StrCat("has ", proto.device().size(),
                                              " bytes; at most ", kMaxIdBytes,
                                              " are allowed"));
  }
  interaction.device = proto.device();
  if (proto.has_location()) {
    ASSIGN_OR_RETURN(interaction.location,
                     FromProto(proto.location(), at("location")));
  }
  return interaction;
}

v1::Event ToProto(const Event& event) {
  v1::Event proto;
  proto.set_id(event.id);
  proto.set_title(event.title);
  proto.set_description(event.description);
  proto.mutable_tags()->Add(event.tags.begin(), event.tags.end());
  proto.set_category(event.category);
  proto.set_organizer(event.organizer);
  proto.set_organizer_name(event.organizer_name);
  proto.set_venue(event.venue);
  proto.set_city(event.city);
  if (event.location.known()) {
    *proto.mutable_location() = ToProto(event.location);
  }
  const auto set = [](Micros time, auto mutable_field) {
    if (time != kNoTime) *mutable_field() = ToProto(time);
  };
  set(event.start_time, [&] { return proto.mutable_start_time(); });
  set(event.end_time, [&] { return proto.mutable_end_time(); });
  set(event.announce_time, [&] { return proto.mutable_announce_time(); });
  if (!std::isnan(event.price)) proto.set_price(AsWritten(event.price));
  proto.set_currency(event.currency);
  if (event.capacity >= 0) proto.set_capacity(event.capacity);
  proto.set_status(
      static_cast<v1::EventStatus>(static_cast<int>(event.status) + 1));
  proto.set_time_zone(event.time_zone);
  proto.mutable_embedding()->Add(event.embedding.begin(),
                                 event.embedding.end());
  return proto;
}

v1::User ToProto(const User& user) {
  v1::User proto;
  proto.set_id(user.id);
  if (user.location.known()) {
    *proto.mutable_location() = ToProto(user.location);
  }
  proto.set_city(user.city);
  proto.mutable_tags()->Add(user.tags.begin(), user.tags.end());
  for (const Group& group : user.groups) {
    v1::Group& added = *proto.add_groups();
    added.set_id(group.id);
    if (group.joined != kNoTime)
      *added.mutable_joined() = ToProto(group.joined);
  }
  if (user.joined_time != kNoTime) {
    *proto.mutable_joined_time() = ToProto(user.joined_time);
  }
  for (const auto& [name, value] : user.features) {
    v1::FeatureValue& feature = (*proto.mutable_features())[name];
    if (const double* number = std::get_if<double>(&value)) {
      feature.set_number(*number);
    } else {
      feature.set_text(std::get<std::string>(value));
    }
  }
  return proto;
}

v1::Interaction ToProto(const Interaction& interaction) {
  v1::Interaction proto;
  proto.set_interaction_id(interaction.interaction_id);
  proto.set_user_id(interaction.user_id);
  proto.set_event_id(interaction.event_id);
  proto.set_kind(static_cast<v1::InteractionKind>(interaction.kind));
  if (std::isfinite(interaction.value)) proto.set_value(interaction.value);
  if (interaction.occurred_at != kNoTime) {
    *proto.mutable_occurred_at() = ToProto(interaction.occurred_at);
  }
  proto.set_recommendation_id(interaction.recommendation_id);
  proto.set_position(interaction.position);
  proto.set_device(interaction.device);
  if (interaction.location.known()) {
    *proto.mutable_location() = ToProto(interaction.location);
  }
  return proto;
}

}  // namespace usher
