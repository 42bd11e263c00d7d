// Changes of single fields of events and users.
#ifndef USHER_SERVING_MERGE_FIELDS_H_
#define USHER_SERVING_MERGE_FIELDS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "index/catalog/event.h"
#include "index/catalog/user.h"
#include "serving/state_write.h"

namespace usher {

// Fields are named as in proto/usher/v1/resources.proto; `id` is none.
bool IsEventField(absl::string_view name);
bool IsUserField(absl::string_view name);
// "title, description, ...", for messages.
std::string EventFieldNames();
std::string UserFieldNames();

// Copies the named fields; with an empty mask, everything.
void MergeFields(const Event& from, const FieldMask& mask, Event* into);
void MergeFields(const User& from, const FieldMask& mask, User* into);

}  // namespace usher

#endif  // USHER_SERVING_MERGE_FIELDS_H_
