// The catalogue of a version as files.
#ifndef USHER_INDEX_ARTIFACT_CATALOG_FILES_H_
#define USHER_INDEX_ARTIFACT_CATALOG_FILES_H_

#include <array>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/artifact/file_set.h"
#include "index/catalog/catalog.h"

namespace usher {

// One file a table; sections are named after the members of the tables. Ids
// are in "ids", those of the vocabulary in "venues", "categories", ...
inline constexpr absl::string_view kEventsFile = "catalog.events";
inline constexpr absl::string_view kOrganizersFile = "catalog.organizers";
inline constexpr absl::string_view kUsersFile = "catalog.users";
inline constexpr absl::string_view kVocabularyFile = "catalog.vocabulary";
inline constexpr std::array<absl::string_view, 4> kCatalogFiles = {
    kEventsFile, kOrganizersFile, kUsersFile, kVocabularyFile};

// Writes the files of kCatalogFiles into `directory`, synced.
absl::Status WriteCatalog(const std::string& directory, const Catalog& catalog);

// A catalogue that borrows the files. Every row and every enumerator in it is
// in range, so none can lead out of a table; else DataLoss with file and
// section. Works on `threads` threads; 0 means all.
absl::StatusOr<Catalog> ReadCatalog(const FileSet& files, int threads);

}  // namespace usher

#endif  // USHER_INDEX_ARTIFACT_CATALOG_FILES_H_
