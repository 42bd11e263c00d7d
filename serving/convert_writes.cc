#include "serving/convert_writes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "serving/convert_resources.h"
#include "serving/merge_fields.h"

namespace usher {
namespace {

absl::Status CheckRows(int rows, absl::string_view path) {
  if (rows <= kMaxWriteRows) return absl::OkStatus();
  return Invalid(path, absl::StrCat("has ", rows, " entries; a call has ",
                                    kMaxWriteRows, " at most"));
}

std::string EntryPath(absl::string_view path, int i) {
  return absl::StrCat(path, "[", i, "]");
}

template <class Known>
absl::StatusOr<FieldMask> ReadMask(const google::protobuf::FieldMask& proto,
                                   const Known& known,
                                   const std::string& names) {
  FieldMask mask(proto.paths().begin(), proto.paths().end());
  std::sort(mask.begin(), mask.end());
  mask.erase(std::unique(mask.begin(), mask.end()), mask.end());
  for (const std::string& name : mask) {
    if (name == "id" || known(name)) continue;
    return Invalid(
        "update_mask",
        absl::StrCat("\"", name, "\" is no field; there are ", names));
  }
  return mask;
}

}  // namespace

absl::StatusOr<EventUpserts> FromProto(const v1::UpsertEventsRequest& request) {
  EventUpserts write;
  RETURN_IF_ERROR(CheckRows(request.events_size(), "events"));
  ASSIGN_OR_RETURN(write.mask, ReadMask(request.update_mask(), &IsEventField,
                                        EventFieldNames()));
  write.events.reserve(request.events_size());
  for (int i = 0; i < request.events_size(); ++i) {
    ASSIGN_OR_RETURN(Event event,
                     FromProto(request.events(i), EntryPath("events", i)));
    write.events.push_back(std::move(event));
  }
  return write;
}

absl::StatusOr<EventDeletions> FromProto(
    const v1::DeleteEventsRequest& request) {
  RETURN_IF_ERROR(CheckRows(request.event_ids_size(), "event_ids"));
  for (int i = 0; i < request.event_ids_size(); ++i) {
    RETURN_IF_ERROR(CheckId(request.event_ids(i), EntryPath("event_ids", i)));
  }
  return EventDeletions{
      {request.event_ids().begin(), request.event_ids().end()}};
}

absl::StatusOr<UserUpserts> FromProto(const v1::UpsertUsersRequest& request) {
  UserUpserts write;
  RETURN_IF_ERROR(CheckRows(request.users_size(), "users"));
  ASSIGN_OR_RETURN(write.mask, ReadMask(request.update_mask(), &IsUserField,
                                        UserFieldNames()));
  write.users.reserve(request.users_size());
  for (int i = 0; i < request.users_size(); ++i) {
    ASSIGN_OR_RETURN(User user,
                     FromProto(request.users(i), EntryPath("users", i)));
    write.users.push_back(std::move(user));
  }
  return write;
}

absl::StatusOr<Interactions> FromProto(
    const google::protobuf::RepeatedPtrField<v1::Interaction>& interactions,
    Micros now) {
  RETURN_IF_ERROR(CheckRows(interactions.size(), "interactions"));
  Interactions write;
  write.reserve(interactions.size());
  for (int i = 0; i < interactions.size(); ++i) {
    ASSIGN_OR_RETURN(
        Interaction interaction,
        FromProto(interactions[i], now, EntryPath("interactions", i)));
    write.push_back(std::move(interaction));
  }
  return write;
}

}  // namespace usher
