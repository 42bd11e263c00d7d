// Everything that a model is trained and judged on, in memory.
#ifndef USHER_TRAINER_DATA_DATASET_H_
#define USHER_TRAINER_DATA_DATASET_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/base/clock.h"
#include "index/catalog/event.h"
#include "index/catalog/geo.h"
#include "index/catalog/interaction.h"
#include "index/catalog/user.h"
#include "trainer/data/read_report.h"

namespace usher {

// Devices beyond so many different ones count as not known.
inline constexpr size_t kMaxDevices = 4096;

struct Dataset {
  // In file order; behind them those that are no more, with an id and an
  // organizer; then, in order of appearance, those that only interactions name:
  // they have an id and nothing else.
  std::vector<Event> events;
  // The events from here on belong to histories alone and are never
  // recommended (UnknownEvents::kAbsent).
  size_t described_events = 0;
  std::vector<User> users;
  // By time, undated ones first; equal times in file order. Of a state: in the
  // order of its rows. Users, events and devices are indexes into these tables.
  std::vector<InteractionRecord> interactions;
  std::vector<std::string> devices;  // The first is empty: not known.
  // Of the content of the files and of `until`: equal data, equal number.
  uint64_t fingerprint = 0;
};

// What becomes of an event that interactions name and nothing describes.
enum class UnknownEvents {
  kLive,    // It is an event as any other: the data are ids and pairs.
  kAbsent,  // It was taken out of the list, or never in it: history, no more.
};

enum class RowOrder {
  kByTime,   // Undated ones first; equal times as they were added.
  kAsAdded,  // For a source whose order is that of the server's writes.
};

// Puts a dataset together from wherever its parts come. Order matters: all
// events and users first. Single-threaded.
class DatasetBuilder {
 public:
  // With `until`, what was known at that instant is kept: see LoadDataset().
  explicit DatasetBuilder(std::optional<Micros> until = std::nullopt,
                          UnknownEvents unknown = UnknownEvents::kLive,
                          RowOrder order = RowOrder::kByTime);

  // The id must be new. A later event is left out, with its interactions.
  void AddEvent(Event event);
  // One that was taken out, for the sake of its organizer; behind all
  // AddEvent(). The id must be new.
  void AddAbsentEvent(Event event);
  // The id must be new.
  void AddUser(User user);
  void Reserve(size_t interactions) {
    data_.interactions.reserve(interactions);
  }
  // Brings what the tables have of these ids into the processor's cache: an
  // AddInteraction() of them some rows later waits less for memory.
  void Prefetch(absl::string_view user_id, absl::string_view event_id) const;
  void AddInteraction(absl::string_view user_id, absl::string_view event_id,
                      const InteractionRecord& record,
                      absl::string_view device);

  // How much `until` left out so far.
  int64_t dropped_events() const { return dropped_events_; }
  int64_t dropped_interactions() const { return dropped_interactions_; }
  // Interactions so far with events that are absent.
  int64_t absent_interactions() const { return absent_interactions_; }

  // Sorts and gives the dataset away. The builder is empty afterwards.
  Dataset Finish(uint64_t fingerprint);

 private:
  using IdTable = absl::flat_hash_map<std::string, int32_t>;
  uint16_t DeviceIndex(absl::string_view device);

  std::optional<Micros> until_;
  UnknownEvents unknown_;
  RowOrder order_;
  Dataset data_;
  IdTable event_index_;  // -1: left out.
  IdTable user_index_;
  IdTable device_index_;
  int64_t dropped_events_ = 0;
  int64_t dropped_interactions_ = 0;
  int64_t absent_interactions_ = 0;
};

// Where a dataset is. An empty name means that there is no such file; only the
// interactions are required.
struct DatasetFiles {
  std::string events;
  std::string users;
  std::string interactions;
};

// What the files held, including what `until` left out.
struct DatasetReport {
  ReadReport events;
  ReadReport users;
  ReadReport interactions;
  int64_t events_dropped = 0;
  int64_t interactions_dropped = 0;
  // Named by interactions and not in the file of events; and those rows.
  int64_t absent_events = 0;
  int64_t absent_interactions = 0;
};

// Reads the three files. Events that the file of events does not have are
// absent; without such a file they are live. With `until`, the dataset is as of
// that instant: interactions and joins of groups at or after it are dropped,
// events that are announced at or after it stay out with all their
// interactions; events without an announce time stay, and undated interactions
// and joins do. Errors: those of the readers. `report` may be null; it is
// filled as far as the reading got.
absl::StatusOr<Dataset> LoadDataset(const DatasetFiles& files,
                                    const ReadOptions& options,
                                    std::optional<Micros> until = std::nullopt,
                                    DatasetReport* report = nullptr);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_DATASET_H_
