// A published version that tests damage, and what may come of it.
#ifndef USHER_TESTS_INDEX_ARTIFACT_DAMAGED_VERSION_H_
#define USHER_TESTS_INDEX_ARTIFACT_DAMAGED_VERSION_H_

#include <cstring>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/artifact/file_set.h"
#include "index/artifact/flat_file.h"
#include "index/artifact/version.h"
#include "index/base/file.h"
#include "tests/index/artifact/small_snapshot.h"

namespace usher {

// A version of its own, to be damaged by a test.
class DamagedVersion {
 protected:
  explicit DamagedVersion(const Snapshot& snapshot) {
    const auto version = WriteVersion(scratch_.path(), snapshot, SmallRecord());
    ExpectOk(version.status());
    manifest_ = ReadManifest(scratch_.path(), 1).value();
    for (const FileEntry& file : manifest_.files) names_.push_back(file.name);
  }
  static void ExpectOk(const absl::Status& status) {
    EXPECT_TRUE(status.ok()) << status;
  }

  std::string Path(absl::string_view name) const {
    return absl::StrCat(VersionPath(scratch_.path(), 1), "/", name);
  }
  absl::Status Open() const {
    return OpenVersion(scratch_.path(), 1, {.threads = 1}).status();
  }
  void Write(absl::string_view name, absl::string_view bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  std::string Read(absl::string_view name) const {
    return ReadFile(Path(name)).value();
  }
  void ExpectLost(absl::string_view name, absl::string_view what) const {
    const absl::Status status = Open();
    EXPECT_TRUE(absl::IsDataLoss(status)) << what << ": " << status;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(Path(name)))
        << what;
  }
  // Writes a file, and a manifest that vouches for it.
  void WriteVouched(absl::string_view name, absl::string_view bytes) {
    Write(name, bytes);
    for (FileEntry& entry : manifest_.files) {
      if (entry.name == name) {
        entry = EntryOf(VersionPath(scratch_.path(), 1), name).value();
      }
    }
    Write(kManifestFile, ManifestText(manifest_).value());
  }
  // The file with `value` written `at` bytes into an element of a section.
  std::string Patched(absl::string_view name, absl::string_view section,
                      size_t element_size, size_t element, size_t at,
                      const void* value, size_t width) const {
    const auto mapped = MappedFile::Open(Path(name)).value();
    const FlatFile file = FlatFile::Open("", mapped).value();
    const char* begin = Begin(file, section, element_size);
    std::string bytes(mapped->bytes());
    std::memcpy(bytes.data() + (begin - mapped->bytes().data()) +
                    element * element_size + at,
                value, width);
    return bytes;
  }
  template <size_t size>
  struct Raw {
    char bytes[size];
  };
  // Where a section begins, whatever its elements are.
  template <size_t... sizes>
  static const char* BeginOf(const FlatFile& file, absl::string_view section,
                             size_t element_size,
                             std::index_sequence<sizes...>) {
    const char* begin = nullptr;
    const auto look = [&]<size_t size>() {
      if (size != element_size) return;
      begin = reinterpret_cast<const char*>(
          file.Array<Raw<size>>(section).value().data());
    };
    (look.template operator()<sizes>(), ...);
    return begin;
  }
  static const char* Begin(const FlatFile& file, absl::string_view section,
                           size_t element_size) {
    return BeginOf(file, section, element_size,
                   std::index_sequence<1, 4, 8, 16, 24, 32, 40, 72>());
  }

  ScratchDirectory scratch_;
  Manifest manifest_;
  std::vector<std::string> names_;
};

// Touches whatever a request could.
inline size_t Walk(const Snapshot& snapshot) {
  const Catalog& catalog = snapshot.catalog;
  size_t sum = 0;
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    const EventRow event{static_cast<int32_t>(row)};
    sum += catalog.GetEvent(event).title.size();
    sum += snapshot.model
               ->EventVector(catalog, event, snapshot.embeddings.Row(row))
               .size();
    for (const int32_t tag : catalog.events.tags[row]) {
      sum += catalog.vocabulary.tags->Name(tag).size();
    }
    const OrganizerRow host = catalog.events.columns[row].organizer;
    if (host != kNoOrganizer) sum += catalog.OrganizerName(host).size();
  }
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    sum += catalog.GetUser(UserRow{static_cast<int32_t>(row)}).groups.size();
    const std::vector<float> user = snapshot.model->UserVector(
        catalog, catalog.users.history[row], catalog.users.follows[row], {});
    const auto found = snapshot.index->Search(user, 5, nullptr);
    if (found.ok()) sum += found->size();
    const NeighbourModel& neighbours = snapshot.model->neighbours;
    if (neighbours.empty()) continue;
    const std::vector<WeightedItem> tastes = ItemTastes(
        catalog, neighbours.parts().items_are, catalog.users.history[row],
        catalog.users.follows[row], {}, snapshot.model->feedback);
    sum += neighbours.Scores(tastes, static_cast<int32_t>(row)).size();
  }
  return sum;
}

}  // namespace usher

#endif  // USHER_TESTS_INDEX_ARTIFACT_DAMAGED_VERSION_H_
