#include "serving/experiments/experiments.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kUsers = 100'000;

// Users' ids as they are: numbers, short words, long hashes.
std::string UserId(int i) {
  switch (i % 3) {
    case 0:
      return absl::StrCat(i);
    case 1:
      return absl::StrCat("user-", i);
    default:
      return absl::StrCat("5f3c9a71-0000-4000-8000-", i, "-of-the-app");
  }
}

Experiment Named(const std::string& name, double share = 1,
                 const std::string& layer = "") {
  Experiment experiment;
  experiment.name = name;
  experiment.share = share;
  experiment.layer = layer;
  experiment.variants = {{"control", 1, {}}, {"treatment", 1, {}}};
  return experiment;
}

Experiments Made(std::vector<Experiment> all) {
  absl::StatusOr<Experiments> made = Experiments::Create(std::move(all));
  EXPECT_TRUE(made.ok()) << made.status();
  return *std::move(made);
}

std::string Complaint(std::vector<Experiment> all) {
  const absl::Status status = Experiments::Create(std::move(all)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

// "experiment=variant", of each.
std::vector<std::string> Texts(const std::vector<Assignment>& assignments) {
  std::vector<std::string> texts;
  for (const Assignment& a : assignments) {
    texts.push_back(absl::StrCat(a.experiment->name, "=", a.variant->name));
  }
  return texts;
}

// Seven standard deviations of a binomial: never by chance.
void ExpectPart(int64_t count, int64_t of, double part,
                absl::string_view what) {
  const double n = static_cast<double>(of);
  EXPECT_NEAR(static_cast<double>(count), n * part,
              7 * std::sqrt(n * part * (1 - part)) + 1e-9)
      << what;
}

// Worked out by a second implementation: python3-xxhash 3.2.0, xxh3_64 with
// the seeds that experiments.h describes.
TEST(ExperimentsTest, AssignmentsAreTheSameInEveryReleaseAndOnEveryMachine) {
  Experiment ranker = Named("ranker", 0.5);
  ranker.salt = "ranker-2026";
  ranker.variants = {{"control", 1, {}}, {"bold", 3, {}}};
  Experiment east = Named("east", 0.5, "city");
  Experiment west = Named("west", 0.5, "city");
  east.begin = 0;
  west.begin = 0.5;
  east.variants = west.variants = {{"off", 1, {}}, {"on", 1, {}}};
  const Experiments all = Made({ranker, east, west});
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"ann", "east=off"},
      {"bob", "ranker=bold west=off"},
      {"cem", "ranker=bold east=on"},
      {"dee", "ranker=bold west=on"},
      {"eve", "east=off"},
      {"fay", "west=on"},
      {"u1", "ranker=control east=on"},
      {"u2", "west=on"},
      {"u3", "west=off"},
      {"1234567890", "ranker=bold west=off"},
      {"a-much-longer-id-of-a-user@example.org", "west=off"},
      {"Zo\u00eb", "east=off"}};
  for (const auto& [user, assignments] : expected) {
    std::string text;
    for (const std::string& each : Texts(all.Assign(user))) {
      absl::StrAppend(&text, text.empty() ? "" : " ", each);
    }
    EXPECT_EQ(text, assignments) << user;
  }
}

TEST(ExperimentsTest, TheOrderOfTheFileChangesNobodysVariant) {
  const std::vector<Experiment> all = {Named("a", 0.3, "x"), Named("b", 0.5),
                                       Named("c", 0.6, "x")};
  std::vector<Experiment> turned(all.rbegin(), all.rend());
  for (Experiment& e : turned) std::swap(e.variants[0], e.variants[1]);
  const Experiments one = Made(all);
  const Experiments other = Made(turned);
  for (int i = 0; i < 10'000; ++i) {
    std::vector<std::string> a = Texts(one.Assign(UserId(i)));
    std::vector<std::string> b = Texts(other.Assign(UserId(i)));
    std::sort(b.begin(), b.end());
    ASSERT_EQ(a, b) << UserId(i);
  }
}

TEST(ExperimentsTest, ALaterExperimentOfItsOwnLayerMovesNobody) {
  const Experiments before = Made({Named("a", 0.5)});
  const Experiments after = Made({Named("0", 0.5), Named("a", 0.5)});
  for (int i = 0; i < 10'000; ++i) {
    std::vector<std::string> then = Texts(after.Assign(UserId(i)));
    then.erase(std::remove_if(then.begin(), then.end(),
                              [](const std::string& t) { return t[0] == '0'; }),
               then.end());
    ASSERT_EQ(Texts(before.Assign(UserId(i))), then);
  }
}

TEST(ExperimentsTest, AVisitorWithoutAnIdTakesPartInNone) {
  EXPECT_THAT(Made({Named("a")}).Assign(""), IsEmpty());
  EXPECT_THAT(Experiments().Assign("ann"), IsEmpty());
}

