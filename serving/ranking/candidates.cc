#include "serving/ranking/candidates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/quick_math.h"
#include "index/vector/dot.h"
#include "index/vector/top_rows.h"
#include "serving/ranking/place_kernels.h"

namespace usher {
namespace {

constexpr absl::string_view kSourceNames[kNumCandidateSources] = {
    "scan", "organizer", "neighbours", "nearby", "only", "rule", "list"};
constexpr size_t kPerOrganizer = 20;

using Scored = std::pair<float, EventRow>;

bool IsAhead(const Scored& a, const Scored& b) {
  return a.first != b.first ? a.first > b.first : a.second < b.second;
}

// Notes which rows were found and by whom.
class Collector {
 public:
  explicit Collector(const RowBitmap& allowed)
      : allowed_(allowed), found_(allowed.size()), sources_(Scratch()) {
    if (sources_.size() < allowed.size()) sources_.resize(allowed.size());
  }

  void Add(EventRow event, CandidateSource source) {
    const size_t row = Index(event);
    if (!allowed_.Test(row)) return;
    const auto bit = static_cast<uint8_t>(1u << static_cast<int>(source));
    if (found_.Test(row)) {
      sources_[row] |= bit;
      return;
    }
    sources_[row] = bit;
    found_.Set(row);
    ++count_;
  }

  // Of an event that is there already; false where it is not.
  bool AddSource(EventRow event, CandidateSource source) {
    const size_t row = Index(event);
    if (!found_.Test(row)) return false;
    sources_[row] |= static_cast<uint8_t>(1u << static_cast<int>(source));
    return true;
  }

  // Adds the best `count`, ties by row.
  void AddBest(std::vector<Scored>& scored, int count, CandidateSource source) {
    const auto most = static_cast<size_t>(count);
    if (scored.size() > most) {
      std::nth_element(scored.begin(), scored.begin() + count, scored.end(),
                       &IsAhead);
      scored.resize(most);
    }
    for (const auto& [score, event] : scored) Add(event, source);
  }

  std::vector<Candidate> Merged() && {
    std::vector<Candidate> merged;
    merged.reserve(count_);
    found_.ForEach([&](size_t row) {
      merged.push_back({EventRow{static_cast<int32_t>(row)}, sources_[row]});
    });
    return merged;
  }

  const RowBitmap& allowed() const { return allowed_; }
  bool Allows(EventRow event) const {
    return event != kNoEvent && allowed_.Test(Index(event));
  }

 private:
  // A byte a row, of which few are written: not made anew for every list.
  static std::vector<uint8_t>& Scratch() {
    thread_local std::vector<uint8_t> bytes;
    return bytes;
  }

