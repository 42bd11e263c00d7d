#include "serving/collect_report.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

using Outcomes = std::array<int64_t, kNumOutcomes>;

// Interactions first, then users.
class Collector {
 public:
  explicit Collector(const Experiment& experiment)
      : experiment_(experiment), tallies_(experiment.variants.size()) {}

  absl::Status AddInteraction(const Interaction& interaction,
                              ExposureStore& exposures);
  absl::Status AddUsers(ExposureStore& exposures);
  absl::Status AddDropped(ExposureStore& exposures);
  ExperimentReport Report() const {
    return ReportOf(experiment_, tallies_, left_out_);
  }

 private:
  // A user's rows, one a variant.
  void AddUser(const std::vector<ExposedUser>& rows);
  // Null when it is no longer configured.
  VariantTally* TallyOf(const std::string& variant);

  const Experiment& experiment_;
  std::vector<VariantTally> tallies_;
  LeftOut left_out_;
  absl::flat_hash_map<std::string, Outcomes> of_users_;
  // By a hash of list and event: which outcomes are counted.
  absl::flat_hash_map<uint64_t, uint8_t> counted_;
};

bool TakesPart(const Exposure& list, const std::string& experiment) {
  return std::any_of(
      list.variants.begin(), list.variants.end(),
      [&](const VariantName& name) { return name.experiment == experiment; });
}

absl::Status Collector::AddInteraction(const Interaction& interaction,
                                       ExposureStore& exposures) {
  const std::optional<Outcome> outcome = OutcomeOf(interaction.kind);
  if (!outcome.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<Exposure> list,
                   exposures.Find(interaction.recommendation_id));
  if (!list.has_value() || list->user_id != interaction.user_id ||
      !TakesPart(*list, experiment_.name)) {
    return absl::OkStatus();
  }
  const auto event = std::find(list->event_ids.begin(), list->event_ids.end(),
                               interaction.event_id);
  if (event == list->event_ids.end()) return absl::OkStatus();
  const size_t place = static_cast<size_t>(event - list->event_ids.begin());
  if (!list->shown[place]) {
    ++left_out_.not_shown;
    return absl::OkStatus();
  }
  uint8_t& counted = counted_[Mix64(Hash64(list->recommendation_id) + place)];
  const uint8_t bit = uint8_t{1} << static_cast<int>(*outcome);
  if ((counted & bit) != 0) return absl::OkStatus();
  counted |= bit;
  ++of_users_[list->user_id][static_cast<size_t>(*outcome)];
  return absl::OkStatus();
}

VariantTally* Collector::TallyOf(const std::string& variant) {
  for (size_t i = 0; i < tallies_.size(); ++i) {
    if (experiment_.variants[i].name == variant) return &tallies_[i];
  }
  return nullptr;
}

void Collector::AddUser(const std::vector<ExposedUser>& rows) {
  if (rows.empty()) return;
  if (rows.size() > 1) {
    ++left_out_.in_several_variants;
    return;
  }
  VariantTally* const tally = TallyOf(rows.front().variant);
  if (tally == nullptr) {
    ++left_out_.in_unknown_variants;
    return;
  }
  UserTally user;
  user.exposures = rows.front().events;
  const auto outcomes = of_users_.find(rows.front().user_id);
  if (outcomes != of_users_.end()) user.outcomes = outcomes->second;
  tally->AddUser(user);
}

absl::Status Collector::AddUsers(ExposureStore& exposures) {
  std::vector<ExposedUser> rows;
  RETURN_IF_ERROR(exposures.ReadUsers(
      experiment_.name, [&](const ExposedUser& row) -> absl::Status {
        if (!rows.empty() && rows.back().user_id != row.user_id) {
          AddUser(rows);
          rows.clear();
        }
        rows.push_back(row);
        return absl::OkStatus();
      }));
  AddUser(rows);
  return absl::OkStatus();
}

absl::Status Collector::AddDropped(ExposureStore& exposures) {
  ASSIGN_OR_RETURN(const auto dropped, exposures.Dropped(experiment_.name));
  for (const auto& [variant, lists] : dropped) {
    VariantTally* const tally = TallyOf(variant);
    if (tally != nullptr) tally->AddDropped(lists);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ExperimentReport> CollectReport(const Experiment& experiment,
                                               ExposureLog& exposures,
                                               SnapshotPublisher& publisher) {
  Collector collector(experiment);
  RETURN_IF_ERROR(exposures.Read([&](ExposureStore& store) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t first,
                     store.FirstStatePosition(experiment.name));
    RETURN_IF_ERROR(publisher.ReadState([&](StateStore& state) {
      return state.ReadInteractionsOfLists(
          {first, state.position()}, [&](const Interaction& interaction) {
            return collector.AddInteraction(interaction, store);
          });
    }));
    RETURN_IF_ERROR(collector.AddUsers(store));
    return collector.AddDropped(store);
  }));
  return collector.Report();
}

}  // namespace usher
