#include "trainer/evaluation/scores.h"

#include <algorithm>
#include <cmath>

#include "index/base/hash.h"

namespace usher {
namespace {

double Discount(size_t position) {
  return 1.0 / std::log2(static_cast<double>(position) + 2);
}

}  // namespace

ListScores ScoreHits(const std::vector<bool>& hits, int64_t relevant, int k) {
  ListScores scores;
  const size_t findable = static_cast<size_t>(std::min<int64_t>(relevant, k));
  if (findable == 0) return scores;
  double ideal = 0;
  for (size_t i = 0; i < findable; ++i) ideal += Discount(i);
  for (size_t i = 0; i < std::min(hits.size(), static_cast<size_t>(k)); ++i) {
    if (!hits[i]) continue;
    if (scores.hit_rate == 0) scores.mrr = 1.0 / static_cast<double>(i + 1);
    scores.hit_rate = 1;
    scores.recall += 1.0 / static_cast<double>(findable);
    scores.ndcg += Discount(i) / ideal;
  }
  return scores;
}

ListScores ScoreList(absl::Span<const std::string> list,
                     absl::Span<const std::string> relevant, int k) {
  std::vector<bool> hits(std::min(list.size(), static_cast<size_t>(k)));
  for (size_t i = 0; i < hits.size(); ++i) {
    const auto same = [&](const std::string& id) { return id == list[i]; };
    hits[i] = std::none_of(list.begin(), list.begin() + i, same) &&
              std::any_of(relevant.begin(), relevant.end(), same);
  }
  return ScoreHits(hits, static_cast<int64_t>(relevant.size()), k);
}

void MeanScores::Add(int32_t user, const ListScores& scores) {
  sum_.hit_rate += scores.hit_rate;
  sum_.recall += scores.recall;
  sum_.ndcg += scores.ndcg;
  sum_.mrr += scores.mrr;
  ++queries_;
  const auto [slot, added] = slot_.try_emplace(user, by_user_.size());
  if (added) by_user_.emplace_back();
  by_user_[slot->second].ndcg += scores.ndcg;
  ++by_user_[slot->second].queries;
}

ListScores MeanScores::Mean() const {
  const double n = static_cast<double>(std::max<int64_t>(1, queries_));
  return {sum_.hit_rate / n, sum_.recall / n, sum_.ndcg / n, sum_.mrr / n};
}

MeanScores::Interval MeanScores::NdcgInterval(int resamples,
                                              uint64_t seed) const {
  if (by_user_.empty() || resamples <= 0) return {};
  Random random(seed);
  std::vector<double> means(resamples);
  for (double& mean : means) {
    UserSum total;
    for (size_t i = 0; i < by_user_.size(); ++i) {
      const UserSum& user = by_user_[random.Below(by_user_.size())];
      total.ndcg += user.ndcg;
      total.queries += user.queries;
    }
    mean = total.ndcg / static_cast<double>(total.queries);
  }
  std::sort(means.begin(), means.end());
  return {means[static_cast<size_t>(0.025 * resamples)],
          means[std::min<size_t>(resamples - 1,
                                 static_cast<size_t>(0.975 * resamples))]};
}

}  // namespace usher
