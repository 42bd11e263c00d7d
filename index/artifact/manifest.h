// manifest.textproto: what a published version holds, for people and for the
// reader that checks the files by it.
#ifndef USHER_INDEX_ARTIFACT_MANIFEST_H_
#define USHER_INDEX_ARTIFACT_MANIFEST_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/artifact/version_info.h"

namespace usher {

// Raised whenever the layout of any file changes (index/catalog/catalog.h says
// which structs are layouts). Readers refuse every other number.
inline constexpr int kFormatVersion = 3;
inline constexpr absl::string_view kManifestFile = "manifest.textproto";

// How the version came to be, as its trainer tells it.
struct TrainingRecord {
  std::string config;             // usher.config.TrainConfig as text.
  uint64_t data_fingerprint = 0;  // Of the decompressed input.
  std::vector<std::pair<std::string, double>> metrics;
  std::vector<std::string> notes;  // One sentence each.
};

// A file of the version: name without slashes, size in bytes, XXH3 (64 bits).
struct FileEntry {
  std::string name;
  int64_t size = 0;
  uint64_t checksum = 0;
};

struct Manifest {
  VersionInfo info;  // ranking_config has its own file and is empty here.
  TrainingRecord training;
  int64_t users = 0;
  int64_t events = 0;
  int64_t organizers = 0;
  std::vector<FileEntry> files;
};

// The text of a manifest: a usher.storage.Manifest and a last line
// "# xxh3: HEX" with the checksum of all bytes before it. InvalidArgument when
// training.config is no TrainConfig.
absl::StatusOr<std::string> ManifestText(const Manifest& manifest);

// Reads it back; `path` is for messages. DataLoss when a byte has changed,
// FailedPrecondition for a format version other than kFormatVersion.
absl::StatusOr<Manifest> ParseManifest(const std::string& path,
                                       absl::string_view text);

// What `usher-train inspect` prints of a version: lines of "name: value".
std::string Describe(const Manifest& manifest);

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_MANIFEST_H_