TEST(ExperimentsTest, AShareOfAllHasEverybodyAndOneOfNothingNobody) {
  const Experiments all = Made({Named("all", 1), Named("none", 0)});
  for (int i = 0; i < 10'000; ++i) {
    const std::vector<Assignment> a = all.Assign(UserId(i));
    ASSERT_EQ(a.size(), 1u);
    ASSERT_EQ(a[0].experiment->name, "all");
  }
}

TEST(ExperimentsTest, SharesAndWeightsAreKept) {
  Experiment experiment = Named("a", 0.37);
  experiment.variants = {{"x", 1, {}}, {"y", 2.5, {}}, {"z", 0.5, {}}};
  const Experiments all = Made({experiment});
  std::map<std::string, int> users;
  int assigned = 0;
  for (int i = 0; i < kUsers; ++i) {
    for (const Assignment& a : all.Assign(UserId(i))) {
      ++users[a.variant->name];
      ++assigned;
    }
  }
  ExpectPart(assigned, kUsers, 0.37, "assigned");
  ExpectPart(users["x"], assigned, 0.25, "x");
  ExpectPart(users["y"], assigned, 0.625, "y");
  ExpectPart(users["z"], assigned, 0.125, "z");
}

TEST(ExperimentsTest, ALayersExperimentsExcludeEachOtherAndKeepTheirShares) {
  const Experiments all =
      Made({Named("a", 0.2, "x"), Named("b", 0.5, "x"), Named("c", 0.3, "x")});
  std::map<std::string, int> users;
  for (int i = 0; i < kUsers; ++i) {
    const std::vector<Assignment> a = all.Assign(UserId(i));
    ASSERT_LE(a.size(), 1u);
    for (const Assignment& one : a) ++users[one.experiment->name];
  }
  EXPECT_GE(users["a"] + users["b"] + users["c"], kUsers - 1);
  ExpectPart(users["a"], kUsers, 0.2, "a");
  ExpectPart(users["b"], kUsers, 0.5, "b");
  ExpectPart(users["c"], kUsers, 0.3, "c");
}

TEST(ExperimentsTest, WhoeverEndsAnExperimentOfALayerMovesNobodyElse) {
  Experiment a = Named("a", 0.4, "x");
  Experiment b = Named("b", 0.4, "x");
  a.begin = 0;
  b.begin = 0.5;
  const Experiments both = Made({a, b});
  const Experiments rest = Made({b});
  for (int i = 0; i < 10'000; ++i) {
    std::vector<std::string> then = Texts(both.Assign(UserId(i)));
    if (!then.empty() && then[0][0] == 'a') then.clear();
    ASSERT_EQ(then, Texts(rest.Assign(UserId(i))));
  }
}

// Each cell of the two-way table is the product of its margins.
TEST(ExperimentsTest, ExperimentsOfDifferentLayersAreIndependent) {
  const Experiments all = Made(
      {Named("a", 0.5), Named("b", 0.5, "x"), Named("c", 1), Named("d", 1)});
  std::map<std::string, int> cells;
  for (int i = 0; i < kUsers; ++i) {
    std::map<std::string, std::string> parts;
    for (const Assignment& a : all.Assign(UserId(i))) {
      parts[a.experiment->name] = a.variant->name;
    }
    ++cells[absl::StrCat("in ", parts.count("a"), parts.count("b"))];
    ++cells[absl::StrCat("cd ", parts["c"][0] == 'c', parts["d"][0] == 'c')];
    if (parts.count("a")) {
      ++cells[absl::StrCat("ac ", parts["a"][0] == 'c', parts["c"][0] == 'c')];
    }
  }
  for (const char* cell : {"00", "01", "10", "11"}) {
    ExpectPart(cells[absl::StrCat("in ", cell)], kUsers, 0.25, cell);
    ExpectPart(cells[absl::StrCat("cd ", cell)], kUsers, 0.25, cell);
    ExpectPart(cells[absl::StrCat("ac ", cell)], kUsers / 2, 0.25, cell);
  }
}

// Who is in the experiment says nothing of the variant, nor does the id.
TEST(ExperimentsTest, TheVariantIsIndependentOfThePlaceInTheLayer) {
  Experiment low = Named("low", 0.25, "x");
  low.begin = 0;
  const Experiments all = Made({low});
  int users = 0, control = 0;
  for (int i = 0; i < kUsers; ++i) {
    for (const Assignment& a : all.Assign(UserId(i))) {
      ++users;
      control += a.variant->name == "control" ? 1 : 0;
    }
  }
  ExpectPart(control, users, 0.5, "control");
}

TEST(ExperimentsTest, AnotherSaltDrawsUsersAnew) {
  Experiment experiment = Named("a");
  const Experiments one = Made({experiment});
  experiment.salt = "other";
  const Experiments other = Made({experiment});
  int same = 0;
  for (int i = 0; i < kUsers; ++i) {
    same += one.Assign(UserId(i))[0].variant->name ==
                    other.Assign(UserId(i))[0].variant->name
                ? 1
                : 0;
  }
  ExpectPart(same, kUsers, 0.5, "same variant under both salts");
}

