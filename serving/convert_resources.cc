#include "serving/convert_resources.h"

#include <cmath>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace usher {
namespace {

constexpr size_t kMaxIdBytes = 128;
// 0001-01-01 and 10000-01-01, as google.protobuf.Timestamp has it.
constexpr int64_t kFirstSecond = -62135596800;
constexpr int64_t kEndSecond = 253402300800;

v1::Location LocationToProto(const GeoPoint& point) {
  v1::Location proto;
  proto.set_latitude(point.latitude);
  proto.set_longitude(point.longitude);
  return proto;
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
    *proto.mutable_location() = LocationToProto(event.location);
  }
  const auto set = [](Micros time, auto mutable_field) {
    if (time != kNoTime) *mutable_field() = ToProto(time);
  };
  set(event.start_time, [&] { return proto.mutable_start_time(); });
  set(event.end_time, [&] { return proto.mutable_end_time(); });
  set(event.announce_time, [&] { return proto.mutable_announce_time(); });
  if (!std::isnan(event.price)) proto.set_price(event.price);
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
    *proto.mutable_location() = LocationToProto(user.location);
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

}  // namespace usher
