#include "index/artifact/catalog_files.h"

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/artifact/checked_section.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

// The opened files, in the order of kCatalogFiles.
struct TableFiles {
  FlatFile events;
  FlatFile organizers;
  FlatFile users;
  FlatFile vocabulary;
};

absl::Status WriteEvents(const std::string& path, const Catalog& catalog) {
  const EventTable& events = catalog.events;
  FlatFileWriter out(path);
  out.Ids("ids", *events.ids, catalog.num_events());
  out.Column("columns", events.columns);
  out.Column("counters", events.counters);
  out.Lists("tags", events.tags);
  out.Lists("attendees", events.attendees);
  out.Lists("documents", events.documents);
  return out.Finish();
}

absl::Status WriteOrganizers(const std::string& path, const Catalog& catalog) {
  const OrganizerTable& organizers = catalog.organizers;
  FlatFileWriter out(path);
  out.Ids("ids", *organizers.ids, catalog.num_organizers());
  out.Column("counters", organizers.counters);
  out.Lists("events", organizers.events);
  out.Lists("attendees", organizers.attendees);
  out.Lists("names", organizers.names);
  return out.Finish();
}

absl::Status WriteUsers(const std::string& path, const Catalog& catalog) {
  const UserTable& users = catalog.users;
  FlatFileWriter out(path);
  out.Ids("ids", *users.ids, catalog.num_users());
  out.Column("columns", users.columns);
  out.Lists("follows", users.follows);
  out.Lists("history", users.history);
  out.Lists("commitments", users.commitments);
  out.Lists("documents", users.documents);
  return out.Finish();
}

absl::Status WriteVocabulary(const std::string& path,
                             const Vocabulary& vocabulary) {
  FlatFileWriter out(path);
  out.Ids("venues", *vocabulary.venues, vocabulary.venues->size());
  out.Ids("categories", *vocabulary.categories, vocabulary.categories->size());
  out.Ids("cities", *vocabulary.cities, vocabulary.cities->size());
  out.Ids("tags", *vocabulary.tags, vocabulary.tags->size());
  out.Ids("series", *vocabulary.series, vocabulary.series->size());
  return out.Finish();
}

// Building the hash tables is most of the work, so they go side by side, the
// largest first.
absl::Status ReadIdMaps(const TableFiles& files, int threads,
                        Catalog* catalog) {
  struct Task {
    const FlatFile* file;
    absl::string_view section;
    std::shared_ptr<IdMap>* ids;
    absl::Status status = absl::OkStatus();
  };
  Vocabulary& vocabulary = catalog->vocabulary;
  std::vector<Task> tasks = {
      {&files.users, "ids", &catalog->users.ids},
      {&files.events, "ids", &catalog->events.ids},
      {&files.vocabulary, "series", &vocabulary.series},
      {&files.organizers, "ids", &catalog->organizers.ids},
      {&files.vocabulary, "venues", &vocabulary.venues},
      {&files.vocabulary, "tags", &vocabulary.tags},
      {&files.vocabulary, "cities", &vocabulary.cities},
      {&files.vocabulary, "categories", &vocabulary.categories},
  };
  ParallelFor(static_cast<int64_t>(tasks.size()), 1, threads,
              [&](int64_t begin, int64_t) {
                Task& task = tasks[begin];
                absl::StatusOr<std::shared_ptr<IdMap>> ids =
                    task.file->ReadIds(task.section);
                task.status = ids.status();
                if (ids.ok()) *task.ids = *std::move(ids);
              });
  for (const Task& task : tasks) RETURN_IF_ERROR(task.status);
  return absl::OkStatus();
}

// True for 0 <= row < size, and for -1.
bool IsRowOrNone(int32_t row, size_t size) {
  return row == -1 || static_cast<uint32_t>(row) < size;
}

template <class Row>
auto IsRowOf(size_t size) {
  return [size](Row row) {
    return static_cast<uint32_t>(static_cast<int32_t>(row)) < size;
  };
}

bool IsPlace(const GeoPoint& point) { return !point.known() || IsValid(point); }

bool IsFinite(const DecayedCounts& counts) {
  return std::isfinite(counts.values[0]) && std::isfinite(counts.values[1]) &&
         std::isfinite(counts.values[2]);
}

