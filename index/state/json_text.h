// The lists of events and users as JSON texts, for columns that hold them.
#ifndef USHER_INDEX_STATE_JSON_TEXT_H_
#define USHER_INDEX_STATE_JSON_TEXT_H_

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/catalog/user.h"

namespace usher {

using ProfileFeatures =
    std::vector<std::pair<std::string, std::variant<std::string, double>>>;

// ["a", "b"]; [{"id": "g", "joined": 1700000000000000}] with microseconds;
// {"name": "text", "other": 2.5}. Nothing at all is the empty text.
std::string TextsToJson(const std::vector<std::string>& texts);
std::string GroupsToJson(const std::vector<Group>& groups);
std::string FeaturesToJson(const ProfileFeatures& features);

// DataLoss when the text is not what the function above writes; people may have
// edited it.
absl::StatusOr<std::vector<std::string>> TextsFromJson(absl::string_view json);
absl::StatusOr<std::vector<Group>> GroupsFromJson(absl::string_view json);
absl::StatusOr<ProfileFeatures> FeaturesFromJson(absl::string_view json);

}  // namespace usher

#endif  // USHER_INDEX_STATE_JSON_TEXT_H_
