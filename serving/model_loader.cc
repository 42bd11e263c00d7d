#include "serving/model_loader.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/artifact/manifest.h"
#include "index/artifact/model_directory.h"
#include "index/artifact/version.h"
#include "index/base/file.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "serving/background_thread.h"
#include "serving/log_line.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/rank_events.h"

namespace usher {
namespace {

// Users whose lists are made before a model is published, spread over all.
constexpr size_t kWarmUsers = 16;

}  // namespace

std::optional<int64_t> NextVersion(std::optional<int64_t> serving,
                                   std::optional<int64_t> pinned,
                                   std::optional<int64_t> current) {
  const std::optional<int64_t> wanted = pinned.has_value() ? pinned : current;
  return wanted == serving ? std::nullopt : wanted;
}

ModelLoader::ModelLoader(ModelLoaderOptions options,
                         SnapshotPublisher& publisher, const Clock& clock)
    : options_(std::move(options)), publisher_(publisher), clock_(clock) {}

std::optional<int64_t> ModelLoader::RunOnce() {
  absl::MutexLock load_lock(&load_mu_);
  const std::optional<int64_t> current = Current();
  std::optional<int64_t> next;
  {
    absl::MutexLock lock(&mu_);
    next = NextVersion(serving_, pinned_, current);
  }
  if (!next.has_value() || IsRefused(*next) || !Serve(*next).ok()) {
    return std::nullopt;
  }
  return next;
}

absl::Status ModelLoader::Pin(int64_t version) {
  absl::MutexLock load_lock(&load_mu_);
  std::optional<int64_t> pinned;
  if (version != 0) pinned = version;
  const std::optional<int64_t> current = Current();
  std::optional<int64_t> next;
  {
    absl::MutexLock lock(&mu_);
    next = NextVersion(serving_, pinned, current);
  }
  if (next.has_value()) RETURN_IF_ERROR(Serve(*next));
  absl::MutexLock lock(&mu_);
  pinned_ = pinned;
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ModelLoader::Reload() {
  absl::MutexLock load_lock(&load_mu_);
  const std::optional<int64_t> current = Current();
  std::optional<int64_t> next;
  {
    absl::MutexLock lock(&mu_);
    next = NextVersion(serving_, pinned_, current);
  }
  if (next.has_value()) RETURN_IF_ERROR(Serve(*next));
  absl::MutexLock lock(&mu_);
  if (!serving_.has_value()) return absl::FailedPreconditionError(trouble_);
  return *serving_;
}

absl::StatusOr<std::vector<ListedVersion>> ModelLoader::List() const {
  ASSIGN_OR_RETURN(const std::vector<int64_t> versions,
                   ListVersions(options_.model_dir));
  const absl::StatusOr<int64_t> current = CurrentVersion(options_.model_dir);
  std::vector<ListedVersion> list;
  for (const int64_t version : versions) {
    ListedVersion& listed = list.emplace_back();
    listed.version = version;
    listed.current = current.ok() && *current == version;
    const absl::StatusOr<Manifest> manifest =
        ReadManifest(options_.model_dir, version);
    if (manifest.ok()) {
      listed.created = manifest->info.created;
      listed.algorithm = manifest->info.algorithm;
    }
    absl::MutexLock lock(&mu_);
    listed.serving = serving_ == version;
    listed.pinned = pinned_ == version;
    const auto refused = refused_.find(version);
    if (refused != refused_.end()) listed.refused = refused->second.reason;
  }
  return list;
}

bool ModelLoader::IsRefused(int64_t version) const {
  const uint64_t manifest = ManifestHash(version);
  absl::MutexLock lock(&mu_);
  const auto found = refused_.find(version);
  return found != refused_.end() && found->second.manifest == manifest;
}

uint64_t ModelLoader::ManifestHash(int64_t version) const {
  const absl::StatusOr<std::string> bytes = ReadFile(absl::StrCat(
      VersionPath(options_.model_dir, version), "/", kManifestFile));
  return bytes.ok() ? Hash64(*bytes) : 0;
}

absl::Status ModelLoader::Serve(int64_t version) {
  const uint64_t manifest = ManifestHash(version);
  const absl::Status loaded = Load(version);
  absl::MutexLock lock(&mu_);
  refused_.erase(version);
  if (loaded.ok()) {
    serving_ = version;
    last_error_.clear();
    return loaded;
  }
  const std::string reason = absl::StrCat("model version ", version,
                                          " is refused: ", loaded.message());
  if (std::exchange(last_error_, reason) != reason) {
    spdlog::error(LogLine("model_refused")
                      .Add("version", version)
                      .Add("reason", loaded.message())
                      .text());
  }
  if (absl::IsDataLoss(loaded) || absl::IsInvalidArgument(loaded) ||
      absl::IsFailedPrecondition(loaded)) {
    refused_[version] = {reason, manifest};
  }
  return absl::Status(loaded.code(), reason);
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
  if (trouble != trouble_ && !trouble.empty()) {
    spdlog::warn(LogLine("no_model").Add("reason", trouble).text());
  }
  trouble_ = std::move(trouble);
  return current.ok() ? std::optional<int64_t>(*current) : std::nullopt;
}

absl::Status ModelLoader::Load(int64_t version) {
  const Micros begin = clock_.Now();
  ASSIGN_OR_RETURN(const bool back, publisher_.GoBack(version));
  if (back) {
    spdlog::info(LogLine("model_serving")
                     .Add("version", version)
                     .Add("back_ms", (clock_.Now() - begin) / 1000)
                     .text());
    return absl::OkStatus();
  }
  if (!IsServing()) return LoadAnew(version);
  absl::Status loaded;
  StartBackgroundThread([&] { loaded = LoadAnew(version); }).join();
  return loaded;
}

bool ModelLoader::IsServing() const {
  absl::MutexLock lock(&mu_);
  return serving_.has_value();
}

absl::Status ModelLoader::LoadAnew(int64_t version) {
  const Micros begin = clock_.Now();
  ASSIGN_OR_RETURN(Snapshot snapshot, OpenVersion(options_.model_dir, version));
  ASSIGN_OR_RETURN(RankingPolicy policy, PolicyOfVersion(snapshot.info));
  ASSIGN_OR_RETURN(policy, ApplyRankingConfig(policy, options_.ranking_config));
  const Micros opened = clock_.Now();
  Warm(snapshot, policy);
  const Micros warmed = clock_.Now();
  const size_t events = snapshot.catalog.num_events();
  const size_t users = snapshot.catalog.num_users();
  RETURN_IF_ERROR(publisher_.Adopt(std::move(snapshot), policy, clock_.Now()));
  spdlog::info(LogLine("model_serving")
                   .Add("version", version)
                   .Add("events", events)
                   .Add("users", users)
                   .Add("open_ms", (opened - begin) / 1000)
                   .Add("warm_ms", (warmed - opened) / 1000)
                   .Add("adopt_ms", (clock_.Now() - warmed) / 1000)
                   .text());
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
  for (const auto& [version, refusal] : refused_) {
    warnings.push_back(refusal.reason);
  }
  return warnings;
}

}  // namespace usher
