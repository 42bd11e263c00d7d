// Resources of the API <-> structs of the index. Only the edge of the server
// knows the protos.
#ifndef USHER_SERVING_CONVERT_RESOURCES_H_
#define USHER_SERVING_CONVERT_RESOURCES_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/base/clock.h"
#include "index/catalog/event.h"
#include "index/catalog/geo.h"
#include "index/catalog/interaction.h"
#include "index/catalog/user.h"
#include "usher/v1/resources.pb.h"

namespace usher {

inline constexpr size_t kMaxFieldBytes = 1 << 16;
inline constexpr int kMaxListEntries = 1'000;
inline constexpr int kMaxGroups = 10'000;
inline constexpr int kMaxEmbedding = 4'096;

// In all functions `path` is the field's path in the request, which an
// InvalidArgument begins with: "context.location.latitude: 91 is ...".

// "path: what".
absl::Status Invalid(absl::string_view path, absl::string_view what);

// Checks that an id has 1 to 128 bytes.
absl::Status CheckId(absl::string_view id, absl::string_view path);

// Years 1 to 9999; parts of a microsecond are dropped.
absl::StatusOr<Micros> FromProto(const google::protobuf::Timestamp& time,
                                 absl::string_view path);
// `time` is not kNoTime.
google::protobuf::Timestamp ToProto(Micros time);

absl::StatusOr<GeoPoint> FromProto(const v1::Location& location,
                                   absl::string_view path);
// `point` is known.
v1::Location ToProto(const GeoPoint& point);

// A kind of the enum other than UNSPECIFIED.
absl::StatusOr<InteractionKind> FromProto(v1::InteractionKind kind,
                                          absl::string_view path);

// Checked against the limits below.
absl::StatusOr<Event> FromProto(const v1::Event& event, absl::string_view path);
absl::StatusOr<User> FromProto(const v1::User& user, absl::string_view path);
// `now` is used where the interaction names no time.
absl::StatusOr<Interaction> FromProto(const v1::Interaction& interaction,
                                      Micros now, absl::string_view path);

// What the event or user does not have stays unset.
v1::Event ToProto(const Event& event);
v1::User ToProto(const User& user);
v1::Interaction ToProto(const Interaction& interaction);

}  // namespace usher

#endif  // USHER_SERVING_CONVERT_RESOURCES_H_
