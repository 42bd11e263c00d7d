#include "serving/ranking/arrange.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "index/vector/dot.h"

namespace usher {
namespace {

// Beyond the best so many, diversity does not look for something different.
constexpr size_t kDiversityPool = 500;
// Diversity goes on for so many at least, for the pages to come.
constexpr size_t kDiversified = 100;
// Of what many boosts make of a score.
constexpr float kGreatest = 1e30f;
constexpr float kSameOrganizer = 0.7f;
constexpr float kSameVenue = 0.4f;

// Takes from the front what the caps allow.
class Caps {
 public:
  Caps(const Query& query, const Catalog& catalog)
      : query_(query), catalog_(catalog) {}

  bool Take(EventRow row) {
    const EventColumns& event = catalog_.events.columns[Index(row)];
    const std::pair<int, int64_t> keys[] = {
        {query_.max_per_organizer, Key(0, static_cast<int>(event.organizer))},
        {query_.max_per_venue, Key(1, event.venue)},
        {query_.max_per_series, Key(2, event.series)}};
    for (const auto& [cap, key] : keys) {
      if (cap > 0 && key >= 0 && taken_[key] >= cap) return false;
    }
    for (const auto& [cap, key] : keys) {
      if (cap > 0 && key >= 0) ++taken_[key];
    }
    return true;
  }

 private:
  static int64_t Key(int64_t what, int32_t row) {
    return row < 0 ? -1 : what << 32 | row;
  }

