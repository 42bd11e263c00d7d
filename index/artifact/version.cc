#include "index/artifact/version.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/artifact/catalog_files.h"
#include "index/artifact/file_set.h"
#include "index/artifact/model_files.h"
#include "index/base/file.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr absl::string_view kOtherFiles[] = {
    kModelFile, kVectorsFile,      kEmbeddingsFile, kUserVectorsFile,
    kIndexFile, kIndexOptionsFile, kRankingFile};

absl::Status CheckWritable(const Snapshot& snapshot) {
  if (snapshot.model == nullptr || snapshot.index == nullptr) {
    return absl::FailedPreconditionError(
        "a version needs a model and an index");
  }
  const size_t events = snapshot.catalog.num_events();
  if (!snapshot.tail.empty() || snapshot.index->rows() != events) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the index holds ", snapshot.index->rows(), " of ", events,
        " events and ", snapshot.tail.size(),
        " have changed since: build the index again before writing"));
  }
  return absl::OkStatus();
}

absl::Status WriteFiles(const std::string& directory,
                        const Snapshot& snapshot) {
  const auto path = [&](absl::string_view name) {
    return absl::StrCat(directory, "/", name);
  };
  const size_t events = snapshot.catalog.num_events();
  const HybridModel& model = *snapshot.model;
  RETURN_IF_ERROR(WriteCatalog(directory, snapshot.catalog));
  RETURN_IF_ERROR(WriteModel(path(kModelFile), model));
  RETURN_IF_ERROR(
      WriteMatrix(path(kVectorsFile), snapshot.vectors, events, model.dim()));
  RETURN_IF_ERROR(WriteMatrix(path(kEmbeddingsFile), snapshot.embeddings,
                              events, model.content.dim()));
  RETURN_IF_ERROR(
      WriteMatrix(path(kUserVectorsFile),
                  snapshot.user_vectors ? *snapshot.user_vectors : Factors()));
  RETURN_IF_ERROR(snapshot.index->Save(path(kIndexFile)));
  RETURN_IF_ERROR(
      WriteIndexOptions(path(kIndexOptionsFile), snapshot.index->options()));
  return WriteFileSynced(path(kRankingFile), snapshot.info.ranking_config);
}

absl::StatusOr<std::vector<FileEntry>> Entries(const std::string& directory) {
  std::vector<absl::string_view> names(kCatalogFiles.begin(),
                                       kCatalogFiles.end());
  names.insert(names.end(), std::begin(kOtherFiles), std::end(kOtherFiles));
  std::vector<FileEntry> entries;
  for (const absl::string_view name : names) {
    ASSIGN_OR_RETURN(FileEntry entry, EntryOf(directory, name));
    entries.push_back(std::move(entry));
  }
  return entries;
}

absl::StatusOr<std::shared_ptr<const Factors>> ReadEventMatrix(
    const FileSet& files, absl::string_view name, size_t rows, size_t dim,
    int threads) {
  ASSIGN_OR_RETURN(const FlatFile file, files.Flat(name));
  ASSIGN_OR_RETURN(std::shared_ptr<const Factors> matrix,
                   ReadMatrix(file, dim, threads));
  if (matrix->rows() != rows) {
    return file.Damaged(
        "rows", absl::StrCat(matrix->rows(), " rows, but the catalogue has ",
                             rows, " events"));
  }
  return matrix;
}

absl::Status ReadModelAndVectors(const FileSet& files, int threads,
                                 Snapshot* snapshot) {
  const CatalogSizes sizes = {snapshot->catalog.num_events(),
                              snapshot->catalog.num_users(),
                              snapshot->catalog.num_organizers()};
  ASSIGN_OR_RETURN(const FlatFile model_file, files.Flat(kModelFile));
  ASSIGN_OR_RETURN(HybridModel model, ReadModel(model_file, sizes, threads));
  const size_t dim = model.dim();
  ASSIGN_OR_RETURN(
      const std::shared_ptr<const Factors> vectors,
      ReadEventMatrix(files, kVectorsFile, sizes.events, dim, threads));
  ASSIGN_OR_RETURN(const std::shared_ptr<const Factors> embeddings,
                   ReadEventMatrix(files, kEmbeddingsFile, sizes.events,
                                   model.content.dim(), threads));
  ASSIGN_OR_RETURN(const FlatFile users_file, files.Flat(kUserVectorsFile));
  ASSIGN_OR_RETURN(snapshot->user_vectors,
                   ReadMatrix(users_file, dim, threads));
  if (snapshot->user_vectors->rows() > sizes.users) {
    return users_file.Damaged("rows", "more than the catalogue has users");
  }
  ASSIGN_OR_RETURN(const FlatFile options_file, files.Flat(kIndexOptionsFile));
  ASSIGN_OR_RETURN(VectorIndexOptions options, ReadIndexOptions(options_file));
  options.build_threads = threads;
  ASSIGN_OR_RETURN(snapshot->index, VectorIndex::Load(files.Path(kIndexFile),
                                                      *vectors, options));
  snapshot->model = std::make_shared<const HybridModel>(std::move(model));
  snapshot->vectors = VectorTable(vectors);
  snapshot->embeddings = VectorTable(embeddings);
  return absl::OkStatus();
}

