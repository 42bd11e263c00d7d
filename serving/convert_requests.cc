#include "serving/convert_requests.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "serving/convert_resources.h"

namespace usher {
namespace {

using Texts = google::protobuf::RepeatedPtrField<std::string>;

constexpr double kMaxSeedWeight = 1000;
constexpr size_t kMaxRequestIdBytes = 128;
constexpr size_t kMaxRuleNameBytes = 128;
constexpr size_t kMaxDeviceBytes = 128;
constexpr double kMaxBoost = 1e6;

absl::StatusOr<int> Limit(int32_t limit, int most) {
  if (limit < 0) {
    return Invalid("limit", absl::StrCat(limit, " is negative; leave it out ",
                                         "for ", kDefaultLimit));
  }
  return limit == 0 ? kDefaultLimit : std::min<int>(limit, most);
}

absl::Status CheckCap(int32_t cap, absl::string_view path) {
  if (cap >= 0) return absl::OkStatus();
  return Invalid(path, absl::StrCat(cap, " is negative; 0 means no limit"));
}

absl::Status CheckAmount(double amount, absl::string_view path,
                         absl::string_view way_out) {
  if (std::isfinite(amount) && amount >= 0) return absl::OkStatus();
  return Invalid(
      path, absl::StrCat(amount, " is ",
                         amount < 0 ? "negative" : "not a finite number", "; ",
                         way_out));
}

absl::Status ReadTexts(const Texts& texts, absl::string_view path,
                       std::vector<std::string>& out) {
  if (texts.size() > kMaxFilterEntries) {
    return Invalid(path,
                   absl::StrCat("has ", texts.size(), " entries; at most ",
                                kMaxFilterEntries, " are allowed"));
  }
  out.assign(texts.begin(), texts.end());
  return absl::OkStatus();
}

absl::Status ReadIds(const Texts& ids, absl::string_view path,
                     std::vector<std::string>& out) {
  RETURN_IF_ERROR(ReadTexts(ids, path, out));
  for (size_t i = 0; i < out.size(); ++i) {
    RETURN_IF_ERROR(CheckId(out[i], absl::StrCat(path, "[", i, "]")));
  }
  return absl::OkStatus();
}

absl::Status ReadFilterLists(const v1::Filter& proto, const std::string& path,
                             Filter& filter) {
  RETURN_IF_ERROR(
      ReadTexts(proto.categories(), path + ".categories", filter.categories));
  RETURN_IF_ERROR(
      ReadTexts(proto.tags_any(), path + ".tags_any", filter.tags_any));
  RETURN_IF_ERROR(
      ReadTexts(proto.tags_all(), path + ".tags_all", filter.tags_all));
  RETURN_IF_ERROR(ReadTexts(proto.exclude_tags(), path + ".exclude_tags",
                            filter.exclude_tags));
  RETURN_IF_ERROR(ReadTexts(proto.cities(), path + ".cities", filter.cities));
  RETURN_IF_ERROR(
      ReadIds(proto.organizers(), path + ".organizers", filter.organizers));
  RETURN_IF_ERROR(ReadIds(proto.exclude_event_ids(),
                          path + ".exclude_event_ids",
                          filter.exclude_event_ids));
  return ReadIds(proto.only_event_ids(), path + ".only_event_ids",
                 filter.only_event_ids);
}

// `path` is that of the filter: "filter", "rules[2].filter".
absl::Status ReadFilter(const v1::Filter& proto, const std::string& path,
                        Filter& filter) {
  if (proto.has_start_after()) {
    ASSIGN_OR_RETURN(filter.start_after,
                     FromProto(proto.start_after(), path + ".start_after"));
  }
  if (proto.has_start_before()) {
    ASSIGN_OR_RETURN(filter.start_before,
                     FromProto(proto.start_before(), path + ".start_before"));
  }
  filter.include_running = proto.include_running();
  filter.include_interacted = proto.include_interacted();
  RETURN_IF_ERROR(CheckAmount(proto.max_distance_km(),
                              path + ".max_distance_km",
                              "leave it out for no limit"));
  filter.max_distance_km = proto.max_distance_km();
  if (proto.has_max_price()) {
    RETURN_IF_ERROR(CheckAmount(proto.max_price(), path + ".max_price",
                                "leave it out for no limit"));
    filter.max_price = static_cast<float>(proto.max_price());
  }
  return ReadFilterLists(proto, path, filter);
}

absl::Status ReadContext(const v1::RequestContext& proto, Query& query) {
  if (proto.has_now()) {
    ASSIGN_OR_RETURN(query.now, FromProto(proto.now(), "context.now"));
  }
  if (proto.has_location()) {
    ASSIGN_OR_RETURN(query.location,
                     FromProto(proto.location(), "context.location"));
  }
  if (proto.device().size() > kMaxDeviceBytes) {
    return Invalid(
        "context.device",
        absl::StrCat("has ", proto.device().size(), " bytes; at most ",
                     kMaxDeviceBytes, " are allowed"));
  }
  query.device = DeviceFromWord(proto.device());
  return absl::OkStatus();
}

absl::StatusOr<Seed> ReadSeed(const v1::Seed& proto, const std::string& path) {
  Seed seed;
  RETURN_IF_ERROR(CheckId(proto.event_id(), path + ".event_id"));
  seed.event_id = proto.event_id();
  if (proto.kind() != v1::INTERACTION_KIND_UNSPECIFIED) {
    ASSIGN_OR_RETURN(seed.kind, FromProto(proto.kind(), path + ".kind"));
  }
  if (!proto.has_weight()) return seed;
  if (!(proto.weight() >= 0 && proto.weight() <= kMaxSeedWeight)) {
    return Invalid(
        path + ".weight",
        absl::StrCat(proto.weight(), " is not in [0, ", kMaxSeedWeight, "]"));
  }
  seed.weight = static_cast<float>(proto.weight());
  return seed;
}

absl::Status ReadSeeds(
    const google::protobuf::RepeatedPtrField<v1::Seed>& seeds, Query& query) {
  if (seeds.size() > kMaxSeeds) {
    return Invalid("seeds",
                   absl::StrCat("has ", seeds.size(), " entries; at most ",
                                kMaxSeeds, " are allowed"));
  }
  for (int i = 0; i < seeds.size(); ++i) {
    ASSIGN_OR_RETURN(Seed seed,
                     ReadSeed(seeds[i], absl::StrCat("seeds[", i, "]")));
    query.seeds.push_back(std::move(seed));
  }
  return absl::OkStatus();
}

absl::StatusOr<Rule> ReadRule(const v1::Rule& proto, const std::string& path) {
  Rule rule;
  if (proto.name().size() > kMaxRuleNameBytes) {
    return Invalid(path + ".name",
                   absl::StrCat("has ", proto.name().size(), " bytes; at most ",
                                kMaxRuleNameBytes, " are allowed"));
  }
  rule.name = proto.name();
  RETURN_IF_ERROR(ReadFilter(proto.filter(), path + ".filter", rule.filter));
  switch (proto.action_case()) {
    case v1::Rule::kBoost:
      RETURN_IF_ERROR(CheckAmount(proto.boost(), path + ".boost",
                                  "1 changes nothing, less buries"));
      rule.action = RuleAction::kBoost;
      rule.boost = static_cast<float>(std::min(proto.boost(), kMaxBoost));
      return rule;
    case v1::Rule::kPinPosition:
      if (proto.pin_position() < 1 || proto.pin_position() > kMaxLimit) {
        return Invalid(path + ".pin_position",
                       absl::StrCat(proto.pin_position(), " is not in [1, ",
                                    kMaxLimit, "]"));
      }
      rule.action = RuleAction::kPin;
      rule.pin_position = proto.pin_position();
      return rule;
    case v1::Rule::kExclude:
      // exclude: false asks for nothing.
      rule.action = proto.exclude() ? RuleAction::kExclude : RuleAction::kBoost;
      return rule;
    case v1::Rule::ACTION_NOT_SET:
      break;
  }
  return Invalid(path, "needs one of boost, pin_position and exclude");
}

absl::Status ReadArrangement(const v1::RecommendRequest& request,
                             Query& query) {
  if (request.rules_size() > kMaxRules) {
    return Invalid(
        "rules", absl::StrCat("has ", request.rules_size(),
                              " entries; at most ", kMaxRules, " are allowed"));
  }
  for (int i = 0; i < request.rules_size(); ++i) {
    ASSIGN_OR_RETURN(
        Rule rule, ReadRule(request.rules(i), absl::StrCat("rules[", i, "]")));
    query.rules.push_back(std::move(rule));
  }
  if (!request.has_diversity()) return absl::OkStatus();
  if (!(request.diversity() >= 0 && request.diversity() <= 1)) {
    return Invalid("diversity",
                   absl::StrCat(request.diversity(), " is not in [0, 1]"));
  }
  query.diversity = static_cast<float>(request.diversity());
  return absl::OkStatus();
}

absl::Status ReadCaps(const v1::RecommendRequest& request, Query& query) {
  RETURN_IF_ERROR(CheckCap(request.max_per_organizer(), "max_per_organizer"));
  RETURN_IF_ERROR(CheckCap(request.max_per_venue(), "max_per_venue"));
  RETURN_IF_ERROR(CheckCap(request.max_per_series(), "max_per_series"));
  query.max_per_organizer = request.max_per_organizer();
  query.max_per_venue = request.max_per_venue();
  query.max_per_series = request.max_per_series();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Query> FromProto(const v1::RecommendRequest& request,
                                Micros now) {
  Query query;
  query.now = now;
  if (!request.user_id().empty()) {
    RETURN_IF_ERROR(CheckId(request.user_id(), "user_id"));
  }
  query.user_id = request.user_id();
  ASSIGN_OR_RETURN(query.limit, Limit(request.limit(), kMaxLimit));
  RETURN_IF_ERROR(ReadContext(request.context(), query));
  RETURN_IF_ERROR(ReadFilter(request.filter(), "filter", query.filter));
  RETURN_IF_ERROR(ReadSeeds(request.seeds(), query));
  RETURN_IF_ERROR(ReadCaps(request, query));
  RETURN_IF_ERROR(ReadArrangement(request, query));
  if (!v1::Detail_IsValid(request.detail())) {
    return Invalid("detail", absl::StrCat(static_cast<int>(request.detail()),
                                          " is not NONE, REASONS or FEATURES"));
  }
  if (!v1::RecommendRequest::Exposure_IsValid(request.exposure())) {
    return Invalid("exposure",
                   absl::StrCat(static_cast<int>(request.exposure()),
                                " is not SERVED, DEFERRED or NONE"));
  }
  if (request.request_id().size() > kMaxRequestIdBytes) {
    return Invalid(
        "request_id",
        absl::StrCat("has ", request.request_id().size(), " bytes; at most ",
                     kMaxRequestIdBytes, " are allowed"));
  }
  return query;
}

absl::StatusOr<v1::RecommendRequest> ForEachUser(
    const v1::RecommendStreamRequest& request) {
  if (request.user_ids_size() > kMaxStreamedUsers) {
    return Invalid("user_ids", absl::StrCat("has ", request.user_ids_size(),
                                            " entries; a request has ",
                                            kMaxStreamedUsers, " at most"));
  }
  for (int i = 0; i < request.user_ids_size(); ++i) {
    RETURN_IF_ERROR(
        CheckId(request.user_ids(i), absl::StrCat("user_ids[", i, "]")));
  }
  v1::RecommendRequest each;
  each.set_limit(request.limit());
  *each.mutable_context() = request.context();
  *each.mutable_filter() = request.filter();
  *each.mutable_rules() = request.rules();
  each.set_max_per_organizer(request.max_per_organizer());
  each.set_max_per_venue(request.max_per_venue());
  each.set_max_per_series(request.max_per_series());
  if (request.has_diversity()) each.set_diversity(request.diversity());
  each.set_detail(request.detail());
  each.set_exposure(request.exposure());
  each.set_include_events(request.include_events());
  each.set_scenario(request.scenario());
  return each;
}

uint64_t ListHash(const v1::RecommendRequest& request) {
  v1::RecommendRequest list = request;
  list.clear_limit();
  list.clear_page_token();
  list.clear_detail();
  list.clear_include_events();
  list.clear_request_id();
  list.mutable_context()->clear_now();
  return Hash64(list.SerializeAsString());
}

absl::StatusOr<SimilarEventsCall> FromProto(
    const v1::SimilarEventsRequest& request, Micros now) {
  SimilarEventsCall call;
  call.query.now = now;
  if (request.event_id().empty() && request.seeds().empty()) {
    return Invalid("event_id", "an event or seeds is required");
  }
  if (!request.event_id().empty()) {
    RETURN_IF_ERROR(CheckId(request.event_id(), "event_id"));
    if (!request.seeds().empty()) {
      return Invalid("seeds", "are set together with event_id; give one");
    }
  }
  call.event_id = request.event_id();
  ASSIGN_OR_RETURN(call.query.limit, Limit(request.limit(), kMaxLimit));
  RETURN_IF_ERROR(ReadContext(request.context(), call.query));
  RETURN_IF_ERROR(ReadFilter(request.filter(), "filter", call.query.filter));
  RETURN_IF_ERROR(ReadSeeds(request.seeds(), call.query));
  return call;
}

absl::StatusOr<ExplainCall> FromProto(const v1::ExplainRequest& request,
                                      Micros now) {
  ExplainCall call;
  call.query.now = now;
  if (!request.user_id().empty()) {
    RETURN_IF_ERROR(CheckId(request.user_id(), "user_id"));
  }
  call.query.user_id = request.user_id();
  RETURN_IF_ERROR(CheckId(request.event_id(), "event_id"));
  call.event_id = request.event_id();
  RETURN_IF_ERROR(ReadContext(request.context(), call.query));
  RETURN_IF_ERROR(ReadFilter(request.filter(), "filter", call.query.filter));
  return call;
}

absl::StatusOr<SimilarUsersCall> FromProto(
    const v1::SimilarUsersRequest& request) {
  SimilarUsersCall call;
  RETURN_IF_ERROR(CheckId(request.user_id(), "user_id"));
  call.user_id = request.user_id();
  ASSIGN_OR_RETURN(call.limit, Limit(request.limit(), kMaxLimit));
  switch (request.basis()) {
    case v1::SIMILARITY_BASIS_UNSPECIFIED:
    case v1::TASTE:
      call.basis = SimilarityBasis::kTaste;
      return call;
    case v1::PROFILE:
      call.basis = SimilarityBasis::kProfile;
      return call;
    case v1::BLEND:
      call.basis = SimilarityBasis::kBlend;
      return call;
    default:
      return Invalid("basis", absl::StrCat(static_cast<int>(request.basis()),
                                           " is not TASTE, PROFILE or BLEND"));
  }
}

absl::StatusOr<FindAudienceCall> FromProto(
    const v1::FindAudienceRequest& request, Micros now) {
  FindAudienceCall call;
  call.now = now;
  if (request.context().has_now()) {
    ASSIGN_OR_RETURN(call.now,
                     FromProto(request.context().now(), "context.now"));
  }
  RETURN_IF_ERROR(CheckId(request.event_id(), "event_id"));
  call.event_id = request.event_id();
  ASSIGN_OR_RETURN(call.limit, Limit(request.limit(), kMaxAudience));
  call.include_interacted = request.include_interacted();
  return call;
}

}  // namespace usher
