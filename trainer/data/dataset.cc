#include "trainer/data/dataset.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "trainer/data/events_jsonl.h"
#include "trainer/data/interactions_csv.h"
#include "trainer/data/users_jsonl.h"

namespace usher {
namespace {

constexpr int32_t kLeftOut = -1;

bool IsLater(Micros time, std::optional<Micros> until) {
  return until.has_value() && time != kNoTime && time >= *until;
}

absl::Status LoadEvents(const std::string& path, const ReadOptions& options,
                        DatasetBuilder& builder, ReadReport* report) {
  if (path.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<Event> events,
                   ReadEvents(path, options, report));
  for (Event& event : events) builder.AddEvent(std::move(event));
  return absl::OkStatus();
}

absl::Status LoadUsers(const std::string& path, const ReadOptions& options,
                       DatasetBuilder& builder, ReadReport* report) {
  if (path.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<User> users, ReadUsers(path, options, report));
  for (User& user : users) builder.AddUser(std::move(user));
  return absl::OkStatus();
}

// Hands rows on to a builder, each kRows later than it came.
class DelayedRows {
 public:
  explicit DelayedRows(DatasetBuilder& builder) : builder_(builder) {}

  void Add(const InteractionRow& row) {
    Row& slot = rows_[count_++ % kRows];
    if (count_ > kRows) HandOn(slot);
    slot.user_id.assign(row.user_id.data(), row.user_id.size());
    slot.event_id.assign(row.event_id.data(), row.event_id.size());
    slot.device.assign(row.device.data(), row.device.size());
    slot.record.time = row.time;
    slot.record.value = row.value;
    slot.record.location = row.location;
    slot.record.kind = row.kind;
    builder_.Prefetch(slot.user_id, slot.event_id);
  }

  // The rest, in order.
  void Finish() {
    const size_t first = count_ > kRows ? count_ - kRows : 0;
    for (size_t i = first; i < count_; ++i) HandOn(rows_[i % kRows]);
    count_ = 0;
  }

 private:
  static constexpr size_t kRows = 32;
  struct Row {
    std::string user_id;
    std::string event_id;
    std::string device;
    InteractionRecord record;
  };

  void HandOn(const Row& row) {
    builder_.AddInteraction(row.user_id, row.event_id, row.record, row.device);
  }

