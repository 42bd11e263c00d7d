#include "trainer/train_config.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Complaint(const std::string& text) {
  const absl::Status status = ParseTrainConfig(text).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(status.message());
}

TEST(TrainConfigTest, NothingSaidIsTheDefaults) {
  EXPECT_EQ(TrainConfigText(ParseTrainConfig("").value()),
            TrainConfigText(TrainOptions()));
}

TEST(TrainConfigTest, WhatIsSaidReplacesTheDefault) {
  const TrainOptions options =
      ParseTrainConfig(R"(seed: 7 threads: 3 content_dim: 9
        event_als { dim: 5 sweeps: 2 unobserved_weight: 0.5
                    regularization: 0.25 frequency_exponent: 0
                    solver: CHOLESKY degree_exponent: 0.5 }
        organizer_als { dim: 6 }
        index { type: IVF_PQ ivf_lists: 11 ivf_probe: 4 }
        ranking { scan_candidates: 55 })")
          .value();
  EXPECT_EQ(options.event_als.dim, 5);
  EXPECT_EQ(options.event_als.sweeps, 2);
  EXPECT_EQ(options.event_als.unobserved_weight, 0.5f);
  EXPECT_EQ(options.event_als.regularization, 0.25f);
  EXPECT_EQ(options.event_als.frequency_exponent, 0);
  EXPECT_EQ(options.event_als.degree_exponent, 0.5f);
  EXPECT_EQ(options.event_als.solver, AlsSolver::kCholesky);
  EXPECT_EQ(options.organizer_als.dim, 6);
  EXPECT_EQ(options.organizer_als.sweeps, TrainOptions().organizer_als.sweeps);
  EXPECT_EQ(options.content.dim, 9);
  EXPECT_EQ(options.index.type, VectorIndexOptions::Type::kIvfPq);
  EXPECT_EQ(options.index.ivf_lists, 11);
  EXPECT_EQ(options.index.ivf_probe, 4);
  EXPECT_THAT(options.ranking_config, HasSubstr("scan_candidates: 55"));
}

TEST(TrainConfigTest, SeedAndThreadsReachEveryStep) {
  const TrainOptions options = ParseTrainConfig("seed: 7 threads: 3").value();
  EXPECT_EQ(options.seed, 7);
  EXPECT_EQ(options.event_als.seed, 7);
  EXPECT_EQ(options.organizer_als.seed, 7);
  EXPECT_EQ(options.content.seed, 7);
  EXPECT_EQ(options.index.seed, 7);
  EXPECT_EQ(options.threads, 3);
  EXPECT_EQ(options.event_als.threads, 3);
  EXPECT_EQ(options.organizer_als.threads, 3);
  EXPECT_EQ(options.content.threads, 3);
  EXPECT_EQ(options.index.build_threads, 3);
}

TEST(TrainConfigTest, ItsTextGivesItBack) {
  TrainOptions options;
  options.seed = 12;
  options.event_als.dim = 33;
  options.event_als.solver = AlsSolver::kCholesky;
  options.organizer_als.frequency_exponent = 0.5f;
  options.organizer_als.degree_exponent = 0.25f;
  options.organizer_als.solver = AlsSolver::kSubspaces;
  options.organizer_als.subspace_dim = 48;
  options.ranker.leave_out = {Feature::kVenue, Feature::kYes};
  options.content.dim = 17;
  options.index.type = VectorIndexOptions::Type::kHnsw;
  options.index.ef_search = 99;
  options.ranking_config = "scan_candidates: 44\n";
  const std::string text = TrainConfigText(options);
  const TrainOptions read = ParseTrainConfig(text).value();
  EXPECT_EQ(TrainConfigText(read), text);
  EXPECT_EQ(read.event_als.dim, 33);
  EXPECT_EQ(read.index.ef_search, 99);
  EXPECT_EQ(read.ranking_config, "scan_candidates: 44\n");
}

