#include "trainer/train_hybrid.h"

#include <algorithm>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/base/clock.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "trainer/algorithms/landmarks.h"
#include "trainer/algorithms/ridge.h"
#include "trainer/build_catalog.h"
#include "trainer/data_profile.h"
#include "trainer/taste_matrix.h"

namespace usher {
namespace {

// Fewer examples than this teach a map from content to factors nothing.
constexpr size_t kMinRidgeExamples = 20;
constexpr int64_t kRowBlock = 256;
constexpr int64_t kRowsPerProgress = 64 * kRowBlock;
constexpr size_t kRecallQueries = 200;
constexpr int kRecallDepth = 100;

// Says what is done, how far it is, and how long it took.
class Steps {
 public:
  explicit Steps(const TrainingLog& log)
      : log_(log), start_(Clock::System().Now()) {}

  void Done(absl::string_view what) {
    const Micros now = Clock::System().Now();
    Say(absl::StrFormat("%6.2f s  %s", static_cast<double>(now - start_) / 1e6,
                        what));
    start_ = now;
  }
  void Say(absl::string_view line) {
    if (log_.line) log_.line(line);
  }
  void Begin(absl::string_view what) { Progress(what, 0, 0); }
  void Progress(absl::string_view what, int64_t done, int64_t total) {
    if (log_.progress) log_.progress(what, done, total);
  }

 private:
  const TrainingLog& log_;
  Micros start_;
};

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
                                      Steps& steps) {
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
                     ObservationsOf(matrix),
                     {options.unobserved_weight, options.regularization,
                      options.frequency_exponent});
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
                                Steps& steps) {
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

// Fills the rows in parallel, and says how far it is.
void FillRows(absl::string_view what, int threads, Factors& vectors,
              Steps& steps,
              absl::FunctionRef<std::vector<float>(int64_t row)> vector_of) {
  const auto rows = static_cast<int64_t>(vectors.rows());
  for (int64_t first = 0; first < rows; first += kRowsPerProgress) {
    const int64_t count = std::min(rows - first, kRowsPerProgress);
    ParallelFor(count, kRowBlock, threads, [&](int64_t begin, int64_t end) {
      for (int64_t row = first + begin; row < first + end; ++row) {
        const std::vector<float> vector = vector_of(row);
        std::copy(vector.begin(), vector.end(),
                  vectors.MutableRow(row).begin());
      }
    });
    steps.Progress(what, first + count, rows);
  }
}

Factors EventVectors(const Catalog& catalog, const HybridModel& model,
                     const Factors& embeddings, int threads, Steps& steps) {
  Factors vectors(catalog.num_events(), model.dim());
  FillRows(
      "making vectors of events", threads, vectors, steps, [&](int64_t row) {
        return model.EventVector(catalog, EventRow{static_cast<int32_t>(row)},
                                 embeddings.Row(row));
      });
  return vectors;
}

Factors UserVectors(const Catalog& catalog, const HybridModel& model,
                    int threads, Steps& steps) {
  Factors vectors(catalog.num_users(), model.dim());
  FillRows("folding in users", threads, vectors, steps, [&](int64_t row) {
    return model.UserVector(catalog, catalog.users.history[row],
                            catalog.users.follows[row], {});
  });
  return vectors;
}

absl::StatusOr<std::shared_ptr<const HybridModel>> TrainModel(
    const Dataset& dataset, const Catalog& catalog, const TrainOptions& options,
    Factors& embeddings, Steps& steps) {
  auto model = std::make_shared<HybridModel>();
  ASSIGN_OR_RETURN(const SparseMatrix by_event, UserEventMatrix(catalog));
  ASSIGN_OR_RETURN(const SparseMatrix by_organizer,
                   UserOrganizerMatrix(catalog));
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

// The recall of the index for the first users' own vectors.
absl::StatusOr<double> IndexRecall(const Snapshot& snapshot) {
  const Factors& users = *snapshot.user_vectors;
  Factors queries(std::min(users.rows(), kRecallQueries), users.dim());
  std::copy_n(users.data(), queries.rows() * queries.dim(),
              queries.mutable_data());
  return RecallAgainstExact(*snapshot.index, queries, kRecallDepth);
}

const char* IndexTypeName(VectorIndexOptions::Type type) {
  switch (type) {
    case VectorIndexOptions::Type::kFlat:
      return "flat";
    case VectorIndexOptions::Type::kHnsw:
      return "hnsw";
    case VectorIndexOptions::Type::kIvfPq:
      return "ivf_pq";
  }
  return "unknown";
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
  Steps steps(log);
  TrainedVersion trained;
  Snapshot& snapshot = trained.snapshot;
  snapshot.catalog = BuildCatalog(dataset);
  steps.Done("built the catalogue");
  const DataProfile profile = ProfileOf(snapshot.catalog);
  trained.notes = Describe(profile);
  for (const std::string& note : trained.notes) steps.Say(note);
  ASSIGN_OR_RETURN(
      const RankingPolicy policy,
      ApplyRankingConfig(DefaultPolicyFor(profile), options.ranking_config));

  Factors embeddings;
  ASSIGN_OR_RETURN(snapshot.model, TrainModel(dataset, snapshot.catalog,
                                              options, embeddings, steps));
  auto vectors = std::make_shared<const Factors>(EventVectors(
      snapshot.catalog, *snapshot.model, embeddings, options.threads, steps));
  snapshot.user_vectors = std::make_shared<const Factors>(
      UserVectors(snapshot.catalog, *snapshot.model, options.threads, steps));
  steps.Done(absl::StrCat("made hybrid vectors of ", vectors->rows(),
                          " events and ", snapshot.user_vectors->rows(),
                          " users, ", vectors->dim(), " dimensions"));
  const char* const index_type = IndexTypeName(options.index.type);
  steps.Begin(absl::StrCat("building the ", index_type, " index"));
  ASSIGN_OR_RETURN(snapshot.index, VectorIndex::Build(*vectors, options.index));
  steps.Begin(absl::StrCat("measuring the ", index_type, " index"));
  ASSIGN_OR_RETURN(const double recall, IndexRecall(snapshot));
  steps.Done(
      absl::StrFormat("built the %s index, Recall@%d against exact search %.4f",
                      index_type, kRecallDepth, recall));
  trained.metrics.emplace_back("index_recall_at_100", recall);
  snapshot.vectors = VectorTable(std::move(vectors));
  snapshot.embeddings =
      VectorTable(std::make_shared<const Factors>(std::move(embeddings)));
  snapshot.info.algorithm = "hybrid";
  snapshot.info.index_type = index_type;
  snapshot.info.interactions = profile.actions;
  snapshot.info.ranking_config = RankingConfigText(policy);
  return trained;
}

}  // namespace usher