absl::Status ReadEvents(const FlatFile& file, int threads, Catalog* catalog) {
  EventTable& events = catalog->events;
  const Vocabulary& vocabulary = catalog->vocabulary;
  const size_t organizers = catalog->organizers.ids->size();
  const size_t venues = vocabulary.venues->size();
  const size_t categories = vocabulary.categories->size();
  const size_t cities = vocabulary.cities->size();
  const size_t series = vocabulary.series->size();
  const CheckedSections sections(file, events.ids->size(), threads);
  RETURN_IF_ERROR(sections.Column(
      "columns",
      [=](const EventColumns& event) {
        return IsRowOrNone(static_cast<int32_t>(event.organizer), organizers) &&
               IsRowOrNone(event.venue, venues) &&
               IsRowOrNone(event.category, categories) &&
               IsRowOrNone(event.city, cities) &&
               IsRowOrNone(event.series, series) &&
               static_cast<int>(event.status) < kNumEventStatuses &&
               event.absent <= 1 && IsPlace(event.location);
      },
      &events.columns));
  RETURN_IF_ERROR(sections.Column(
      "counters", [](const EventCounters& c) { return IsFinite(c.answers); },
      &events.counters));
  RETURN_IF_ERROR(sections.Lists(
      "tags", IsRowOf<int32_t>(vocabulary.tags->size()), &events.tags));
  RETURN_IF_ERROR(sections.Lists("attendees",
                                 IsRowOf<UserRow>(catalog->users.ids->size()),
                                 &events.attendees));
  return sections.Bytes("documents", &events.documents);
}

absl::Status ReadOrganizers(const FlatFile& file, int threads,
                            Catalog* catalog) {
  OrganizerTable& organizers = catalog->organizers;
  const CheckedSections sections(file, organizers.ids->size(), threads);
  RETURN_IF_ERROR(sections.Column(
      "counters",
      [](const OrganizerCounters& c) { return IsFinite(c.answers); },
      &organizers.counters));
  RETURN_IF_ERROR(sections.Lists("events",
                                 IsRowOf<EventRow>(catalog->events.ids->size()),
                                 &organizers.events));
  RETURN_IF_ERROR(sections.Lists("attendees",
                                 IsRowOf<UserRow>(catalog->users.ids->size()),
                                 &organizers.attendees));
  return sections.Bytes("names", &organizers.names);
}

absl::Status ReadUsers(const FlatFile& file, int threads, Catalog* catalog) {
  UserTable& users = catalog->users;
  const size_t num_events = catalog->events.ids->size();
  const size_t num_organizers = catalog->organizers.ids->size();
  const CheckedSections sections(file, users.ids->size(), threads);
  RETURN_IF_ERROR(sections.Column(
      "columns",
      [](const UserColumns& user) {
        return user.changed <= 1 && IsPlace(user.location);
      },
      &users.columns));
  RETURN_IF_ERROR(sections.Lists(
      "follows",
      [=](const Follow& follow) {
        return IsRowOf<OrganizerRow>(num_organizers)(follow.organizer);
      },
      &users.follows));
  RETURN_IF_ERROR(sections.Lists(
      "history",
      [=](const Action& action) {
        const int kind = static_cast<int>(action.kind);
        return IsRowOf<EventRow>(num_events)(action.event) && kind > 0 &&
               kind < kNumInteractionKinds;
      },
      &users.history));
  RETURN_IF_ERROR(sections.Lists(
      "commitments",
      [=](const Commitment& commitment) {
        return IsRowOf<EventRow>(num_events)(commitment.event) &&
               IsRowOrNone(static_cast<int32_t>(commitment.organizer),
                           num_organizers);
      },
      &users.commitments));
  return sections.Bytes("documents", &users.documents);
}

}  // namespace

absl::Status WriteCatalog(const std::string& directory,
                          const Catalog& catalog) {
  const auto path = [&](absl::string_view name) {
    return absl::StrCat(directory, "/", name);
  };
  RETURN_IF_ERROR(WriteEvents(path(kEventsFile), catalog));
  RETURN_IF_ERROR(WriteOrganizers(path(kOrganizersFile), catalog));
  RETURN_IF_ERROR(WriteUsers(path(kUsersFile), catalog));
  return WriteVocabulary(path(kVocabularyFile), catalog.vocabulary);
}

absl::StatusOr<Catalog> ReadCatalog(const FileSet& files, int threads) {
  ASSIGN_OR_RETURN(FlatFile events, files.Flat(kEventsFile));
  ASSIGN_OR_RETURN(FlatFile organizers, files.Flat(kOrganizersFile));
  ASSIGN_OR_RETURN(FlatFile users, files.Flat(kUsersFile));
  ASSIGN_OR_RETURN(FlatFile vocabulary, files.Flat(kVocabularyFile));
  const TableFiles tables = {std::move(events), std::move(organizers),
                             std::move(users), std::move(vocabulary)};
  Catalog catalog;
  RETURN_IF_ERROR(ReadIdMaps(tables, threads, &catalog));
  RETURN_IF_ERROR(ReadEvents(tables.events, threads, &catalog));
  RETURN_IF_ERROR(ReadOrganizers(tables.organizers, threads, &catalog));
  RETURN_IF_ERROR(ReadUsers(tables.users, threads, &catalog));
  return catalog;
}

}  // namespace usher
