#include "serving/ranking/live_view.h"

#include <cmath>

#include "index/vector/dot.h"

namespace usher {
namespace {

std::vector<float> LengthsOf(const std::vector<EventRow>& rows,
                             const VectorTable& table) {
  std::vector<float> lengths;
  lengths.reserve(rows.size());
  for (const EventRow row : rows) {
    const absl::Span<const float> v = table.Row(Index(row));
    lengths.push_back(std::sqrt(Dot(v.data(), v.data(), v.size())));
  }
  return lengths;
}

}  // namespace

LiveView BuildLiveView(const Snapshot& snapshot, const RankingPolicy& policy,
                       Micros now, Micros undated_lifetime) {
  LiveView view;
  view.undated_lifetime = undated_lifetime;
  view.columns =
      BuildLiveColumns(snapshot.catalog, MinuteOf(now), undated_lifetime);
  view.bias.assign(snapshot.catalog.num_events(), 0.0f);
  for (size_t slot = 0; slot < view.columns.rows.size(); ++slot) {
    float& bias = view.bias[Index(view.columns.rows[slot])];
    for (size_t f = static_cast<size_t>(kFirstLiveFeature); f < kNumFeatures;
         ++f) {
      const Feature feature = static_cast<Feature>(f);
      if (policy.weight(feature) == 0) continue;
      bias += policy.weight(feature) *
              LiveFeature(view.columns, feature, static_cast<int32_t>(slot));
    }
  }
  view.taste_length = LengthsOf(view.columns.rows, snapshot.vectors);
  view.content_length = LengthsOf(view.columns.rows, snapshot.embeddings);
  return view;
}

}  // namespace usher
