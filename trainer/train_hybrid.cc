#include "trainer/train_hybrid.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "trainer/algorithms/landmarks.h"
#include "trainer/algorithms/ridge.h"
#include "trainer/build_catalog.h"
#include "trainer/data_profile.h"
#include "trainer/finish_version.h"
#include "trainer/taste_matrix.h"
#include "trainer/training_steps.h"

namespace usher {
namespace {

// Fewer examples than this teach a map from content to factors nothing.
constexpr size_t kMinRidgeExamples = 20;

std::vector<float> ObservationsOf(const SparseMatrix& matrix) {
  std::vector<float> observations(matrix.columns(), 0.0f);
  for (int32_t row = 0; row < matrix.rows(); ++row) {
    for (const int32_t column : matrix.RowColumns(row)) {
      observations[column] += 1;
    }
  }
  return observations;
}

// An empty space when there is nothing to factorize.
absl::StatusOr<FactorSpace> Factorize(const SparseMatrix& matrix,
                                      AlsOptions options, const char* what,
                                      TrainingSteps& steps) {
  if (matrix.entries() == 0) return FactorSpace();
  const std::string doing = absl::StrCat("factorizing users x ", what);
  steps.Begin(doing);
  ASSIGN_OR_RETURN(AlsModel model,
                   TrainAls(matrix, options, [&](const AlsProgress& at) {
                     steps.Progress(doing, at.sweep, options.sweeps);
                   }));
  steps.Done(absl::StrCat("factorized users x ", what, ": ", matrix.rows(),
                          " x ", matrix.columns(), ", ", matrix.entries(),
                          " pairs, ", options.dim, " factors, ", options.sweeps,
                          " sweeps"));
  return FactorSpace(std::move(model.users), std::move(model.items),
                     ObservationsOf(matrix), FoldInOptions(matrix, options));
}

struct RidgeExamples {
  std::vector<std::vector<float>> x;
  std::vector<size_t> items;  // Rows of the space.
  std::vector<int64_t> groups;
};

// False when no example has content or place: then a map could answer with the
// mean of all factors only, and would drag rare events toward it.
bool SaysSomething(const RidgeExamples& examples) {
  return std::any_of(
      examples.x.begin(), examples.x.end(), [](const std::vector<float>& x) {
        return std::any_of(x.begin(), x.end(), [](float v) { return v != 0; });
      });
}

absl::StatusOr<RidgeMap> FitMap(const RidgeExamples& examples,
                                const FactorSpace& space,
                                const TrainOptions& options, const char* what,
                                TrainingSteps& steps) {
  const size_t n = examples.x.size();
  if (n < kMinRidgeExamples || !SaysSomething(examples)) return RidgeMap();
  Factors x(n, examples.x.front().size());
  Factors y(n, space.dim());
  std::vector<float> weights(n);
  for (size_t i = 0; i < n; ++i) {
    const absl::Span<const float> target = space.items().Row(examples.items[i]);
    std::copy(examples.x[i].begin(), examples.x[i].end(),
              x.MutableRow(i).begin());
    std::copy(target.begin(), target.end(), y.MutableRow(i).begin());
    weights[i] = space.observations()[examples.items[i]];
  }
  steps.Begin(absl::StrCat("mapping content and place to ", what, " factors"));
  RidgeOptions ridge;
  ridge.seed = options.seed;
  ridge.threads = options.threads;
  ASSIGN_OR_RETURN(RidgeFit fit,
                   FitRidge(x, y, weights, examples.groups, ridge));
  steps.Done(absl::StrCat("mapped content and place to ", what, " factors: ", n,
                          " examples, lambda ", fit.lambda));
  return std::move(fit.map);
}

RidgeExamples EventExamples(const Catalog& catalog, const HybridModel& model,
                            const Factors& embeddings) {
  RidgeExamples examples;
  for (size_t row = 0; row < model.by_event.items().rows(); ++row) {
    if (model.by_event.observations()[row] <= 0) continue;
    const EventColumns& event = catalog.events.columns[row];
    examples.x.push_back(model.Describe(embeddings.Row(row), event.location));
    examples.items.push_back(row);
    examples.groups.push_back(event.organizer == kNoOrganizer
                                  ? -1 - static_cast<int64_t>(row)
                                  : static_cast<int64_t>(event.organizer));
  }
  return examples;
}

// An organizer is described by the mean of its events.
RidgeExamples OrganizerExamples(const Catalog& catalog,
                                const HybridModel& model,
                                const Factors& embeddings) {
  RidgeExamples examples;
  for (size_t row = 0; row < model.by_organizer.items().rows(); ++row) {
    const absl::Span<const EventRow> events = catalog.organizers.events[row];
    if (model.by_organizer.observations()[row] <= 0 || events.empty()) continue;
    std::vector<float> mean;
    for (const EventRow event : events) {
      const std::vector<float> one =
          model.Describe(embeddings.Row(Index(event)),
                         catalog.events.columns[Index(event)].location);
      mean.resize(one.size());
      for (size_t i = 0; i < one.size(); ++i) {
        mean[i] += one[i] / static_cast<float>(events.size());
      }
    }
    examples.x.push_back(std::move(mean));
    examples.items.push_back(row);
    examples.groups.push_back(static_cast<int64_t>(row));
  }
  return examples;
}

absl::StatusOr<PlaceFeatures> LearnPlaces(const Catalog& catalog,
                                          uint64_t seed) {
  std::vector<GeoPoint> places;
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    places.push_back(catalog.events.columns[row].location);
  }
  LandmarkOptions options;
  options.seed = seed;
  return PlaceFeatures::Create(FindLandmarks(places, options));
}

absl::StatusOr<std::shared_ptr<const HybridModel>> TrainModel(
    const Dataset& dataset, const Catalog& catalog, const TrainOptions& options,
    Factors& embeddings, TrainingSteps& steps) {
  auto model = std::make_shared<HybridModel>();
  model->feedback = options.feedback;
  ASSIGN_OR_RETURN(const SparseMatrix by_event,
                   UserEventMatrix(catalog, options.feedback, options.threads));
  ASSIGN_OR_RETURN(
      const SparseMatrix by_organizer,
      UserOrganizerMatrix(catalog, options.feedback, options.threads));
  if (by_event.entries() == 0 && by_organizer.entries() == 0) {
    return absl::InvalidArgumentError(
        "nothing to learn from: no interaction is a positive answer");
  }
  ASSIGN_OR_RETURN(model->by_event,
                   Factorize(by_event, options.event_als, "events", steps));
  ASSIGN_OR_RETURN(
      model->by_organizer,
      Factorize(by_organizer, options.organizer_als, "organizers", steps));
  steps.Begin("embedding content");
  ASSIGN_OR_RETURN(model->content,
                   TrainContentEncoder(dataset.events, options.content));
  embeddings = EncodeEvents(model->content, dataset.events, options.threads);
  steps.Done(absl::StrCat("embedded content: ", model->content.dim(),
                          " dimensions of ", model->content.vocabulary_size(),
                          " terms"));
  ASSIGN_OR_RETURN(model->places, LearnPlaces(catalog, options.seed));
  ASSIGN_OR_RETURN(model->event_map,
                   FitMap(EventExamples(catalog, *model, embeddings),
                          model->by_event, options, "event", steps));
  ASSIGN_OR_RETURN(model->organizer_map,
                   FitMap(OrganizerExamples(catalog, *model, embeddings),
                          model->by_organizer, options, "organizer", steps));
  return model;
}

}  // namespace

