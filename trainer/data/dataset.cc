#include "trainer/data/dataset.h"

#include <algorithm>
#include <thread>
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

// Adds rows to a builder, in their order, on a thread of its own: the next ones
// are read meanwhile. Nobody else uses the builder until Finish().
class RowsBeside {
 public:
  explicit RowsBeside(DatasetBuilder& builder) : builder_(builder) {}
  ~RowsBeside() { Wait(); }

  void Add(const InteractionRow& row) {
    Row& added = filling_.rows.emplace_back();
    added.record.time = row.time;
    added.record.value = row.value;
    added.record.location = row.location;
    added.record.kind = row.kind;
    added.begin = static_cast<uint32_t>(filling_.text.size());
    added.user_size = static_cast<uint32_t>(row.user_id.size());
    added.event_size = static_cast<uint32_t>(row.event_id.size());
    added.device_size = static_cast<uint32_t>(row.device.size());
    absl::StrAppend(&filling_.text, row.user_id, row.event_id, row.device);
    if (filling_.rows.size() >= kRows || filling_.text.size() >= kBytes) {
      HandOn();
    }
  }
  void Reserve(size_t interactions) {
    Wait();
    builder_.Reserve(interactions);
  }
  // All are in the builder.
  void Finish() {
    HandOn();
    Wait();
  }

 private:
  static constexpr size_t kRows = size_t{1} << 17;
  static constexpr size_t kBytes = size_t{1} << 24;
  static constexpr size_t kAhead = 32;
  struct Row {
    InteractionRecord record;
    uint32_t begin, user_size, event_size, device_size;  // In the text.
  };
  struct Batch {
    std::vector<Row> rows;
    std::string text;

    absl::string_view Text(size_t begin, size_t size) const {
      return {text.data() + begin, size};
    }
    absl::string_view User(const Row& row) const {
      return Text(row.begin, row.user_size);
    }
    absl::string_view Event(const Row& row) const {
      return Text(row.begin + row.user_size, row.event_size);
    }
    absl::string_view Device(const Row& row) const {
      return Text(row.begin + row.user_size + row.event_size, row.device_size);
    }
  };

  void HandOn() {
    Wait();
    std::swap(filling_, adding_);
    filling_.rows.clear();
    filling_.text.clear();
    adder_ = std::thread([this] { AddAll(adding_); });
  }
  void Wait() {
    if (adder_.joinable()) adder_.join();
  }
  void AddAll(const Batch& batch) {
    const std::vector<Row>& rows = batch.rows;
    for (size_t i = 0; i < rows.size(); ++i) {
      const Row& later = rows[std::min(i + kAhead, rows.size() - 1)];
      builder_.Prefetch(batch.User(later), batch.Event(later));
      builder_.AddInteraction(batch.User(rows[i]), batch.Event(rows[i]),
                              rows[i].record, batch.Device(rows[i]));
    }
  }

  DatasetBuilder& builder_;
  Batch filling_;  // Of the thread that calls Add().
  Batch adding_;   // Of adder_, while it runs.
  std::thread adder_;
};

absl::Status LoadInteractions(const std::string& path,
                              const ReadOptions& options,
                              DatasetBuilder& builder, ReadReport* report) {
  if (path.empty()) {
    return absl::InvalidArgumentError(
        "no interactions were given; name them with --interactions=FILE");
  }
  RowsBeside beside(builder);
  ReadOptions reserving = options;
  bool reserved = false;
  reserving.progress = [&](absl::string_view name, int64_t done, int64_t total,
                           int64_t rows) {
    if (!reserved && rows > 0 && done > 0) {
      // The first part of the file says how long the rows are.
      const double share = static_cast<double>(total) / done;
      beside.Reserve(static_cast<size_t>(rows * share * 1.02));
      reserved = true;
    }
    if (options.progress) options.progress(name, done, total, rows);
  };
  RETURN_IF_ERROR(ReadInteractions(
      path, reserving, [&](const InteractionRow& row) { beside.Add(row); },
      report));
  beside.Finish();
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