absl::StatusOr<Snapshot> ReadSnapshot(const std::string& directory,
                                      const Manifest& manifest,
                                      const OpenOptions& options) {
  ASSIGN_OR_RETURN(const FileSet files,
                   FileSet::Open(directory, manifest.files, options.threads));
  Snapshot snapshot;
  snapshot.info = manifest.info;
  ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> ranking,
                   files.Get(kRankingFile));
  snapshot.info.ranking_config = std::string(ranking->bytes());
  ASSIGN_OR_RETURN(snapshot.catalog, ReadCatalog(files, options.threads));
  RETURN_IF_ERROR(ReadModelAndVectors(files, options.threads, &snapshot));
  return snapshot;
}

Manifest ManifestOf(const Snapshot& snapshot, const TrainingRecord& training) {
  Manifest manifest;
  manifest.info = snapshot.info;
  manifest.info.ranking_config.clear();
  manifest.training = training;
  manifest.users = static_cast<int64_t>(snapshot.catalog.num_users());
  manifest.events = static_cast<int64_t>(snapshot.catalog.num_events());
  manifest.organizers = static_cast<int64_t>(snapshot.catalog.num_organizers());
  return manifest;
}

}  // namespace

absl::StatusOr<int64_t> WriteVersion(const std::string& model_dir,
                                     const Snapshot& snapshot,
                                     const TrainingRecord& training) {
  RETURN_IF_ERROR(CheckWritable(snapshot));
  Manifest manifest = ManifestOf(snapshot, training);
  RETURN_IF_ERROR(ManifestText(manifest).status());
  ASSIGN_OR_RETURN(UnfinishedVersion unfinished,
                   UnfinishedVersion::Create(model_dir));
  RETURN_IF_ERROR(WriteFiles(unfinished.path(), snapshot));
  ASSIGN_OR_RETURN(manifest.files, Entries(unfinished.path()));
  RETURN_IF_ERROR(
      ReadSnapshot(unfinished.path(), manifest, OpenOptions()).status());
  return unfinished.Publish([&](int64_t version) -> absl::Status {
    manifest.info.version = version;
    ASSIGN_OR_RETURN(const std::string text, ManifestText(manifest));
    return WriteFileSynced(absl::StrCat(unfinished.path(), "/", kManifestFile),
                           text);
  });
}

absl::StatusOr<Manifest> ReadManifest(const std::string& model_dir,
                                      int64_t version) {
  const std::string directory = VersionPath(model_dir, version);
  std::error_code ignored;
  if (!std::filesystem::is_directory(directory, ignored)) {
    return absl::NotFoundError(
        absl::StrCat("there is no model version ", version, " in ", model_dir));
  }
  const std::string path = absl::StrCat(directory, "/", kManifestFile);
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return absl::DataLossError(text.status().message());
  ASSIGN_OR_RETURN(Manifest manifest, ParseManifest(path, *text));
  if (manifest.info.version != version) {
    return absl::DataLossError(absl::StrCat(
        path, ": is of version ", manifest.info.version, ", not ", version));
  }
  return manifest;
}

absl::StatusOr<Snapshot> OpenVersion(const std::string& model_dir,
                                     int64_t version,
                                     const OpenOptions& options) {
  ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(model_dir, version));
  return ReadSnapshot(VersionPath(model_dir, version), manifest, options);
}

absl::StatusOr<std::string> DescribeVersion(const std::string& model_dir,
                                            int64_t version) {
  ASSIGN_OR_RETURN(Manifest manifest, ReadManifest(model_dir, version));
  absl::StatusOr<std::string> ranking = ReadFile(
      absl::StrCat(VersionPath(model_dir, version), "/", kRankingFile));
  if (ranking.ok()) manifest.info.ranking_config = *std::move(ranking);
  return Describe(manifest);
}

}  // namespace usher
