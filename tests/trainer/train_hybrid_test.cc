#include "trainer/train_hybrid.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "serving/ranking/rank_events.h"
#include "tests/testing/synthetic_city.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

const Dataset& City() {
  static const Dataset* const city = new Dataset(SyntheticCity(SmallCity()));
  return *city;
}

TrainedVersion& TrainedCity() {
  static TrainedVersion* const trained = new TrainedVersion(Trained(City()));
  return *trained;
}

void ExpectSameBits(const Factors& a, const Factors& b) {
  ASSERT_EQ(a.rows(), b.rows());
  ASSERT_EQ(a.dim(), b.dim());
  if (a.rows() == 0 || a.dim() == 0) return;  // There may be no bytes.
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.rows() * a.dim() * sizeof(float)),
            0);
}

TEST(TrainHybridTest, OneAndTwoThreadsGiveTheSameBits) {
  TrainOptions options = SmallOptions();
  options.threads = options.event_als.threads = options.organizer_als.threads =
      options.content.threads = options.index.build_threads = 2;
  const TrainedVersion two = Trained(City(), options);
  const Snapshot& a = TrainedCity().snapshot;
  const Snapshot& b = two.snapshot;
  ExpectSameBits(a.model->by_event.users(), b.model->by_event.users());
  ExpectSameBits(a.model->by_event.items(), b.model->by_event.items());
  ExpectSameBits(a.model->by_organizer.items(), b.model->by_organizer.items());
  ExpectSameBits(a.model->event_map.weights(), b.model->event_map.weights());
  ExpectSameBits(a.model->organizer_map.weights(),
                 b.model->organizer_map.weights());
  ExpectSameBits(*a.vectors.base(), *b.vectors.base());
  ExpectSameBits(*a.embeddings.base(), *b.embeddings.base());
  ExpectSameBits(*a.user_vectors, *b.user_vectors);
  EXPECT_EQ(a.model->content.Serialize(), b.model->content.Serialize());
  EXPECT_EQ(TrainedCity().metrics, two.metrics);
  ASSERT_GT(a.model->by_event.dim(), 0);
  ASSERT_GT(a.model->by_organizer.dim(), 0);
  ASSERT_FALSE(a.model->event_map.empty());
}

TEST(TrainHybridTest, AnotherSeedGivesOtherFactors) {
  TrainOptions options = SmallOptions();
  options.event_als.seed = 99;
  const TrainedVersion other = Trained(City(), options);
  const Factors& a = TrainedCity().snapshot.model->by_event.items();
  const Factors& b = other.snapshot.model->by_event.items();
  EXPECT_NE(std::memcmp(a.data(), b.data(), a.rows() * a.dim() * 4), 0);
}

std::string Renamed(const std::string& id) {
  // Scatters the order of ids.
  return absl::StrCat("x", Mix64(Hash64(id)) % 100'000'000, "-", id);
}

TEST(TrainHybridTest, NamesOfUsersEventsAndOrganizersMeanNothing) {
  Dataset renamed = City();
  for (Event& event : renamed.events) {
    event.id = Renamed(event.id);
    if (!event.organizer.empty()) event.organizer = Renamed(event.organizer);
  }
  for (User& user : renamed.users) {
    user.id = Renamed(user.id);
    for (Group& group : user.groups) group.id = Renamed(group.id);
  }
  const TrainedVersion other = Trained(renamed);
  for (size_t i = 0; i < City().users.size(); i += 3) {
    const std::string& user = City().users[i].id;
    std::vector<std::string> expected;
    for (const std::string& id :
         RankedIds(TrainedCity().snapshot, user, kSyntheticNow)) {
      expected.push_back(Renamed(id));
    }
    ASSERT_FALSE(expected.empty());
    EXPECT_EQ(RankedIds(other.snapshot, Renamed(user), kSyntheticNow), expected)
        << user;
  }
}

void Shift(Micros& time, Micros by) {
  if (time != kNoTime) time += by;
}

TEST(TrainHybridTest, WholeWeeksMeanNothing) {
  for (const int weeks : {-3, 52}) {
    const Micros by = weeks * 7 * kDay;
    Dataset shifted = City();
    for (Event& event : shifted.events) {
      Shift(event.start_time, by);
      Shift(event.end_time, by);
      Shift(event.announce_time, by);
    }
    for (User& user : shifted.users) {
      Shift(user.joined_time, by);
      for (Group& group : user.groups) Shift(group.joined, by);
    }
    for (InteractionRecord& row : shifted.interactions) Shift(row.time, by);
    const TrainedVersion other = Trained(shifted);
    for (size_t i = 0; i < City().users.size(); i += 5) {
      const std::string& user = City().users[i].id;
      EXPECT_EQ(RankedIds(other.snapshot, user, kSyntheticNow + by),
                RankedIds(TrainedCity().snapshot, user, kSyntheticNow))
          << user;
    }
  }
}

