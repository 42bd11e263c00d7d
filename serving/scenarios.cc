#include "serving/scenarios.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/message.h"
#include "index/base/status_macros.h"
#include "serving/convert_requests.h"
#include "serving/convert_resources.h"

namespace usher {
namespace {

constexpr size_t kMaxNameBytes = 64;

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '_' || c == '-' || c == '.';
         });
}

// Fields that `by` sets replace those of `message`.
void Replace(const google::protobuf::Message& by,
             google::protobuf::Message* message) {
  std::vector<const google::protobuf::FieldDescriptor*> set;
  by.GetReflection()->ListFields(by, &set);
  for (const google::protobuf::FieldDescriptor* field : set) {
    message->GetReflection()->ClearField(message, field);
  }
  message->MergeFrom(by);
}

absl::StatusOr<Scenario> ReadScenario(v1::RecommendRequest defaults) {
  Scenario scenario;
  scenario.name = defaults.scenario();
  if (!IsName(scenario.name)) {
    return Invalid("name",
                   absl::StrCat("\"", absl::CHexEscape(scenario.name),
                                "\" is not 1 to ", kMaxNameBytes,
                                " letters, digits, \"_\", \"-\" and \".\""));
  }
  ASSIGN_OR_RETURN(Query query, FromProto(defaults, kNoTime));
  scenario.rules = std::move(query.rules);
  defaults.clear_rules();
  scenario.defaults = std::move(defaults);
  return scenario;
}

}  // namespace

v1::RecommendRequest Scenario::Fill(const v1::RecommendRequest& request) const {
  v1::RecommendRequest filled = defaults;
  Replace(request, &filled);
  if (defaults.has_filter()) {
    *filled.mutable_filter() = defaults.filter();
    Replace(request.filter(), filled.mutable_filter());
  }
  return filled;
}

absl::StatusOr<Scenarios> Scenarios::Create(
    std::vector<v1::RecommendRequest> defaults) {
  if (defaults.size() > kMaxScenarios) {
    return Invalid("scenarios",
                   absl::StrCat("has ", defaults.size(), " entries; at most ",
                                kMaxScenarios, " are allowed"));
  }
  Scenarios scenarios;
  for (size_t i = 0; i < defaults.size(); ++i) {
    const std::string path = absl::StrCat("scenarios[", i, "].");
    absl::StatusOr<Scenario> scenario = ReadScenario(std::move(defaults[i]));
    if (!scenario.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, scenario.status().message()));
    }
    if (scenarios.Find(scenario->name).ok()) {
      return Invalid(path + "name", absl::StrCat("\"", scenario->name,
                                                 "\" is another's, too"));
    }
    scenarios.all_.push_back(*std::move(scenario));
  }
  return scenarios;
}

const Scenarios& Scenarios::None() {
  static const Scenarios* const none = new Scenarios();
  return *none;
}

absl::StatusOr<const Scenario*> Scenarios::Find(absl::string_view name) const {
  if (name.empty()) return nullptr;
  for (const Scenario& scenario : all_) {
    if (scenario.name == name) return &scenario;
  }
  const std::string said = absl::StrCat(
      "\"", absl::CHexEscape(name.substr(0, kMaxNameBytes)), "\" is unknown; ");
  if (all_.empty()) {
    return Invalid("scenario", said + "this server's --config has none");
  }
  return Invalid(
      "scenario",
      absl::StrCat(said, "this server has ",
                   absl::StrJoin(all_, ", ",
                                 [](std::string* out, const Scenario& other) {
                                   absl::StrAppend(out, "\"", other.name, "\"");
                                 })));
}

}  // namespace usher