  DatasetBuilder& builder_;
  std::array<Row, kRows> rows_;
  size_t count_ = 0;
};

absl::Status LoadInteractions(const std::string& path,
                              const ReadOptions& options,
                              DatasetBuilder& builder, ReadReport* report) {
  if (path.empty()) {
    return absl::InvalidArgumentError(
        "no interactions were given; name them with --interactions=FILE");
  }
  ReadOptions reserving = options;
  bool reserved = false;
  reserving.progress = [&](absl::string_view name, int64_t done, int64_t total,
                           int64_t rows) {
    if (!reserved && rows > 0 && done > 0) {
      // The first part of the file says how long the rows are.
      const double share = static_cast<double>(total) / done;
      builder.Reserve(static_cast<size_t>(rows * share * 1.02));
      reserved = true;
    }
    if (options.progress) options.progress(name, done, total, rows);
  };
  DelayedRows rows(builder);
  RETURN_IF_ERROR(ReadInteractions(
      path, reserving, [&rows](const InteractionRow& row) { rows.Add(row); },
      report));
  rows.Finish();
  return absl::OkStatus();
}

uint64_t Fingerprint(const DatasetReport& report, std::optional<Micros> until) {
  uint64_t fingerprint = Mix64(report.events.fingerprint);
  fingerprint = Mix64(fingerprint ^ report.users.fingerprint);
  fingerprint = Mix64(fingerprint ^ report.interactions.fingerprint);
  return Mix64(fingerprint ^ static_cast<uint64_t>(until.value_or(kNoTime)));
}

}  // namespace

DatasetBuilder::DatasetBuilder(std::optional<Micros> until,
                               UnknownEvents unknown, RowOrder order)
    : until_(until), unknown_(unknown), order_(order) {
  DeviceIndex("");
}

void DatasetBuilder::AddEvent(Event event) {
  const bool later = IsLater(event.announce_time, until_);
  const bool is_new =
      event_index_
          .try_emplace(
              event.id,
              later ? kLeftOut : static_cast<int32_t>(data_.events.size()))
          .second;
  USHER_CHECK(is_new);
  if (later) {
    ++dropped_events_;
  } else {
    data_.events.push_back(std::move(event));
    data_.described_events = data_.events.size();
  }
}

void DatasetBuilder::AddAbsentEvent(Event event) {
  const bool is_new =
      event_index_
          .try_emplace(event.id, static_cast<int32_t>(data_.events.size()))
          .second;
  USHER_CHECK(is_new);
  data_.events.push_back(std::move(event));
}

void DatasetBuilder::AddUser(User user) {
  const bool is_new =
      user_index_.try_emplace(user.id, static_cast<int32_t>(data_.users.size()))
          .second;
  USHER_CHECK(is_new);
  user.groups.erase(std::remove_if(user.groups.begin(), user.groups.end(),
                                   [this](const Group& group) {
                                     return IsLater(group.joined, until_);
                                   }),
                    user.groups.end());
  data_.users.push_back(std::move(user));
}

void DatasetBuilder::Prefetch(absl::string_view user_id,
                              absl::string_view event_id) const {
  user_index_.prefetch(user_id);
  event_index_.prefetch(event_id);
}

void DatasetBuilder::AddInteraction(absl::string_view user_id,
                                    absl::string_view event_id,
                                    const InteractionRecord& record,
                                    absl::string_view device) {
  if (IsLater(record.time, until_)) {
    ++dropped_interactions_;
    return;
  }
  const auto [event, new_event] = event_index_.try_emplace(
      event_id, static_cast<int32_t>(data_.events.size()));
  if (event->second == kLeftOut) {
    ++dropped_interactions_;
    return;
  }
  const auto [user, new_user] = user_index_.try_emplace(
      user_id, static_cast<int32_t>(data_.users.size()));
  if (new_event) data_.events.emplace_back().id = event->first;
  if (unknown_ == UnknownEvents::kLive) {
    data_.described_events = data_.events.size();
  }
  const auto index = static_cast<size_t>(event->second);
  absent_interactions_ += index >= data_.described_events;
  if (new_user) data_.users.emplace_back().id = user->first;
  InteractionRecord& added = data_.interactions.emplace_back(record);
  added.user = user->second;
  added.event = event->second;
  added.device = DeviceIndex(device);
}

uint16_t DatasetBuilder::DeviceIndex(absl::string_view device) {
  if (device.empty() && !data_.devices.empty()) return 0;
  const auto found = device_index_.find(device);
  if (found != device_index_.end()) {
    return static_cast<uint16_t>(found->second);
  }
  if (data_.devices.size() >= kMaxDevices) return 0;
  const int32_t index = static_cast<int32_t>(data_.devices.size());
  device_index_.try_emplace(device, index);
  data_.devices.emplace_back(device);
  return static_cast<uint16_t>(index);
}

Dataset DatasetBuilder::Finish(uint64_t fingerprint) {
  const auto earlier = [](const InteractionRecord& a,
                          const InteractionRecord& b) {
    return a.time < b.time;
  };
  std::vector<InteractionRecord>& rows = data_.interactions;
  if (order_ == RowOrder::kByTime &&
      !std::is_sorted(rows.begin(), rows.end(), earlier)) {
    std::stable_sort(rows.begin(), rows.end(), earlier);
  }
  data_.fingerprint = fingerprint;
  Dataset result = std::move(data_);
  *this = DatasetBuilder(until_, unknown_, order_);
  return result;
}

absl::StatusOr<Dataset> LoadDataset(const DatasetFiles& files,
                                    const ReadOptions& options,
                                    std::optional<Micros> until,
                                    DatasetReport* report) {
  DatasetReport unseen;
  if (report == nullptr) report = &unseen;
  *report = DatasetReport();
  DatasetBuilder builder(until, files.events.empty() ? UnknownEvents::kLive
                                                     : UnknownEvents::kAbsent);
  RETURN_IF_ERROR(LoadEvents(files.events, options, builder, &report->events));
  RETURN_IF_ERROR(LoadUsers(files.users, options, builder, &report->users));
  RETURN_IF_ERROR(LoadInteractions(files.interactions, options, builder,
                                   &report->interactions));
  report->interactions_dropped = builder.dropped_interactions();
  report->events_dropped = builder.dropped_events();
  report->absent_interactions = builder.absent_interactions();
  Dataset dataset = builder.Finish(Fingerprint(*report, until));
  report->absent_events =
      static_cast<int64_t>(dataset.events.size() - dataset.described_events);
  return dataset;
}

}  // namespace usher