// ---- What an event is about moves who gets it.

std::vector<float> Scores(const Snapshot& snapshot, EventRow event) {
  const absl::Span<const float> vector = snapshot.vectors.Row(Index(event));
  std::vector<float> scores(snapshot.catalog.num_users());
  for (size_t u = 0; u < scores.size(); ++u) {
    const absl::Span<const float> user = snapshot.user_vectors->Row(u);
    for (size_t i = 0; i < user.size(); ++i) scores[u] += user[i] * vector[i];
  }
  return scores;
}

// The mean place of `users` in the audience: 0 is the first, 1 the last.
double MeanPlace(const std::vector<float>& scores,
                 const std::set<int32_t>& users) {
  double places = 0;
  for (const int32_t user : users) {
    places += static_cast<double>(
        std::count_if(scores.begin(), scores.end(),
                      [&](float other) { return other > scores[user]; }));
  }
  return places / static_cast<double>(users.size() * scores.size());
}

// Where `id` stands in the user's list; the end of it when it is not there.
double PlaceOf(const Snapshot& snapshot, int32_t user, const std::string& id) {
  const std::vector<std::string> ids =
      RankedIds(snapshot, std::string(snapshot.catalog.UserId(UserRow{user})),
                kSyntheticNow, 200);
  return static_cast<double>(std::find(ids.begin(), ids.end(), id) -
                             ids.begin());
}

double MeanPlaceInLists(const Snapshot& snapshot,
                        const std::set<int32_t>& users, const std::string& id) {
  double sum = 0;
  for (const int32_t user : users) sum += PlaceOf(snapshot, user, id);
  return sum / static_cast<double>(users.size());
}

bool IsYes(const InteractionRecord& row) { return IsCommitment(row.kind); }

// The users with the most commitments to events for which `of` holds.
template <class Of>
std::set<int32_t> UsersOf(const Dataset& data, size_t count, const Of& of) {
  std::map<int32_t, double> weights;
  std::map<int32_t, double> totals;
  for (const InteractionRecord& row : data.interactions) {
    if (!IsYes(row)) continue;
    totals[row.user] += 1;
    weights[row.user] += of(data.events[row.event]);
  }
  std::vector<std::pair<double, int32_t>> best;
  for (const auto& [user, weight] : weights) {
    best.emplace_back(-weight / (totals[user] + 3), user);
  }
  std::sort(best.begin(), best.end());
  std::set<int32_t> users;
  for (size_t i = 0; i < count && i < best.size(); ++i) {
    users.insert(best[i].second);
  }
  return users;
}

// An upcoming event that nobody has answered, of an organizer never seen.
Event Stranger() {
  Event event;
  event.id = "stranger";
  event.organizer = "nobody yet";
  event.start_time = kSyntheticNow + 5 * kDay;
  return event;
}

// The catalogue of TrainedCity() with one more event.
Snapshot With(const Event& event) {
  Snapshot snapshot = TrainedCity().snapshot.Share();
  snapshot.RefreshVectors(snapshot.catalog.UpsertEvent(event));
  return snapshot;
}

std::map<std::string, int> CountCategories() {
  std::map<std::string, int> counts;
  for (const InteractionRecord& row : City().interactions) {
    ++counts[City().events[row.event].category];
  }
  return counts;
}

// An event of training in the category, with its words.
const Event& ExampleOf(const std::string& category) {
  std::map<const Event*, int> counts;
  for (const InteractionRecord& row : City().interactions) {
    const Event& event = City().events[row.event];
    if (event.category == category) ++counts[&event];
  }
  return *std::max_element(
              counts.begin(), counts.end(),
              [](const auto& a, const auto& b) { return a.second < b.second; })
              ->first;
}

