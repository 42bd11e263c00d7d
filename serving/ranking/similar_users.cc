#include "serving/ranking/similar_users.h"

namespace usher {
namespace {

std::vector<float> TasteCosines(UserRow user, const UserVectors& vectors) {
  std::vector<float> cosines = vectors.Products(vectors.Row(user));
  for (size_t row = 0; row < cosines.size(); ++row) {
    const float lengths =
        vectors.Norm(user) * vectors.Norm(UserRow{static_cast<int32_t>(row)});
    cosines[row] = lengths > 0 ? cosines[row] / lengths : 0.0f;
  }
  return cosines;
}

std::vector<float> Similarities(UserRow user, SimilarityBasis basis,
                                const People& people) {
  switch (basis) {
    case SimilarityBasis::kTaste:
      return TasteCosines(user, people.vectors());
    case SimilarityBasis::kProfile:
      return people.profiles().Cosines(user);
    case SimilarityBasis::kBlend:
      break;
  }
  std::vector<float> mean = TasteCosines(user, people.vectors());
  const std::vector<float> profile = people.profiles().Cosines(user);
  for (size_t row = 0; row < mean.size(); ++row) {
    mean[row] = (mean[row] + profile[row]) / 2;
  }
  return mean;
}

}  // namespace

std::vector<ScoredUser> SimilarUsers(UserRow user, SimilarityBasis basis,
                                     int limit, const People& people) {
  const std::vector<float> scores = Similarities(user, basis, people);
  std::vector<ScoredUser> users;
  for (size_t row = 0; row < scores.size(); ++row) {
    const UserRow other{static_cast<int32_t>(row)};
    if (other != user && scores[row] > 0) users.push_back({other, scores[row]});
  }
  KeepBest(limit, users);
  return users;
}

}  // namespace usher