  const Query& query_;
  const Catalog& catalog_;
  absl::flat_hash_map<int64_t, int> taken_;
};

// How far each score is above the least, times the boosts of its rules.
std::vector<float> BoostedScores(const std::vector<RankedEvent>& ranked,
                                 const std::vector<CompiledRule>& rules) {
  std::vector<float> scores(ranked.size());
  if (ranked.empty()) return scores;
  const float least = ranked.back().score;
  for (size_t i = 0; i < ranked.size(); ++i) {
    scores[i] = ranked[i].score - least;
    for (const CompiledRule& rule : rules) {
      if (rule.action == RuleAction::kBoost &&
          rule.filter.Matches(ranked[i].event)) {
        scores[i] = std::min(scores[i] * rule.boost, kGreatest);
      }
    }
  }
  return scores;
}

float Similarity(const Snapshot& snapshot, EventRow a, EventRow b) {
  const EventColumns& first = snapshot.catalog.events.columns[Index(a)];
  const EventColumns& second = snapshot.catalog.events.columns[Index(b)];
  if (first.series >= 0 && first.series == second.series) return 1;
  float similarity = 0;
  if (first.organizer != kNoOrganizer && first.organizer == second.organizer) {
    similarity = kSameOrganizer;
  } else if (first.venue >= 0 && first.venue == second.venue) {
    similarity = kSameVenue;
  }
  const absl::Span<const float> x = snapshot.embeddings.Row(Index(a));
  const absl::Span<const float> y = snapshot.embeddings.Row(Index(b));
  if (x.empty() || x.size() != y.size()) return similarity;
  const float lengths = std::sqrt(Dot(x.data(), x.data(), x.size()) *
                                  Dot(y.data(), y.data(), y.size()));
  if (!(lengths > 0)) return similarity;
  return std::max(similarity, Dot(x.data(), y.data(), x.size()) / lengths);
}

// Puts the first events of `order` in the order of marginal relevance.
void Diversify(const Query& query, const Snapshot& snapshot,
               const std::vector<RankedEvent>& ranked,
               const std::vector<float>& scores, std::vector<size_t>& order) {
  const size_t pool = std::min(order.size(), kDiversityPool);
  const float greatest = order.empty() ? 0 : scores[order.front()];
  const float scale = greatest > 0 ? (1 - query.diversity) / greatest : 0;
  std::vector<float> likeness(pool, 0.0f);  // To what was picked.
  // The caps may pass over some: with room for them.
  const size_t enough =
      std::max(2 * static_cast<size_t>(query.limit), kDiversified);
  for (size_t picked = 0; picked < pool; ++picked) {
    size_t best = picked;
    const auto relevance = [&](size_t i) {
      return scale * scores[order[i]] - query.diversity * likeness[i];
    };
    for (size_t i = picked + 1; i < pool; ++i) {
      if (relevance(i) > relevance(best)) best = i;
    }
    std::rotate(order.begin() + picked, order.begin() + best,
                order.begin() + best + 1);
    std::rotate(likeness.begin() + picked, likeness.begin() + best,
                likeness.begin() + best + 1);
    if (picked >= enough) return;
    for (size_t i = picked + 1; i < pool; ++i) {
      likeness[i] = std::max(likeness[i],
                             Similarity(snapshot, ranked[order[picked]].event,
                                        ranked[order[i]].event));
    }
  }
}

struct Pinned {
  size_t position;  // From 0.
  size_t event;     // Of the ranked.
};

// The best event that each pin names, none twice.
std::vector<Pinned> Pins(const std::vector<CompiledRule>& rules,
                         const std::vector<RankedEvent>& ranked,
                         const std::vector<size_t>& order) {
  std::vector<Pinned> pins;
  for (const CompiledRule& rule : rules) {
    if (rule.action != RuleAction::kPin) continue;
    for (const size_t i : order) {
      const bool taken =
          std::any_of(pins.begin(), pins.end(),
                      [&](const Pinned& pin) { return pin.event == i; });
      if (taken || !rule.filter.Matches(ranked[i].event)) continue;
      pins.push_back({static_cast<size_t>(rule.pin_position - 1), i});
      break;
    }
  }
  std::stable_sort(
      pins.begin(), pins.end(),
      [](const Pinned& a, const Pinned& b) { return a.position < b.position; });
  return pins;
}

}  // namespace

std::vector<CompiledRule> CompileRules(const Query& query,
                                       const Catalog& catalog,
                                       const GeoPoint& center) {
  std::vector<CompiledRule> rules;
  rules.reserve(query.rules.size());
  for (const Rule& rule : query.rules) {
    rules.push_back({CompiledFilter(rule.filter, catalog, center), rule.action,
                     rule.boost, rule.pin_position});
  }
  return rules;
}

bool IsExcluded(const std::vector<CompiledRule>& rules, EventRow event) {
  return std::any_of(rules.begin(), rules.end(),
                     [event](const CompiledRule& rule) {
                       return rule.action == RuleAction::kExclude &&
                              rule.filter.Matches(event);
                     });
}

std::vector<size_t> Arrange(const Query& query,
                            const std::vector<CompiledRule>& rules,
                            const Snapshot& snapshot,
                            const std::vector<RankedEvent>& ranked) {
  const std::vector<float> scores = BoostedScores(ranked, rules);
  std::vector<size_t> order(ranked.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  if (query.diversity > 0) Diversify(query, snapshot, ranked, scores, order);

  const std::vector<Pinned> pins = Pins(rules, ranked, order);
  Caps caps(query, snapshot.catalog);
  for (const Pinned& pin : pins) caps.Take(ranked[pin.event].event);
  std::vector<size_t> list;
  const size_t limit = static_cast<size_t>(query.limit + query.further);
  auto pin = pins.begin();
  const auto add_pins = [&](bool all) {
    for (; pin != pins.end() && list.size() < limit &&
           (all || pin->position <= list.size());
         ++pin) {
      list.push_back(pin->event);
    }
  };
  for (const size_t i : order) {
    add_pins(/*all=*/false);
    if (list.size() >= limit) break;
    const bool pinned =
        std::any_of(pins.begin(), pins.end(),
                    [i](const Pinned& other) { return other.event == i; });
    if (!pinned && caps.Take(ranked[i].event)) list.push_back(i);
  }
  add_pins(/*all=*/true);
  return list;
}

}  // namespace usher