TEST(TrainConfigTest, OptionsOfSingleAlgorithmsAreReadAndGivenBack) {
  const TrainOptions options = ParseTrainConfig(R"(algorithms {
        items: VENUE als { dim: 5 }
        item_knn { likeness: BM25 neighbours: 9 k1: 2 b: 0.5 }
        user_knn { likeness: PEARSON }
        logistic_mf { dim: 6 rate: 0.5 } svd { dim: 7 epochs: 3 }
        tag_svd_dim: 8 tfidf_dim: 128 ncf { shape: GMF hidden: 3 }
        gru { window: 4 hidden: 2 } })")
                                   .value();
  EXPECT_EQ(options.algorithms.items, ItemKind::kVenue);
  EXPECT_EQ(options.algorithms.als.dim, 5);
  EXPECT_EQ(options.algorithms.item_knn.likeness, Likeness::kBm25);
  EXPECT_EQ(options.algorithms.item_knn.neighbours, 9);
  EXPECT_EQ(options.algorithms.user_knn.likeness, Likeness::kPearson);
  EXPECT_EQ(options.algorithms.logistic_mf.rate, 0.5f);
  EXPECT_EQ(options.algorithms.svd.epochs, 3);
  EXPECT_EQ(options.algorithms.tag_svd_dim, 8);
  EXPECT_EQ(options.algorithms.tfidf.dim, 128);
  EXPECT_EQ(options.algorithms.ncf.shape, NcfShape::kGmf);
  EXPECT_EQ(options.algorithms.gru.window, 4);
  const std::string text = TrainConfigText(options);
  EXPECT_EQ(TrainConfigText(ParseTrainConfig(text).value()), text);
  EXPECT_THAT(Complaint("algorithms { item_knn { b: 2 } }"),
              AllOf(HasSubstr("item_knn"), HasSubstr("b 2")));
  EXPECT_THAT(Complaint("algorithms { tag_svd_dim: 0 }"),
              HasSubstr("tag_svd_dim"));
  EXPECT_THAT(Complaint("algorithms { gru { window: 1 } }"),
              HasSubstr("window 1"));
}

TEST(TrainConfigTest, FeedbackIsReadAndGivenBack) {
  const TrainOptions options = ParseTrainConfig(R"(feedback {
        kinds { kind: "view" weight: 0.5 } kinds { kind: "dismiss" weight: -2 }
        plays: LINEAR half_life_days: 30 organizers: TIME_DELTA
        neutral_rating: 3 negatives: false })")
                                   .value();
  EXPECT_EQ(options.feedback.kinds[static_cast<size_t>(InteractionKind::kView)],
            0.5f);
  EXPECT_EQ(options.feedback.half_life_days, 30);
  EXPECT_EQ(options.feedback.organizers, OrganizerFeedback::kTimeDelta);
  const std::string text = TrainConfigText(options);
  EXPECT_TRUE(ParseTrainConfig(text).value().feedback == options.feedback);
  EXPECT_THAT(Complaint("feedback { kinds { kind: 'yell' weight: 1 } }"),
              HasSubstr("\"yell\""));
  EXPECT_THAT(Complaint("feedback { kinds { kind: 'impression' weight: 1 } }"),
              HasSubstr("impression"));
  EXPECT_THAT(Complaint("feedback { half_life_days: -1 }"),
              HasSubstr("half_life_days is -1"));
}

TEST(TrainConfigTest, AMisspelledFieldIsFoundByLineAndColumn) {
  EXPECT_THAT(Complaint("seed: 1\n  event_asl { dim: 5 }"),
              AllOf(HasSubstr(" 2:"), HasSubstr("event_asl")));
}

TEST(TrainConfigTest, AValueOutOfRangeIsNamedWithItsField) {
  EXPECT_THAT(Complaint("event_als { solver: 7 }"), HasSubstr("solver"));
  EXPECT_THAT(Complaint("content_words: 7"),
              AllOf(HasSubstr("content_words"), HasSubstr("COMPANY")));
  EXPECT_THAT(Complaint("event_als { dim: 513 }"),
              AllOf(HasSubstr("event_als.dim"), HasSubstr("513")));
  EXPECT_THAT(Complaint("organizer_als { sweeps: 201 }"),
              HasSubstr("organizer_als.sweeps"));
  EXPECT_THAT(Complaint("event_als { dim: 0 }"), HasSubstr("event_als"));
  EXPECT_THAT(Complaint("organizer_als { regularization: -1 }"),
              HasSubstr("organizer_als"));
  EXPECT_THAT(Complaint("threads: -1"), HasSubstr("threads"));
  EXPECT_THAT(Complaint("content_dim: 0"), HasSubstr("content_dim"));
  EXPECT_THAT(Complaint("content_dim: 1025"), HasSubstr("1 to 1024"));
  EXPECT_THAT(Complaint("index { hnsw_m: -3 }"),
              AllOf(HasSubstr("hnsw_m"), HasSubstr("-3")));
  EXPECT_THAT(Complaint("index { ivf_probe: 0 }"), HasSubstr("ivf_probe"));
  EXPECT_THAT(Complaint("index { ef_search: 0 }"), HasSubstr("ef_search"));
  EXPECT_THAT(Complaint("ranking { weights { feature: 'x' weight: 1 } }"),
              HasSubstr("\"x\""));
}

}  // namespace
}  // namespace usher
