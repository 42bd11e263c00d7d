#include "index/artifact/manifest.h"

#include <google/protobuf/text_format.h>

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "index/artifact/text_proto.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "usher/storage/manifest.pb.h"

namespace usher {
namespace {

constexpr absl::string_view kSeal = "# xxh3: ";
constexpr size_t kSealSize = kSeal.size() + 17;  // 16 digits, end of line.

std::string Seal(absl::string_view text) {
  return absl::StrFormat("%s%016x\n", kSeal, Hash64(text));
}

std::string TimeText(Micros time) {
  if (time == kNoTime) return "";
  return absl::FormatTime(absl::RFC3339_full, absl::FromUnixMicros(time),
                          absl::UTCTimeZone());
}

absl::StatusOr<Micros> TimeFromText(absl::string_view field,
                                    absl::string_view text) {
  if (text.empty()) return kNoTime;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::DataLossError(absl::StrCat(field, ": ", error));
  }
  return absl::ToUnixMicros(time);
}

std::string ConfigText(const config::TrainConfig& config) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(config, &text);
  return text;
}

absl::StatusOr<storage::Manifest> ToProto(const Manifest& manifest) {
  storage::Manifest proto;
  proto.set_format_version(kFormatVersion);
  proto.set_version(manifest.info.version);
  proto.set_created(TimeText(manifest.info.created));
  proto.set_algorithm(manifest.info.algorithm);
  proto.set_index_type(manifest.info.index_type);
  proto.set_interactions(manifest.info.interactions);
  proto.set_state_position(manifest.info.state_position);
  proto.set_state_id(manifest.info.state_id);
  proto.set_state_until(TimeText(manifest.info.state_until));
  proto.set_users(manifest.users);
  proto.set_events(manifest.events);
  proto.set_organizers(manifest.organizers);
  const TrainingRecord& training = manifest.training;
  if (const absl::Status parsed =
          ParseTextProto(training.config, proto.mutable_config());
      !parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the version's configuration is no usher.config.TrainConfig: ",
        parsed.message()));
  }
  proto.set_data_fingerprint(training.data_fingerprint);
  for (const auto& [name, value] : training.metrics) {
    storage::Manifest::Metric& metric = *proto.add_metrics();
    metric.set_name(name);
    metric.set_value(value);
  }
  for (const std::string& note : training.notes) proto.add_notes(note);
  for (const FileEntry& entry : manifest.files) {
    storage::Manifest::File& file = *proto.add_files();
    file.set_name(entry.name);
    file.set_size(entry.size);
    file.set_checksum(entry.checksum);
  }
  return proto;
}

absl::StatusOr<Manifest> FromProto(const storage::Manifest& proto) {
  Manifest manifest;
  ASSIGN_OR_RETURN(manifest.info.created,
                   TimeFromText("created", proto.created()));
  manifest.info.version = proto.version();
  manifest.info.algorithm = proto.algorithm();
  manifest.info.index_type = proto.index_type();
  manifest.info.interactions = proto.interactions();
  manifest.info.state_position = proto.state_position();
  manifest.info.state_id = proto.state_id();
  ASSIGN_OR_RETURN(manifest.info.state_until,
                   TimeFromText("state_until", proto.state_until()));
  manifest.users = proto.users();
  manifest.events = proto.events();
  manifest.organizers = proto.organizers();
  manifest.training.config = ConfigText(proto.config());
  manifest.training.data_fingerprint = proto.data_fingerprint();
  for (const storage::Manifest::Metric& metric : proto.metrics()) {
    manifest.training.metrics.emplace_back(metric.name(), metric.value());
  }
  manifest.training.notes.assign(proto.notes().begin(), proto.notes().end());
  for (const storage::Manifest::File& file : proto.files()) {
    if (file.name().empty() || absl::StrContains(file.name(), '/')) {
      return absl::DataLossError(
          absl::StrCat("the file name \"", file.name(), "\" is none"));
    }
    manifest.files.push_back({file.name(), file.size(), file.checksum()});
  }
  return manifest;
}

void AppendLine(std::string* out, absl::string_view name,
                absl::string_view value) {
  absl::StrAppendFormat(out, "%-17s %s\n", absl::StrCat(name, ":"), value);
}

void AppendTraining(const TrainingRecord& training, std::string* out) {
  for (const auto& [name, value] : training.metrics) {
    AppendLine(out, "metric", absl::StrFormat("%s %.6g", name, value));
  }
  for (const std::string& note : training.notes) AppendLine(out, "note", note);
  for (const absl::string_view line :
       absl::StrSplit(training.config, '\n', absl::SkipEmpty())) {
    AppendLine(out, "configuration", line);
  }
}