  const RowBitmap& allowed_;
  RowBitmap found_;
  size_t count_ = 0;
  // By row: bits of Candidate::sources, of rows that were found; else anything.
  std::vector<uint8_t>& sources_;
};

// What the scan gives an event of which the index does not know enough.
float ScanScore(absl::Span<const float> query, const LiveView& view,
                const Snapshot& snapshot, EventRow row) {
  const absl::Span<const float> vector = snapshot.vectors.Row(Index(row));
  const float dot = vector.size() == query.size()
                        ? Dot(query.data(), vector.data(), query.size())
                        : 0;
  return dot + view.bias[Index(row)];
}

// Vectors of the tail lie anywhere in memory.
constexpr size_t kRowsAhead = 4;

void PrefetchVector(const Snapshot& snapshot, EventRow row) {
  constexpr size_t kLineFloats = 16;
  const absl::Span<const float> vector = snapshot.vectors.Row(Index(row));
  for (size_t i = 0; i < vector.size(); i += kLineFloats) {
    __builtin_prefetch(vector.data() + i);
  }
}

// Best first.
std::vector<ScoredRow> Scan(const RankingPolicy& policy, const UserState& user,
                            const RowBitmap& allowed, const LiveView& view,
                            const Snapshot& snapshot,
                            std::vector<std::string>& degraded) {
  const std::vector<float> query = RetrievalQuery(policy, user, snapshot);
  std::vector<ScoredRow> of_tail;
  // Rows of the tail have newer vectors than the index knows.
  RowBitmap indexed = allowed.First(snapshot.index->rows());
  for (size_t i = 0; i < snapshot.tail.size(); ++i) {
    if (i + kRowsAhead < snapshot.tail.size()) {
      PrefetchVector(snapshot, snapshot.tail[i + kRowsAhead]);
    }
    const EventRow row = snapshot.tail[i];
    if (Index(row) < indexed.size()) indexed.Clear(Index(row));
    if (!allowed.Test(Index(row))) continue;
    of_tail.push_back(
        {static_cast<int32_t>(row), ScanScore(query, view, snapshot, row)});
  }
  absl::StatusOr<std::vector<ScoredRow>> nearest = snapshot.index->Search(
      query, policy.scan_candidates, &indexed,
      absl::MakeConstSpan(view.bias).first(indexed.size()), view.foremost.rows);
  if (!nearest.ok()) {
    degraded.push_back(absl::StrCat("scan: ", nearest.status().message()));
    nearest = std::vector<ScoredRow>();
  }
  if (of_tail.empty()) return *std::move(nearest);
  const auto most = static_cast<std::ptrdiff_t>(policy.scan_candidates);
  std::vector<ScoredRow>& all = of_tail;
  all.insert(all.end(), nearest->begin(), nearest->end());
  const auto end =
      all.begin() + std::min(most, static_cast<std::ptrdiff_t>(all.size()));
  std::partial_sort(all.begin(), end, all.end(), IsBetter);
  all.erase(end, all.end());
  return std::move(all);
}

constexpr size_t kSlotsTogether = 64;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Calls use(event) for live events that are announced after `since`, and for a
// few that were so up to a minute before. The columns are of the minute's
// begin; to its end they may be announced.
template <class Use>
void ForEachAnnounced(const LiveView& view, Micros since, const Use& use) {
  const LiveColumns& live = *view.columns;
  const float hours =
      static_cast<float>(live.minute() + kMinute - since) / kHour;
  if (view.freshest_hours > hours) return;
  // Few are: -fresh, which is fresh - 2 fresh, > -hours is asked of many at
  // once.
  const float least = -std::nextafter(hours, kInfinity);
  const size_t slots = view.fresh_hours.size();
  for (size_t first = 0; first < slots; first += kSlotsTogether) {
    const float* const fresh = view.fresh_hours.data() + first;
    uint64_t announced = AboveThreshold(
        fresh, fresh, -2, std::min(kSlotsTogether, slots - first), least);
    for (; announced != 0; announced &= announced - 1) {
      const EventRow row = live[first + std::countr_zero(announced)].row;
      if (row != kNoEvent) use(row);
    }
  }
}

void AddNewer(const ListedEvents& list, const RankingPolicy& policy,
              const UserState& user, const LiveView& view,
              const Snapshot& snapshot, Collector& collector) {
  const std::vector<float> query = RetrievalQuery(policy, user, snapshot);
  std::vector<Scored> scored;
  const auto add = [&](EventRow row) {
    if (!collector.allowed().Test(Index(row))) return;
    scored.emplace_back(ScanScore(query, view, snapshot, row), row);
  };
  for (const EventRow row : list.newer) add(row);
  ForEachAnnounced(view, list.generated_at, [&](EventRow row) {
    if (!std::binary_search(list.newer.begin(), list.newer.end(), row)) {
      add(row);
    }
  });
  collector.AddBest(scored, policy.scan_candidates, CandidateSource::kScan);
}

void AddOrganizer(const Catalog& catalog, const LiveView& view,
                  OrganizerRow organizer, std::vector<Scored>& soonest,
                  Collector& collector) {
  if (Index(organizer) >= catalog.num_organizers()) return;
  soonest.clear();
  for (const EventRow row : catalog.organizers.events[Index(organizer)]) {
    // Most are over.
    if (!collector.allowed().Test(Index(row))) continue;
    const int32_t slot = view.columns->SlotOf(row);
    if (slot < 0) continue;
    soonest.emplace_back(-(*view.columns)[slot].lead_hours, row);
  }
  collector.AddBest(soonest, kPerOrganizer, CandidateSource::kOrganizer);
}

void AddOrganizers(const RankingPolicy& policy, const UserState& user,
                   const LiveView& view, const Catalog& catalog,
                   Collector& collector) {
  std::vector<std::pair<float, OrganizerRow>> known;
  known.reserve(user.organizers.size() + user.followed.size());
  for (const auto& [organizer, past] : user.organizers) {
    if (past.commitments > 0) known.emplace_back(past.recent, organizer);
  }
  for (const auto& [organizer, since] : user.followed) {
    const auto past = user.organizers.find(organizer);
    if (past == user.organizers.end() || !(past->second.commitments > 0)) {
      known.emplace_back(0, organizer);
    }
  }
  std::sort(known.begin(), known.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  if (known.size() > static_cast<size_t>(policy.source_candidates)) {
    known.resize(policy.source_candidates);
  }
  std::vector<Scored> soonest;
  for (const auto& [recent, organizer] : known) {
    AddOrganizer(catalog, view, organizer, soonest, collector);
  }
}

void AddNeighbours(const RankingPolicy& policy, const UserState& user,
                   Collector& collector) {
  std::vector<Scored> picks;
  picks.reserve(user.neighbour_picks.size());
  for (size_t i = 0; i < user.neighbour_picks.size(); ++i) {
    const auto [event, weight] = user.neighbour_picks[i];
    if (collector.allowed().Test(Index(event)))
      picks.emplace_back(weight, event);
  }
  collector.AddBest(picks, policy.source_candidates,
                    CandidateSource::kNeighbours);
}

// Not above ln(1 + x), of which it is a polygon between powers of two: what the
// bits of a float say without any arithmetic. Requires x >= 0.
float LogAtLeast(float x) {
  constexpr float kScale = std::numbers::ln2_v<float> / (1 << 23);
  constexpr float kRounding = 1e-5f;
  const int32_t bits = std::bit_cast<int32_t>(1 + x) - 0x3f800000;
  return static_cast<float>(bits) * kScale - kRounding;
}

// What nearness adds to the bias is 0 or less with the usual weight: where
// `count` of the foremost have more than the bias of any other, they are the
// best of all. False where that is not known.
bool AddNearbyOfForemost(float weight, size_t count, const UnitVector& place,
                         const ForemostEvents& foremost, Collector& collector) {
  const size_t size = foremost.rows.size();
  std::array<float, kForemost> logs;
  PlaceKernelsFor(ActiveInstructionSet())
      .log_distances(
          {foremost.x.data(), foremost.y.data(), foremost.z.data(), size},
          {place.x, place.y, place.z}, kEarthRadiusKm, logs.data());
  std::vector<Scored> best;
  best.reserve(size);
  size_t ahead = 0;
  for (size_t i = 0; i < size; ++i) {
    const float score = weight * logs[i] + foremost.bias[i];
    const EventRow row{foremost.rows[i]};
    if (std::isnan(score) || !collector.Allows(row)) continue;
    ahead += score > foremost.largest_other ? 1 : 0;
    best.emplace_back(score, row);
  }
  const bool are_all = std::isinf(foremost.largest_other);
  if (ahead < count && !are_all) return false;
  collector.AddBest(best, static_cast<int>(count), CandidateSource::kNearby);
  return true;
}

// Every allowed event is looked at, but hardly any needs its logarithm: with
// the usual weight below 0 the bias is more than the score, and so is what a
// distance that is too short gives.
void AddNearbyOfAll(float weight, size_t count, const UnitVector& place,
                    const LiveView& view, Collector& collector) {
  TopRows top(count);
  const auto none = [](absl::Span<const int32_t>, float*) {};
  const LiveColumns& live = *view.columns;
  const auto look = [&](size_t row) {
    const float bias = view.bias[row];
    if (weight <= 0 && bias <= top.threshold()) return;
    const int32_t slot = live.SlotOf(EventRow{static_cast<int32_t>(row)});
    const double chord = ChordSquared(place, live.Place(slot));
    if (std::isnan(chord)) return;
    const float km = static_cast<float>(kEarthRadiusKm * std::sqrt(chord));
    if (weight <= 0 && weight * LogAtLeast(km) + bias <= top.threshold()) {
      return;
    }
    top.AddExact(static_cast<int32_t>(row), weight * QuickLog1p(km) + bias,
                 none);
  };
  const absl::Span<const uint64_t> words = collector.allowed().words();
  for (size_t w = 0; w < words.size(); ++w) {
    uint64_t bits = words[w];
    if (bits != 0 && weight <= 0) {
      const float* const bias = view.bias.data() + w * 64;
      bits &= AboveThreshold(bias, bias, 0,
                             std::min<size_t>(64, view.bias.size() - w * 64),
                             top.threshold());
    }
    for (; bits != 0; bits &= bits - 1) look(w * 64 + std::countr_zero(bits));
  }
  for (const ScoredRow& near : top.Take(none)) {
    collector.Add(EventRow{near.row}, CandidateSource::kNearby);
  }
}

// By the bias and the straight line to the user, which is as good as the
// distance to choose by.
void AddNearby(const RankingPolicy& policy, const UserState& user,
               const LiveView& view, Collector& collector) {
  const UnitVector place = OnUnitSphere(user.place);
  if (!place.known()) return;
  const float weight = policy.weight(Feature::kDistance);
  const auto count = static_cast<size_t>(policy.source_candidates);
  if (weight <= 0 &&
      AddNearbyOfForemost(weight, count, place, view.foremost, collector)) {
    return;
  }
  AddNearbyOfAll(weight, count, place, view, collector);
}

}  // namespace

absl::string_view CandidateSourceName(CandidateSource source) {
  return kSourceNames[static_cast<size_t>(source)];
}

std::vector<float> RetrievalQuery(const RankingPolicy& policy,
                                  const UserState& user,
                                  const Snapshot& snapshot) {
  std::vector<float> query(snapshot.model->dim(), 0.0f);
  if (user.vector.size() != query.size()) return query;
  const size_t split = snapshot.model->split();
  for (size_t i = 0; i < query.size(); ++i) {
    query[i] =
        user.vector[i] *
        policy.weight(i < split ? Feature::kAlsEvent : Feature::kAlsOrganizer);
  }
  return query;
}

FoundCandidates CollectCandidates(const RankingPolicy& policy,
                                  const UserState& user,
                                  const RowBitmap& allowed,
                                  const LiveView& view,
                                  const Snapshot& snapshot, size_t scanned,
                                  const std::vector<ScoredRow>* scan,
                                  std::vector<std::string>& degraded) {
  Collector collector(allowed);
  std::vector<ScoredRow> made;
  if (scan == nullptr) {
    made = Scan(policy, user, allowed, view, snapshot, degraded);
    scan = &made;
  }
  const size_t ahead = std::min(scanned, scan->size());
  for (size_t i = 0; i < ahead; ++i) {
    collector.Add(EventRow{(*scan)[i].row}, CandidateSource::kScan);
  }
  AddOrganizers(policy, user, view, snapshot.catalog, collector);
  AddNeighbours(policy, user, collector);
  AddNearby(policy, user, view, collector);
  FoundCandidates found;
  found.behind.reserve(scan->size() - ahead);
  for (size_t i = ahead; i < scan->size(); ++i) {
    const EventRow row{(*scan)[i].row};
    // Who is there already was found by the scan, too.
    if (!collector.AddSource(row, CandidateSource::kScan)) {
      found.behind.push_back(row);
    }
  }
  found.candidates = std::move(collector).Merged();
  return found;
}

bool IsAnyAnnounced(const LiveView& view, const Catalog& catalog, Micros since,
                    Micros now) {
  bool any = false;
  ForEachAnnounced(view, since, [&](EventRow row) {
    const Micros announce = catalog.events.columns[Index(row)].announce;
    any |= announce > since && announce <= now;
  });
  return any;
}

std::vector<Candidate> CandidatesOfList(const ListedEvents& list,
                                        const RankingPolicy& policy,
                                        const UserState& user,
                                        const RowBitmap& allowed,
                                        const LiveView& view,
                                        const Snapshot& snapshot) {
  Collector collector(allowed);
  for (const EventRow row : list.events) {
    collector.Add(row, CandidateSource::kList);
  }
  AddNewer(list, policy, user, view, snapshot, collector);
  if (list.complete) return std::move(collector).Merged();
  AddOrganizers(policy, user, view, snapshot.catalog, collector);
  AddNeighbours(policy, user, collector);
  return std::move(collector).Merged();
}

}  // namespace usher