TEST(ExperimentsTest, AVariantsPolicyIsTheBaseWithItsOverrides) {
  Experiment a = Named("a");
  a.variants[0].ranking.weights = {{Feature::kVenue, 9.0f}};
  a.variants[1].ranking.weights = {{Feature::kVenue, 9.0f}};
  Experiment b = Named("b");
  b.variants[0].ranking.scan_candidates = 50;
  b.variants[1].ranking.scan_candidates = 50;
  RankingPolicy base;
  base.weight(Feature::kVenue) = 1;
  base.weight(Feature::kContent) = 2;
  const Experiments all = Made({a, b});
  const RankingPolicy policy = PolicyOf(all.Assign("ann"), base);
  EXPECT_EQ(policy.weight(Feature::kVenue), 9);
  EXPECT_EQ(policy.weight(Feature::kContent), 2);
  EXPECT_EQ(policy.scan_candidates, 50);
  EXPECT_EQ(PolicyOf({}, base).weights, base.weights);
}

TEST(ExperimentsTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(Complaint({Named("a"), Named("a")}),
              HasSubstr("experiments[1].name: \"a\" is taken"));
  EXPECT_THAT(Complaint({Named("")}), HasSubstr("experiments[0].name"));
  EXPECT_THAT(Complaint({Named("a b")}), HasSubstr("\"a b\" is not 1 to 64"));
  EXPECT_THAT(Complaint({Named("a", 1.5)}),
              HasSubstr("experiments[0].share: 1.5 is not in [0, 1]"));
  EXPECT_THAT(Complaint({Named("a", std::nan(""))}), HasSubstr(".share"));
  EXPECT_THAT(Complaint({Named("a", 0.6, "x"), Named("b", 0.6, "x")}),
              HasSubstr("experiments[1].share: the shares of layer \"x\" add "
                        "up to 1.2"));
  EXPECT_THAT(Complaint({Named("a", 1, "no layer")}), HasSubstr(".layer"));

  Experiment one = Named("a");
  one.variants.pop_back();
  EXPECT_THAT(Complaint({one}),
              HasSubstr("experiments[0].variants: has 1 entries; an experiment "
                        "has 2 to 20"));
  Experiment twins = Named("a");
  twins.variants[1].name = "control";
  EXPECT_THAT(
      Complaint({twins}),
      HasSubstr("experiments[0].variants[1].name: \"control\" is taken"));
  for (const double weight : {0.0, -1.0, 2e6, std::nan("")}) {
    Experiment light = Named("a");
    light.variants[0].weight = weight;
    EXPECT_THAT(Complaint({light}), HasSubstr("variants[0].weight"));
  }
  Experiment salted = Named("b");
  salted.salt = "a";
  EXPECT_THAT(Complaint({Named("a"), salted}),
              HasSubstr("experiments[1].salt: \"a\" is that of another"));
}

TEST(ExperimentsTest, PlacesInALayerThatDoNotFitAreNamed) {
  Experiment a = Named("a", 0.5, "x");
  Experiment b = Named("b", 0.4, "x");
  a.begin = 0.1;
  EXPECT_THAT(Complaint({a, b}),
              HasSubstr("all experiments have one, or none"));
  b.begin = 0.5;
  EXPECT_THAT(Complaint({a, b}),
              HasSubstr("experiments[1].begin: 0.5 is in the users of another "
                        "experiment of layer \"x\", which end at 0.6"));
  b.begin = 0.7;
  EXPECT_THAT(Complaint({a, b}), HasSubstr("end above 1"));
  b.begin = 0.6;
  EXPECT_TRUE(Experiments::Create({a, b}).ok());
}

TEST(ExperimentsTest, OneFieldIsNotOverriddenByTwoLayers) {
  Experiment a = Named("a");
  Experiment b = Named("b");
  a.variants[1].ranking.weights = {{Feature::kVenue, 1.0f}};
  b.variants[0].ranking.weights = {{Feature::kVenue, 2.0f}};
  EXPECT_THAT(
      Complaint({a, b}),
      HasSubstr("experiments[1]: overrides the weight of venue, as does "
                "\"a\"; put both into one layer"));
  a.layer = b.layer = "x";
  a.share = b.share = 0.5;
  EXPECT_TRUE(Experiments::Create({a, b}).ok());
}

TEST(ExperimentsTest, AnExperimentIsFoundByItsName) {
  const Experiments all = Made({Named("a"), Named("b")});
  EXPECT_EQ(all.Find("b"), &all.all()[1]);
  EXPECT_EQ(all.Find("c"), nullptr);
}

}  // namespace
}  // namespace usher