// A line for each weight that is not 0, and one that says how large the trees
// are: those are for programs.
void AppendRanking(absl::string_view config, std::string* out) {
  int depth = 0;
  int trees = 0;
  std::string tree_depth, feature, weight;
  for (absl::string_view line :
       absl::StrSplit(config, '\n', absl::SkipEmpty())) {
    line = absl::StripAsciiWhitespace(line);
    const auto value = [&line](absl::string_view name) {
      return absl::ConsumePrefix(&line, name);
    };
    if (absl::EndsWith(line, "{")) {
      trees += depth == 1 && absl::StartsWith(line, "trees");
      ++depth;
    } else if (line == "}") {
      --depth;
      if (!feature.empty() && !weight.empty()) {
        AppendLine(out, "ranking", absl::StrCat(feature, " ", weight));
      }
      feature.clear();
      weight.clear();
    } else if (depth == 0) {
      AppendLine(out, "ranking", line);
    } else if (depth == 1 && value("feature: ")) {
      feature = absl::StrReplaceAll(line, {{"\"", ""}});
    } else if (double number; depth == 1 && value("weight: ") &&
                              absl::SimpleAtod(line, &number)) {
      weight = absl::StrFormat("%.6g", number);
    } else if (depth == 1 && value("depth: ")) {
      tree_depth = std::string(line);
    }
  }
  if (trees > 0) {
    AppendLine(out, "ranking",
               absl::StrCat(trees, " trees of depth ", tree_depth));
  }
}

}  // namespace

absl::StatusOr<std::string> ManifestText(const Manifest& manifest) {
  ASSIGN_OR_RETURN(const storage::Manifest proto, ToProto(manifest));
  std::string text;
  if (!google::protobuf::TextFormat::PrintToString(proto, &text)) {
    return absl::InternalError("cannot print the manifest");
  }
  return absl::StrCat(text, Seal(text));
}

absl::StatusOr<Manifest> ParseManifest(const std::string& path,
                                       absl::string_view text) {
  const auto damaged = [&path](absl::string_view what) {
    return absl::DataLossError(absl::StrCat(path, ": ", what));
  };
  if (text.size() < kSealSize) return damaged("cut off");
  const absl::string_view body = text.substr(0, text.size() - kSealSize);
  if (text.substr(body.size()) != Seal(body)) {
    return damaged("the checksum in its last line does not match");
  }
  storage::Manifest proto;
  // A newer format is to be recognized by its number, not by a field.
  if (const absl::Status parsed =
          ParseTextProto(body, &proto, UnknownFields::kIgnore);
      !parsed.ok()) {
    return damaged(absl::StrCat("not a manifest: ", parsed.message()));
  }
  if (proto.format_version() != kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": format version ", proto.format_version(),
        ", but this program reads version ", kFormatVersion,
        ". Use the release that wrote it, or train a new version."));
  }
  absl::StatusOr<Manifest> manifest = FromProto(proto);
  if (!manifest.ok()) return damaged(manifest.status().message());
  return manifest;
}

std::string Describe(const Manifest& manifest) {
  const VersionInfo& info = manifest.info;
  std::string out;
  AppendLine(&out, "version", absl::StrCat(info.version));
  AppendLine(&out, "created", TimeText(info.created));
  AppendLine(&out, "algorithm", info.algorithm);
  AppendLine(&out, "index", info.index_type);
  AppendLine(&out, "users", absl::StrCat(manifest.users));
  AppendLine(&out, "events", absl::StrCat(manifest.events));
  AppendLine(&out, "organizers", absl::StrCat(manifest.organizers));
  AppendLine(&out, "interactions", absl::StrCat(info.interactions));
  AppendLine(&out, "state position", absl::StrCat(info.state_position));
  if (info.state_until != kNoTime) {
    AppendLine(&out, "state until", TimeText(info.state_until));
  }
  AppendLine(&out, "data fingerprint",
             absl::StrFormat("%016x", manifest.training.data_fingerprint));
  AppendTraining(manifest.training, &out);
  AppendRanking(info.ranking_config, &out);
  for (const FileEntry& file : manifest.files) {
    AppendLine(&out, "file",
               absl::StrFormat("%-20s %12d bytes  xxh3 %016x", file.name,
                               file.size, file.checksum));
  }
  return out;
}

}  // namespace usher
