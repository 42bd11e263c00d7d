#include "trainer/evaluation/scores.h"

#include <algorithm>
#include <cmath>

#include "index/base/hash.h"
#include "index/base/status_macros.h"

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
  double found = 0;
  for (size_t i = 0; i < std::min(hits.size(), static_cast<size_t>(k)); ++i) {
    if (!hits[i]) continue;
    found += 1;
    scores.map += found / static_cast<double>((i + 1) * findable);
    if (scores.hit_rate == 0) scores.mrr = 1.0 / static_cast<double>(i + 1);
    scores.hit_rate = 1;
    scores.recall += 1.0 / static_cast<double>(findable);
    scores.ndcg += Discount(i) / ideal;
  }
  scores.precision = found / k;
  scores.recall_of_all = found / static_cast<double>(relevant);
  if (found > 0) {
    scores.f1 = 2 * scores.precision * scores.recall /
                (scores.precision + scores.recall);
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
  sum_.precision += scores.precision;
  sum_.f1 += scores.f1;
  sum_.map += scores.map;
  sum_.recall_of_all += scores.recall_of_all;
  ++queries_;
  const auto [slot, added] = slot_.try_emplace(user, by_user_.size());
  if (added) by_user_.emplace_back();
  by_user_[slot->second].ndcg += scores.ndcg;
  ++by_user_[slot->second].queries;
}

ListScores MeanScores::Mean() const {
  const double n = static_cast<double>(std::max<int64_t>(1, queries_));
  return {sum_.hit_rate / n, sum_.recall / n,       sum_.ndcg / n,
          sum_.mrr / n,      sum_.precision / n,    sum_.f1 / n,
          sum_.map / n,      sum_.recall_of_all / n};
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

MeanScores::Difference MeanScores::NdcgLess(const MeanScores& other,
                                            int resamples,
                                            uint64_t seed) const {
  USHER_CHECK(queries_ == other.queries_ &&
              by_user_.size() == other.by_user_.size());
  if (by_user_.empty() || resamples <= 0) return {};
  std::vector<UserSum> less = by_user_;
  double sum = 0;
  for (const auto& [user, slot] : slot_) {
    const auto same = other.slot_.find(user);
    USHER_CHECK(same != other.slot_.end());
    const UserSum& theirs = other.by_user_[same->second];
    USHER_CHECK(theirs.queries == less[slot].queries);
    less[slot].ndcg -= theirs.ndcg;
  }
  for (const UserSum& user : less) sum += user.ndcg;
  Random random(seed);
  std::vector<double> means(resamples);
  int above = 0;
  int below = 0;
  for (double& mean : means) {
    UserSum total;
    for (size_t i = 0; i < less.size(); ++i) {
      const UserSum& user = less[random.Below(less.size())];
      total.ndcg += user.ndcg;
      total.queries += user.queries;
    }
    mean = total.ndcg / static_cast<double>(total.queries);
    above += mean >= 0;
    below += mean <= 0;
  }
  std::sort(means.begin(), means.end());
  return {sum / static_cast<double>(queries_),
          means[static_cast<size_t>(0.025 * resamples)],
          means[std::min<size_t>(resamples - 1,
                                 static_cast<size_t>(0.975 * resamples))],
          std::min(1.0, 2.0 * std::min(above, below) / resamples)};
}

}  // namespace usher
