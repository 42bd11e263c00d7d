#include "serving/model_loader.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/artifact/version.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/rank_events.h"

namespace usher {
namespace {

// Users whose lists are made before a model is published, spread over all.
constexpr size_t kWarmUsers = 16;

}  // namespace

std::optional<int64_t> NextVersion(
    std::optional<int64_t> serving, std::optional<int64_t> current,
    const std::map<int64_t, std::string>& refused) {
  if (!current.has_value() || current == serving) return std::nullopt;
  if (refused.contains(*current)) return std::nullopt;
  return current;
}

ModelLoader::ModelLoader(ModelLoaderOptions options,
                         SnapshotPublisher& publisher, const Clock& clock)
    : options_(std::move(options)), publisher_(publisher), clock_(clock) {}

std::optional<int64_t> ModelLoader::RunOnce() {
  const std::optional<int64_t> current = Current();
  std::optional<int64_t> next;
  {
    absl::MutexLock lock(&mu_);
    next = NextVersion(serving_, current, refused_);
  }
  if (!next.has_value()) return std::nullopt;
  const absl::Status loaded = Load(*next);
  if (!loaded.ok()) {
    const std::string reason = absl::StrCat("model version ", *next,
                                            " is refused: ", loaded.message());
    spdlog::error("{}", reason);
    absl::MutexLock lock(&mu_);
    refused_[*next] = reason;
    return std::nullopt;
  }
  serving_ = next;
  return next;
}

std::optional<int64_t> ModelLoader::Current() {
  const absl::StatusOr<int64_t> current = CurrentVersion(options_.model_dir);
  std::string trouble;
  if (!current.ok()) {
    trouble = absl::IsNotFound(current.status())
                  ? absl::StrCat("no model in ", options_.model_dir,
                                 " yet; waiting for usher-train to publish one")
                  : std::string(current.status().message());
  }
  absl::MutexLock lock(&mu_);
  if (trouble != trouble_ && !trouble.empty()) spdlog::warn("{}", trouble);
  trouble_ = std::move(trouble);
  return current.ok() ? std::optional<int64_t>(*current) : std::nullopt;
}

absl::Status ModelLoader::Load(int64_t version) {
  const Micros begin = clock_.Now();
  ASSIGN_OR_RETURN(Snapshot snapshot, OpenVersion(options_.model_dir, version));
  ASSIGN_OR_RETURN(
      RankingPolicy policy,
      ApplyRankingConfig(RankingPolicy(), snapshot.info.ranking_config));
  ASSIGN_OR_RETURN(policy, ApplyRankingConfig(policy, options_.ranking_config));
  const Micros opened = clock_.Now();
  Warm(snapshot, policy);
  const Micros warmed = clock_.Now();
  const size_t events = snapshot.catalog.num_events();
  const size_t users = snapshot.catalog.num_users();
  RETURN_IF_ERROR(publisher_.Adopt(std::move(snapshot), policy));
  spdlog::info(
      "model version {}: {} events, {} users; opened in {} ms, warmed in {} "
      "ms, brought up to date in {} ms",
      version, events, users, (opened - begin) / 1000, (warmed - opened) / 1000,
      (clock_.Now() - warmed) / 1000);
  return absl::OkStatus();
}

// The first requests find the model's pages in memory.
void ModelLoader::Warm(const Snapshot& snapshot,
                       const RankingPolicy& policy) const {
  Query query;
  query.now = clock_.Now();
  const LiveView view =
      BuildLiveView(snapshot, policy, query.now, options_.undated_lifetime);
  const Catalog& catalog = snapshot.catalog;
  const size_t users = std::min(kWarmUsers, catalog.num_users());
  for (size_t i = 0; i < users; ++i) {
    const size_t row = i * catalog.num_users() / users;
    query.user_id =
        std::string(catalog.UserId(UserRow{static_cast<int32_t>(row)}));
    RankEvents(query, policy, view, snapshot);
  }
}

std::vector<std::string> ModelLoader::Warnings() const {
  absl::MutexLock lock(&mu_);
  std::vector<std::string> warnings;
  if (!trouble_.empty()) warnings.push_back(trouble_);
  for (const auto& [version, reason] : refused_) warnings.push_back(reason);
  return warnings;
}

}  // namespace usher