TEST(TrainHybridTest, AChangedDescriptionMovesTheUsersOfTheTopic) {
  std::vector<std::pair<int, std::string>> categories;
  for (const auto& [category, count] : CountCategories()) {
    categories.emplace_back(-count, category);
  }
  std::sort(categories.begin(), categories.end());
  ASSERT_GE(categories.size(), 2);
  const std::string topics[] = {categories[0].second, categories[1].second};
  for (int t = 0; t < 2; ++t) {
    const std::set<int32_t> users =
        UsersOf(City(), 20, [&](const Event& event) {
          return event.category == topics[t] ? 1.0 : 0.0;
        });
    const auto about = [&](const std::string& topic) {
      Event event = Stranger();
      const Event& example = ExampleOf(topic);
      event.title = example.title;
      event.description = example.description;
      event.tags = example.tags;
      event.category = example.category;
      return With(event);
    };
    const Snapshot own = about(topics[t]);
    const Snapshot other = about(topics[1 - t]);
    const EventRow row = own.catalog.FindEvent("stranger");
    EXPECT_LT(MeanPlace(Scores(own, row), users) + 0.1,
              MeanPlace(Scores(other, row), users))
        << topics[t];
    EXPECT_LT(MeanPlaceInLists(own, users, "stranger"),
              MeanPlaceInLists(other, users, "stranger"))
        << topics[t];
  }
}

// The organizers with the most interactions.
std::vector<std::string> Busiest(size_t count) {
  std::map<std::string, int> interactions;
  for (const InteractionRecord& row : City().interactions) {
    --interactions[City().events[row.event].organizer];
  }
  std::vector<std::pair<int, std::string>> order;
  for (const auto& [id, fewer] : interactions) order.emplace_back(fewer, id);
  std::sort(order.begin(), order.end());
  std::vector<std::string> busiest;
  for (size_t i = 0; i < count; ++i) busiest.push_back(order[i].second);
  return busiest;
}

TEST(TrainHybridTest, AChangedOrganizerMovesItsUsers) {
  const Snapshot before = With(Stranger());
  const EventRow row = before.catalog.FindEvent("stranger");
  double moved = 0;
  const std::vector<std::string> organizers = Busiest(5);
  for (const std::string& organizer : organizers) {
    const std::set<int32_t> users =
        UsersOf(City(), 20, [&](const Event& event) {
          return event.organizer == organizer ? 1.0 : 0.0;
        });
    Event event = Stranger();
    event.organizer = organizer;
    const Snapshot after = With(event);
    moved += MeanPlace(Scores(before, row), users) -
             MeanPlace(Scores(after, row), users);
    EXPECT_LT(MeanPlaceInLists(after, users, "stranger") + 5,
              MeanPlaceInLists(before, users, "stranger"))
        << organizer;
  }
  EXPECT_GT(moved, 0.1 * static_cast<double>(organizers.size()));
}

// ---- Ids and pairs, nothing else.

// Users and events of `blocks` blocks; each user knows all but every
// `blocks`-th event of their own block.
Dataset Blocks(int blocks, int users, int events) {
  DatasetBuilder builder;
  for (int u = 0; u < users; ++u) {
    for (int e = u % blocks; e < events; e += blocks) {
      if ((e / blocks + u / blocks) % 4 == 0) continue;
      builder.AddInteraction(absl::StrCat("artist", u),
                             absl::StrCat("venue", e), InteractionRecord(), "");
    }
  }
  return builder.Finish(1);
}

std::set<std::string> BlockOf(int user, int blocks, int events, bool known,
                              bool unknown) {
  std::set<std::string> ids;
  for (int e = user % blocks; e < events; e += blocks) {
    const bool missing = (e / blocks + user / blocks) % 4 == 0;
    if (missing ? unknown : known) ids.insert(absl::StrCat("venue", e));
  }
  return ids;
}

TEST(TrainHybridTest, PlantedBlocksAreRecoveredWithAndWithoutThoseBooked) {
  const Dataset data = Blocks(3, 60, 48);
  const TrainedVersion trained = Trained(data);
  EXPECT_EQ(trained.snapshot.model->by_organizer.dim(), 0);
  for (int u = 0; u < 60; ++u) {
    const std::string user = absl::StrCat("artist", u);
    const std::set<std::string> missing = BlockOf(u, 3, 48, false, true);
    const std::vector<std::string> fresh =
        RankedIds(trained.snapshot, user, kSyntheticNow,
                  static_cast<int>(missing.size()));
    EXPECT_EQ(std::set<std::string>(fresh.begin(), fresh.end()), missing);
    const std::set<std::string> block = BlockOf(u, 3, 48, true, true);
    const std::vector<std::string> all =
        RankedIds(trained.snapshot, user, kSyntheticNow,
                  static_cast<int>(block.size()), true);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()), block);
  }
}