TrainOptions::TrainOptions() {
  event_als.unobserved_weight = 0.02f;
  event_als.regularization = 0.004f;
  event_als.sweeps = 8;
  organizer_als.unobserved_weight = 0.05f;
  organizer_als.regularization = 0.01f;
  organizer_als.sweeps = 10;
}

absl::StatusOr<TrainedVersion> TrainHybrid(const Dataset& dataset,
                                           const TrainOptions& options,
                                           const TrainingLog& log) {
  TrainingSteps steps(log);
  TrainedVersion trained;
  Snapshot& snapshot = trained.snapshot;
  snapshot.catalog = BuildCatalog(dataset, options.threads);
  steps.Done("built the catalogue");
  const DataProfile profile = ProfileOf(snapshot.catalog);
  trained.notes = Describe(profile);
  for (const std::string& note : trained.notes) steps.Say(note);
  ASSIGN_OR_RETURN(
      RankingPolicy policy,
      ApplyRankingConfig(DefaultPolicyFor(profile), options.ranking_config));
  for (const Feature feature : options.ranker.leave_out) {
    policy.weight(feature) = 0;
  }

  Factors embeddings;
  ASSIGN_OR_RETURN(snapshot.model, TrainModel(dataset, snapshot.catalog,
                                              options, embeddings, steps));
  RETURN_IF_ERROR(
      FinishVersion(std::move(embeddings), options, steps, trained));
  snapshot.info.algorithm = "hybrid";
  snapshot.info.interactions = profile.actions;
  snapshot.info.ranking_config = RankingConfigText(policy);
  return trained;
}

}  // namespace usher
