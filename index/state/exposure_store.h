// Lists that people were given: a SQLite file of its own.
#ifndef USHER_INDEX_STATE_EXPOSURE_STORE_H_
#define USHER_INDEX_STATE_EXPOSURE_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/base/clock.h"
#include "index/catalog/device.h"
#include "index/catalog/geo.h"
#include "index/catalog/interaction.h"

namespace usher {

// Names of an experiment and one of its variants.
struct VariantName {
  std::string experiment;
  std::string variant;
};

// An event that a visitor had shown interest in.
struct ExposedSeed {
  std::string event_id;
  InteractionKind kind = InteractionKind::kRsvpYes;
  float weight = 1;
};

// What a list was ranked by: with its instant, its model version and the state
// up to its position the same figures can be computed again, as long as no
// event or user has been described anew since.
struct ExposureSample {
  GeoPoint location;  // That the request gave; unknown: none.
  Device device = Device::kUnknown;
  std::vector<ExposedSeed> seeds;
  std::vector<std::string> feature_names;
  // Of each event of the list, one after the other, those of feature_names.
  std::vector<float> features;
};

// One list, with what it takes to make it again.
struct Exposure {
  std::string recommendation_id;
  std::string user_id;  // Empty: a visitor without an account.
  Micros served_at = 0;
  Micros now = 0;  // The instant it was made for.
  int64_t model_version = 0;
  int64_t state_position = 0;  // Of the state, when the list was made.
  std::vector<VariantName> variants;
  int32_t first_position = 1;
  // On this and the following positions.
  std::vector<std::string> event_ids;
  std::vector<float> scores;  // Of each event.
  // Of the events being there. 1 while the policy is deterministic.
  float propensity = 1;
  // Of each event, whether it has been shown.
  std::vector<bool> shown;
  // Of a share of the lists.
  std::optional<ExposureSample> sample;
};

// A user's part in a variant.
struct ExposedUser {
  std::string user_id;
  std::string variant;
  int64_t lists = 0;   // Given.
  int64_t events = 0;  // Shown on them.
};

// Tables `lists`, `samples`, `users_of_variants` and `dropped_lists`; their
// columns are described in the schema itself (exposure_store.cc; `.schema` in
// the sqlite3 shell prints it). A sample goes with its list; the third table
// sums up the first, for reports.
//
// A write-ahead log with synchronous=NORMAL: what was committed outlives the
// process; the last moments before a power cut may be lost. Of one thread; any
// number of processes may read the file meanwhile. Errors as of StateStore.
class ExposureStore {
 public:
  static constexpr char kMemory[] = ":memory:";

  // Where the exposures of a state are: FILE.db -> FILE.exposures.db.
  static std::string PathBeside(absl::string_view state_path);

  // For writing; made if need be. InvalidArgument when it is something else.
  static absl::StatusOr<std::unique_ptr<ExposureStore>> Open(
      const std::string& path);
  // For reading, as of this moment. NotFound when the file is not there.
  static absl::StatusOr<std::unique_ptr<ExposureStore>> OpenToRead(
      const std::string& path);
  ~ExposureStore();

  const std::string& path() const { return path_; }

  // Changes belong between Begin() and Commit() or Rollback(). After an error,
  // but for those of Show(), the caller rolls back.
  absl::Status Begin();
  absl::Status Commit();
  void Rollback();

  // A list that is there already, by its id, is left as it is. Its sample, if
  // it has one, must have a figure for each name and event.
  absl::Status Put(const Exposure& exposure);

  // The events at these positions have been shown; none: all of the list. Once
  // is as good as twice. NotFound for an unknown list, InvalidArgument for a
  // position that it does not have; nothing has changed then.
  absl::Status Show(absl::string_view recommendation_id,
                    absl::Span<const int32_t> positions);

  // So many lists with this variant could not be kept.
  absl::Status AddDropped(const VariantName& variant, int64_t lists);

  // Deletes the oldest lists, at most `most`: those that were served before
  // `served_before`, and those beyond the newest `kept` (0: any number).
  // Returns how many.
  absl::StatusOr<int64_t> DeleteOldest(Micros served_before, int64_t kept,
                                       int64_t most);

  // Which lists are the user's. Looks at all lists: an index by user would cost
  // every list that is written a page of the disk.
  absl::StatusOr<std::vector<int64_t>> NumbersOf(absl::string_view user_id);
  // Deletes those of the user's lists. Returns how many.
  absl::StatusOr<int64_t> ForgetUser(absl::string_view user_id,
                                     absl::Span<const int64_t> numbers);

  // What was deleted leaves the file's log; its pages are overwritten already.
  absl::Status DropOldPages();

  // A list as it is now.
  absl::StatusOr<std::optional<Exposure>> Find(
      absl::string_view recommendation_id);
  // The user's lists, oldest first; looks at all lists. `read` ends the reading
  // with an error of its own.
  absl::Status ReadLists(absl::string_view user_id,
                         absl::FunctionRef<absl::Status(const Exposure&)> read);
  // The users of an experiment, by id; a user has a row for each variant.
  absl::Status ReadUsers(
      absl::string_view experiment,
      absl::FunctionRef<absl::Status(const ExposedUser&)> read);
  // Variants and their dropped lists.
  absl::StatusOr<std::vector<std::pair<std::string, int64_t>>> Dropped(
      absl::string_view experiment);
  // No list of the experiment was made at an earlier position of the state; 0
  // when there is none.
  absl::StatusOr<int64_t> FirstStatePosition(absl::string_view experiment);
  // How many lists there are, about: gaps count.
  absl::StatusOr<int64_t> CountLists();

 private:
  struct Parts;
  explicit ExposureStore(std::string path);
  absl::Status Prepare(bool write);
  // Of the list that was put just now.
  absl::Status PutSample(const Exposure& exposure);
  // Adds to the sums of the list's variants.
  absl::Status Sum(const Exposure& exposure, int64_t lists, int64_t events);
  absl::StatusOr<int64_t> Delete(
      const std::vector<std::pair<int64_t, Exposure>>& lists);

  const std::string path_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace usher

#endif  // USHER_INDEX_STATE_EXPOSURE_STORE_H_