TEST(TrainHybridTest, AVenueFindsItsArtistsWithAndWithoutThoseBooked) {
  const Dataset data = Blocks(3, 60, 48);
  const TrainedVersion trained = Trained(data);
  const Catalog& catalog = trained.snapshot.catalog;
  for (int e = 0; e < 48; ++e) {
    const EventRow row = catalog.FindEvent(absl::StrCat("venue", e));
    const std::vector<float> scores = Scores(trained.snapshot, row);
    std::vector<std::pair<float, int>> order;
    for (int u = 0; u < 60; ++u) {
      const UserRow user = catalog.FindUser(absl::StrCat("artist", u));
      order.emplace_back(-scores[Index(user)], u);
    }
    std::sort(order.begin(), order.end());
    // The 20 of the block, booked or not, before the 40 others.
    for (int i = 0; i < 20; ++i) EXPECT_EQ(order[i].second % 3, e % 3) << e;
  }
}

TEST(TrainHybridTest, WithoutContentAnEventsVectorIsItsFactors) {
  const TrainedVersion trained = Trained(Blocks(3, 60, 48));
  EXPECT_TRUE(trained.snapshot.model->event_map.empty());
  ExpectSameBits(*trained.snapshot.vectors.base(),
                 trained.snapshot.model->by_event.items());
}

TEST(TrainHybridTest, NothingToLearnFromIsSaid) {
  DatasetBuilder builder;
  InteractionRecord refusal;
  refusal.kind = InteractionKind::kRsvpNo;
  builder.AddInteraction("u", "e", refusal, "");
  const absl::Status status =
      TrainHybrid(builder.Finish(1), SmallOptions()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("nothing to learn"));
}

TEST(TrainHybridTest, OptionsOutOfRangeAreRefused) {
  TrainOptions options = SmallOptions();
  options.event_als.dim = 0;
  EXPECT_EQ(TrainHybrid(City(), options).status().code(),
            absl::StatusCode::kInvalidArgument);
  options = SmallOptions();
  options.ranking_config = "weights { feature: 'taste' weight: 1 }";
  EXPECT_EQ(TrainHybrid(City(), options).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(TrainHybridTest, LongStepsSayHowFarTheyAre) {
  TrainOptions options = SmallOptions();
  options.index.type = VectorIndexOptions::Type::kHnsw;
  std::map<std::string, std::vector<int64_t>> done;
  std::map<std::string, int64_t> totals;
  TrainingLog log;
  log.progress = [&](absl::string_view what, int64_t at, int64_t total) {
    done[std::string(what)].push_back(at);
    totals[std::string(what)] = total;
  };
  ASSERT_TRUE(TrainHybrid(City(), options, log).ok());
  for (const char* what :
       {"factorizing users x events", "factorizing users x organizers",
        "making vectors of events", "folding in users"}) {
    ASSERT_FALSE(done[what].empty()) << what;
    EXPECT_TRUE(std::is_sorted(done[what].begin(), done[what].end())) << what;
    EXPECT_GT(totals[what], 0) << what;
    EXPECT_EQ(done[what].back(), totals[what]) << what;
  }
  EXPECT_EQ(totals["factorizing users x events"], options.event_als.sweeps);
  EXPECT_EQ(totals["folding in users"], City().users.size());
  for (const char* what : {"embedding content", "building the hnsw index"}) {
    EXPECT_EQ(done.count(what), 1) << what;
  }
}

TEST(TrainHybridTest, OneAbsurdValueDoesNotEndTheRun) {
  Dataset data = City();
  data.interactions.front().kind = InteractionKind::kRating;
  data.interactions.front().value = 3e38f;
  const absl::Status status = TrainHybrid(data, SmallOptions()).status();
  EXPECT_TRUE(status.ok()) << status;
}

TEST(TrainHybridTest, EveryEventHasAFiniteVectorAndTheFlatIndexIsExact) {
  const Snapshot& snapshot = TrainedCity().snapshot;
  ASSERT_EQ(snapshot.vectors.size(), City().events.size());
  for (size_t row = 0; row < snapshot.vectors.size(); ++row) {
    float length = 0;
    for (const float value : snapshot.vectors.Row(row)) {
      ASSERT_TRUE(std::isfinite(value));
      length += value * value;
    }
    EXPECT_GT(length, 0) << row;
  }
  EXPECT_TRUE(snapshot.tail.empty());
  ASSERT_EQ(TrainedCity().metrics.front().first, "index_recall_at_100");
  EXPECT_EQ(TrainedCity().metrics.front().second, 1.0);
}

}  // namespace
}  // namespace usher
