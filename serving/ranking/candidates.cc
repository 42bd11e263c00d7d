#include "serving/ranking/candidates.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/vector/dot.h"

namespace usher {
namespace {

constexpr absl::string_view kNames[kNumCandidateSources] = {
    "scan", "organizer", "neighbours", "nearby", "only"};
constexpr size_t kPerOrganizer = 20;
// Kilometres a degree of latitude.
constexpr float kKmPerDegree = 111.195f;

using Scored = std::pair<float, EventRow>;

class Collector {
 public:
  explicit Collector(const RowBitmap& allowed) : allowed_(allowed) {}

  void Add(EventRow event, CandidateSource source) {
    if (!allowed_.Test(Index(event))) return;
    found_.push_back(
        {event, static_cast<uint8_t>(1u << static_cast<int>(source))});
  }

  // Adds the best `count`, ties by row.
  void AddBest(std::vector<Scored>& scored, int count, CandidateSource source) {
    const size_t kept = std::min(scored.size(), static_cast<size_t>(count));
    std::partial_sort(scored.begin(), scored.begin() + kept, scored.end(),
                      [](const Scored& a, const Scored& b) {
                        return a.first != b.first ? a.first > b.first
                                                  : a.second < b.second;
                      });
    for (size_t i = 0; i < kept; ++i) Add(scored[i].second, source);
  }

  std::vector<Candidate> Merged() && {
    std::sort(found_.begin(), found_.end(),
              [](const Candidate& a, const Candidate& b) {
                return a.event < b.event;
              });
    std::vector<Candidate> merged;
    for (const Candidate& candidate : found_) {
      if (!merged.empty() && merged.back().event == candidate.event) {
        merged.back().sources |= candidate.sources;
      } else {
        merged.push_back(candidate);
      }
    }
    return merged;
  }

  const RowBitmap& allowed() const { return allowed_; }

 private:
  const RowBitmap& allowed_;
  std::vector<Candidate> found_;
};

// The user's vector with each part scaled by its weight in the ranking.
std::vector<float> RetrievalQuery(const RankingPolicy& policy,
                                  const UserState& user,
                                  const Snapshot& snapshot) {
  std::vector<float> query(snapshot.model->dim(), 0.0f);
  if (user.vector.size() != query.size()) return query;
  const size_t split = snapshot.model->by_event.dim();
  for (size_t i = 0; i < query.size(); ++i) {
    query[i] =
        user.vector[i] *
        policy.weight(i < split ? Feature::kAlsEvent : Feature::kAlsOrganizer);
  }
  return query;
}

void AddScan(const RankingPolicy& policy, const UserState& user,
             const LiveView& view, const Snapshot& snapshot,
             Collector& collector, std::vector<std::string>& degraded) {
  const std::vector<float> query = RetrievalQuery(policy, user, snapshot);
  std::vector<Scored> scored;
  // Rows of the tail have newer vectors than the index knows.
  RowBitmap indexed(snapshot.index->rows());
  for (size_t row = 0; row < indexed.size(); ++row) {
    if (collector.allowed().Test(row)) indexed.Set(row);
  }
  for (const EventRow row : snapshot.tail) {
    if (Index(row) < indexed.size()) indexed.Clear(Index(row));
    if (!collector.allowed().Test(Index(row))) continue;
    const absl::Span<const float> vector = snapshot.vectors.Row(Index(row));
    const float dot = vector.size() == query.size()
                          ? Dot(query.data(), vector.data(), query.size())
                          : 0;
    scored.emplace_back(dot + view.bias[Index(row)], row);
  }
  const absl::StatusOr<std::vector<ScoredRow>> nearest = snapshot.index->Search(
      query, policy.scan_candidates, &indexed,
      absl::MakeConstSpan(view.bias).first(indexed.size()));
  if (nearest.ok()) {
    for (const ScoredRow& hit : *nearest) {
      scored.emplace_back(hit.score, EventRow{hit.row});
    }
  } else {
    degraded.push_back(absl::StrCat("scan: ", nearest.status().message()));
  }
  collector.AddBest(scored, policy.scan_candidates, CandidateSource::kScan);
}

void AddOrganizer(const Catalog& catalog, const LiveView& view,
                  OrganizerRow organizer, Collector& collector) {
  if (Index(organizer) >= catalog.num_organizers()) return;
  std::vector<Scored> soonest;
  for (const EventRow row : catalog.organizers.events[Index(organizer)]) {
    const int32_t slot = view.columns.slot_of[Index(row)];
    if (slot < 0 || !collector.allowed().Test(Index(row))) continue;
    soonest.emplace_back(-view.columns.lead_hours[slot], row);
  }
  collector.AddBest(soonest, kPerOrganizer, CandidateSource::kOrganizer);
}

void AddOrganizers(const RankingPolicy& policy, const UserState& user,
                   const LiveView& view, const Catalog& catalog,
                   Collector& collector) {
  std::vector<std::pair<float, OrganizerRow>> known;
  for (const auto& [organizer, past] : user.organizers) {
    known.emplace_back(past.recent, organizer);
  }
  for (const OrganizerRow organizer : user.followed) {
    if (!user.organizers.contains(organizer)) known.emplace_back(0, organizer);
  }
  std::sort(known.begin(), known.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  if (known.size() > static_cast<size_t>(policy.source_candidates)) {
    known.resize(policy.source_candidates);
  }
  for (const auto& [recent, organizer] : known) {
    AddOrganizer(catalog, view, organizer, collector);
  }
}

void AddNeighbours(const RankingPolicy& policy, const UserState& user,
                   Collector& collector) {
  std::vector<Scored> picks;
  for (const auto& [event, weight] : user.neighbour_picks) {
    if (collector.allowed().Test(Index(event)))
      picks.emplace_back(weight, event);
  }
  collector.AddBest(picks, policy.source_candidates,
                    CandidateSource::kNeighbours);
}

// Distances on a plane that touches the earth at the user: good to a percent
// within a few hundred kilometres.
void AddNearby(const RankingPolicy& policy, const UserState& user,
               const LiveView& view, const Catalog& catalog,
               Collector& collector) {
  if (!user.place.known()) return;
  const float shrink =
      std::cos(user.place.latitude * std::numbers::pi_v<float> / 180);
  std::vector<Scored> scored;
  collector.allowed().ForEach([&](size_t row) {
    const GeoPoint place = catalog.events.columns[row].location;
    if (!place.known()) return;
    const float north = place.latitude - user.place.latitude;
    const float east = (place.longitude - user.place.longitude) * shrink;
    const float km = kKmPerDegree * std::sqrt(north * north + east * east);
    scored.emplace_back(
        policy.weight(Feature::kDistance) * std::log1p(km) + view.bias[row],
        EventRow{static_cast<int32_t>(row)});
  });
  collector.AddBest(scored, policy.source_candidates, CandidateSource::kNearby);
}

}  // namespace

absl::string_view CandidateSourceName(CandidateSource source) {
  return kNames[static_cast<size_t>(source)];
}

std::vector<Candidate> CollectCandidates(const RankingPolicy& policy,
                                         const UserState& user,
                                         const RowBitmap& allowed,
                                         const LiveView& view,
                                         const Snapshot& snapshot,
                                         std::vector<std::string>& degraded) {
  Collector collector(allowed);
  AddScan(policy, user, view, snapshot, collector, degraded);
  AddOrganizers(policy, user, view, snapshot.catalog, collector);
  AddNeighbours(policy, user, collector);
  AddNearby(policy, user, view, snapshot.catalog, collector);
  return std::move(collector).Merged();
}

}  // namespace usher
