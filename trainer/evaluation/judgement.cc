#include "trainer/evaluation/judgement.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace usher {
namespace {

size_t HistoryBin(int32_t history) {
  constexpr int32_t kLast[] = {0, 2, 5, 10, 20};
  size_t bin = 0;
  while (bin < std::size(kLast) && history > kLast[bin]) ++bin;
  return bin;
}

size_t LeadBin(double hours) {
  constexpr double kDays[] = {1, 3, 7, 14, 28};
  size_t bin = 0;
  while (bin < std::size(kDays) && hours >= 24 * kDays[bin]) ++bin;
  return bin;
}

// Organizer, venue, category and tags as numbers that do not meet.
std::vector<int64_t> TraitsOf(const Catalog& catalog, EventRow row) {
  const EventColumns& event = catalog.events.columns[Index(row)];
  std::vector<int64_t> traits;
  const auto add = [&](int64_t kind, int32_t value) {
    if (value >= 0) traits.push_back(4 * int64_t{value} + kind);
  };
  add(0, static_cast<int32_t>(event.organizer));
  add(1, event.venue);
  add(2, event.category);
  for (const int32_t tag : catalog.events.tags[Index(row)]) add(3, tag);
  std::sort(traits.begin(), traits.end());
  traits.erase(std::unique(traits.begin(), traits.end()), traits.end());
  return traits;
}

double Jaccard(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  std::vector<int64_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(),
                        std::back_inserter(both));
  const size_t either = a.size() + b.size() - both.size();
  return either == 0
             ? 0.0
             : static_cast<double>(both.size()) / static_cast<double>(either);
}

double Ratio(double a, double b) {
  return b == 0 ? std::numeric_limits<double>::quiet_NaN() : a / b;
}

}  // namespace

void ListTraits::Add(const ReplayQuery& query, const Ranking& ranking,
                     const Catalog& catalog) {
  std::vector<std::vector<int64_t>> traits;
  const auto users = static_cast<double>(catalog.num_users());
  for (const RankedEvent& event : ranking.results) {
    const EventCounters& counters = catalog.events.counters[Index(event.event)];
    shown_.insert(static_cast<int32_t>(event.event));
    ++places_;
    shown_yes_ += counters.yes;
    novelty_ -= std::log2((counters.yes + 1) / (users + 1));
    traits.push_back(TraitsOf(catalog, event.event));
    const absl::string_view id = catalog.EventId(event.event);
    if (std::find(query.relevant.begin(), query.relevant.end(), id) !=
            query.relevant.end() &&
        std::isfinite(event.distance_km)) {
      hit_km_ += event.distance_km;
      ++hits_placed_;
    }
  }
  for (size_t i = 0; i < traits.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      likeness_ += Jaccard(traits[i], traits[j]);
      ++pairs_;
    }
  }
  for (const std::string& id : query.relevant) {
    const EventRow row = catalog.FindEvent(id);
    if (row == kNoEvent) continue;
    wanted_yes_ += catalog.events.counters[Index(row)].yes;
    ++wanted_;
  }
}

double ListTraits::Coverage(int64_t showable) const {
  return Ratio(static_cast<double>(shown_.size()),
               static_cast<double>(showable));
}
double ListTraits::Diversity() const {
  return 1 - Ratio(likeness_, static_cast<double>(pairs_));
}
double ListTraits::Novelty() const {
  return Ratio(novelty_, static_cast<double>(places_));
}
double ListTraits::PopularityBias() const {
  return Ratio(shown_yes_ / static_cast<double>(places_),
               Ratio(wanted_yes_, static_cast<double>(wanted_)));
}
double ListTraits::HitKilometres() const {
  return Ratio(hit_km_, static_cast<double>(hits_placed_));
}

void RatingErrors::Add(double error) {
  ++ratings;
  squares += error * error;
  absolutes += std::abs(error);
}
double RatingErrors::Mse() const {
  return Ratio(squares, static_cast<double>(ratings));
}
double RatingErrors::Rmse() const { return std::sqrt(Mse()); }
double RatingErrors::Mae() const {
  return Ratio(absolutes, static_cast<double>(ratings));
}

void FeatureMoves::Add(const Ranking& ranking, const RankingPolicy& policy) {
  for (const RankedEvent& event : ranking.results) {
    std::array<float, kNumFeatures> parts{};
    if (policy.trees != nullptr) {
      parts = policy.trees->Parts(event.features, policy.weights);
    } else {
      for (size_t f = 0; f < kNumFeatures; ++f) {
        parts[f] = policy.weights[f] * event.features[f];
      }
    }
    ++rows_;
    for (size_t f = 0; f < kNumFeatures; ++f) {
      sums_[f] += parts[f];
      squares_[f] += double{parts[f]} * parts[f];
    }
  }
}

std::vector<std::pair<std::string, double>> FeatureMoves::Largest(
    size_t most) const {
  std::vector<std::pair<std::string, double>> moves;
  const auto rows = static_cast<double>(std::max<int64_t>(1, rows_));
  for (size_t f = 0; f < kNumFeatures; ++f) {
    const double mean = sums_[f] / rows;
    const double variance = squares_[f] / rows - mean * mean;
    if (variance > 1e-12) {
      moves.emplace_back(std::string(FeatureName(static_cast<Feature>(f))),
                         std::sqrt(variance));
    }
  }
  std::stable_sort(
      moves.begin(), moves.end(),
      [](const auto& a, const auto& b) { return a.second > b.second; });
  if (moves.size() > most) moves.resize(most);
  return moves;
}

int64_t ShowableEvents(const Replay& replay) {
  auto showable = static_cast<int64_t>(replay.events.size());
  for (size_t i = 0; i < replay.training.described_events; ++i) {
    const Micros start = replay.training.events[i].start_time;
    showable += start == kNoTime || start > replay.cut;
  }
  return showable;
}

void Judgement::Add(const ReplayQuery& query, const ListScores& scores) {
  all.Add(query.user, scores);
  (query.warm_user ? warm_user : new_user).Add(query.user, scores);
  (query.new_event ? new_event : warm_event).Add(query.user, scores);
  if (query.new_organizer) new_organizer.Add(query.user, scores);
  by_history[HistoryBin(query.history)].Add(query.user, scores);
  if (std::isfinite(query.lead_hours)) {
    by_lead[LeadBin(query.lead_hours)].Add(query.user, scores);
  }
}

}  // namespace usher
