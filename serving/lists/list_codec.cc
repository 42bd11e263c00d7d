#include "serving/lists/list_codec.h"

#include <cmath>
#include <limits>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "usher/v1/precomputed.pb.h"

namespace usher {
namespace {

constexpr size_t kMaxIdBytes = 128;
constexpr size_t kMaxNameBytes = 128;
// Of what google.protobuf.Timestamp can say: the years 1 to 9999.
constexpr int64_t kFirstSecond = -62'135'596'800;
constexpr int64_t kLastSecond = 253'402'300'799;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("a list that was made ahead: ", what,
                                          "; precompute it again"));
}

template <class Ids>
absl::Status CheckIds(absl::string_view field, const Ids& ids,
                      absl::Span<const float> scores) {
  if (static_cast<size_t>(ids.size()) > kMaxListed) {
    return Damaged(absl::StrCat(field, " has ", ids.size(),
                                " entries, more than ", kMaxListed));
  }
  if (!scores.empty() && scores.size() != static_cast<size_t>(ids.size())) {
    return Damaged(absl::StrCat(field, " has ", ids.size(),
                                " entries, but scores has ", scores.size()));
  }
  absl::flat_hash_set<absl::string_view> seen;
  for (const std::string& id : ids) {
    if (id.empty() || id.size() > kMaxIdBytes) {
      return Damaged(absl::StrCat(field, " has an id of ", id.size(),
                                  " bytes, not 1 to ", kMaxIdBytes));
    }
    if (!seen.insert(id).second) {
      return Damaged(absl::StrCat(field, " has \"", id, "\" twice"));
    }
  }
  for (const float score : scores) {
    if (!std::isfinite(score)) return Damaged("a score is no finite number");
  }
  return absl::OkStatus();
}

absl::StatusOr<Micros> TimeOf(const google::protobuf::Timestamp& time) {
  if (time.seconds() < kFirstSecond || time.seconds() > kLastSecond ||
      time.nanos() < 0 || time.nanos() > 999'999'999) {
    return Damaged("generated_at is not an instant");
  }
  return time.seconds() * kSecond + time.nanos() / 1000;
}

void SetTime(Micros time, google::protobuf::Timestamp* out) {
  Micros part = time % kSecond;
  if (part < 0) part += kSecond;
  out->set_seconds((time - part) / kSecond);
  out->set_nanos(static_cast<int32_t>(part * 1000));
}

// What both kinds say of themselves.
template <class Message, class List>
absl::Status SetOrigin(const Message& message, List* list) {
  if (message.batch().size() > kMaxNameBytes) {
    return Damaged("the name of its batch is too long");
  }
  if (message.model_version() < 0) {
    return Damaged("model_version is negative");
  }
  list->batch = message.batch();
  list->model_version = message.model_version();
  if (message.has_generated_at()) {
    ASSIGN_OR_RETURN(list->generated_at, TimeOf(message.generated_at()));
  }
  list->scores.assign(message.scores().begin(), message.scores().end());
  return absl::OkStatus();
}

template <class List, class Message>
void FillOrigin(const List& list, Message* message) {
  message->mutable_scores()->Add(list.scores.begin(), list.scores.end());
  message->set_batch(list.batch);
  message->set_model_version(list.model_version);
  if (list.generated_at != kNoTime) {
    SetTime(list.generated_at, message->mutable_generated_at());
  }
}

template <class Message>
absl::Status Parse(absl::string_view bytes, Message* message) {
  if (bytes.size() > kMaxListBytes) {
    return Damaged(absl::StrCat("it has more than ", kMaxListBytes, " bytes"));
  }
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Damaged(
        absl::StrCat("not a ", message->GetDescriptor()->full_name()));
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodeList(const RankedList& list) {
  v1::PrecomputedRanking message;
  for (const std::string& id : list.event_ids) message.add_event_ids(id);
  FillOrigin(list, &message);
  message.set_policy(list.policy);
  if (list.location.known()) {
    message.mutable_location()->set_latitude(list.location.latitude);
    message.mutable_location()->set_longitude(list.location.longitude);
  }
  return message.SerializeAsString();
}

std::string EncodeList(const NeighbourList& list) {
  v1::PrecomputedNeighbours message;
  for (const std::string& id : list.user_ids) message.add_user_ids(id);
  FillOrigin(list, &message);
  return message.SerializeAsString();
}

absl::StatusOr<RankedList> DecodeRankedList(absl::string_view bytes) {
  v1::PrecomputedRanking message;
  RETURN_IF_ERROR(Parse(bytes, &message));
  RETURN_IF_ERROR(CheckIds("event_ids", message.event_ids(), message.scores()));
  RankedList list;
  RETURN_IF_ERROR(SetOrigin(message, &list));
  if (message.policy().size() > kMaxNameBytes) {
    return Damaged("policy is too long");
  }
  list.policy = message.policy();
  if (message.has_location()) {
    list.location = {static_cast<float>(message.location().latitude()),
                     static_cast<float>(message.location().longitude())};
    if (!IsValid(list.location)) return Damaged("location is no place");
  }
  list.event_ids.assign(message.event_ids().begin(), message.event_ids().end());
  return list;
}

absl::StatusOr<NeighbourList> DecodeNeighbourList(absl::string_view bytes) {
  v1::PrecomputedNeighbours message;
  RETURN_IF_ERROR(Parse(bytes, &message));
  RETURN_IF_ERROR(CheckIds("user_ids", message.user_ids(), message.scores()));
  NeighbourList list;
  RETURN_IF_ERROR(SetOrigin(message, &list));
  list.user_ids.assign(message.user_ids().begin(), message.user_ids().end());
  return list;
}

}  // namespace usher
