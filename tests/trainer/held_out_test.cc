// What training is worth, on pairs that it did not see.
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "index/catalog/interaction.h"
#include "tests/testing/synthetic_city.h"
#include "trainer/train_hybrid.h"

namespace usher {
namespace {

// A fifth of the pairs with a commitment, by chance, held out.
struct Holdout {
  Dataset train;
  std::vector<std::pair<int32_t, int32_t>> pairs;  // User, event.
};

Holdout HoldOut(const Dataset& all, uint64_t seed) {
  Holdout holdout;
  holdout.train = all;
  holdout.train.interactions.clear();
  Random random(seed);
  std::set<std::pair<int32_t, int32_t>> held;
  for (const InteractionRecord& row : all.interactions) {
    if (IsCommitment(row.kind) && random.Below(5) == 0)
      held.insert({row.user, row.event});
  }
  for (const InteractionRecord& row : all.interactions) {
    // A pair is held out with all that was done.
    if (held.contains({row.user, row.event})) continue;
    holdout.train.interactions.push_back(row);
  }
  holdout.pairs.assign(held.begin(), held.end());
  return holdout;
}

// Gives every interaction the event of another one: users keep how often, and
// events how many.
Dataset Shuffled(const Dataset& all, uint64_t seed) {
  Dataset shuffled = all;
  Random random(seed);
  for (size_t i = shuffled.interactions.size(); i-- > 1;) {
    std::swap(shuffled.interactions[i].event,
              shuffled.interactions[random.Below(i + 1)].event);
  }
  for (User& user : shuffled.users) user.groups.clear();
  return shuffled;
}

// How often the held-out event is among the best `depth` of all events that
// the user has nothing to do with in training.
struct Hits {
  double model = 0;
  double popularity = 0;
  int pairs = 0;
};

Hits Compare(const Dataset& all, int depth) {
  const Holdout holdout = HoldOut(all, 5);
  const TrainedVersion trained = Trained(holdout.train);
  const Snapshot& snapshot = trained.snapshot;
  std::vector<std::set<int32_t>> seen(all.users.size());
  std::vector<float> yes(all.events.size());
  for (const InteractionRecord& row : holdout.train.interactions) {
    seen[row.user].insert(row.event);
    yes[row.event] += IsCommitment(row.kind);
  }
  Hits hits;
  for (const auto& [user, target] : holdout.pairs) {
    const absl::Span<const float> taste = snapshot.user_vectors->Row(user);
    const auto score = [&](int32_t event) {
      const absl::Span<const float> vector = snapshot.vectors.Row(event);
      double sum = 0;
      for (size_t i = 0; i < taste.size(); ++i) sum += taste[i] * vector[i];
      return sum;
    };
    const double target_score = score(target);
    int model_better = 0;
    int popular_better = 0;
    for (size_t e = 0; e < all.events.size(); ++e) {
      const int32_t event = static_cast<int32_t>(e);
      if (event == target || seen[user].contains(event)) continue;
      model_better += score(event) >= target_score;
      popular_better += yes[e] >= yes[target];
    }
    hits.model += model_better < depth;
    hits.popularity += popular_better < depth;
    ++hits.pairs;
  }
  return hits;
}

TEST(HeldOutTest, ItBeatsPopularityWhereThereIsTaste) {
  const Hits hits = Compare(SyntheticCity(SmallCity()), 20);
  ASSERT_GT(hits.pairs, 300);
  EXPECT_GT(hits.model, 1.25 * hits.popularity)
      << hits.model << " of " << hits.pairs;
}

TEST(HeldOutTest, ItDoesNotBeatPopularityWhereThereIsNone) {
  const Hits hits = Compare(Shuffled(SyntheticCity(SmallCity()), 3), 20);
  ASSERT_GT(hits.pairs, 300);
  // No more than chance: two standard errors.
  EXPECT_LT(hits.model, hits.popularity + 2 * std::sqrt(hits.popularity + 1))
      << hits.model << " against " << hits.popularity;
}

}  // namespace
}  // namespace usher
