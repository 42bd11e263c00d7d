#include "trainer/train_algorithm.h"

#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "trainer/algorithms/randomized_svd.h"
#include "trainer/build_catalog.h"
#include "trainer/data_profile.h"
#include "trainer/finish_version.h"
#include "trainer/taste_matrix.h"

namespace usher {
namespace {

// Decides between events of one score, and for who is not known.
constexpr float kTieBreaker = 0.001f;
// Items that stand for all others when a user is folded in.
constexpr int64_t kUnobservedItems = 256;
constexpr float kContentDays = 90;
// How often the neural network must do without what it is to guess, where
// people go to the same item again.
constexpr float kHideReturning = 0.5f;

constexpr absl::string_view kItemNames[kNumItemKinds] = {"events", "organizers",
                                                         "venues", "tags"};

ItemKind ItemsOf(const AlgorithmInput& input) {
  if (input.options.algorithms.items.has_value()) {
    return *input.options.algorithms.items;
  }
  const DataProfile profile = ProfileOf(input.catalog);
  return 2 * profile.organized_events >= profile.events ? ItemKind::kOrganizer
                                                        : ItemKind::kEvent;
}

absl::StatusOr<SparseMatrix> TastesOf(const AlgorithmInput& input,
                                      ItemKind kind) {
  ASSIGN_OR_RETURN(SparseMatrix matrix,
                   UserItemMatrix(input.catalog, kind, input.options.feedback,
                                  input.options.threads));
  const absl::string_view name = kItemNames[static_cast<size_t>(kind)];
  if (matrix.entries() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("nothing to learn from: nobody has liked any ", name,
                     "; choose other algorithms.items or give interactions"));
  }
  input.steps.Done(absl::StrCat("users x ", name, ": ", matrix.rows(), " x ",
                                matrix.columns(), ", ", matrix.entries(),
                                " pairs"));
  return matrix;
}

std::vector<float> SeenOf(const SparseMatrix& matrix) {
  std::vector<float> seen(matrix.columns(), 0.0f);
  for (int32_t row = 0; row < matrix.rows(); ++row) {
    for (const int32_t column : matrix.RowColumns(row)) seen[column] += 1;
  }
  return seen;
}

absl::Status SetTaste(TasteParts parts, HybridModel& model) {
  ASSIGN_OR_RETURN(model.taste, TasteModel::FromParts(std::move(parts)));
  return absl::OkStatus();
}

absl::Status TrainPopularity(const AlgorithmInput&, HybridModel&) {
  return absl::OkStatus();
}

absl::Status TrainKnn(const AlgorithmInput& input, const KnnOptions& options,
                      absl::StatusOr<NeighbourParts> (*train)(
                          const SparseMatrix&, const KnnOptions&),
                      HybridModel& model) {
  const ItemKind kind = ItemsOf(input);
  ASSIGN_OR_RETURN(const SparseMatrix matrix, TastesOf(input, kind));
  KnnOptions own = options;
  own.threads = input.options.threads;
  ASSIGN_OR_RETURN(NeighbourParts parts, train(matrix, own));
  parts.items_are = kind;
  ASSIGN_OR_RETURN(model.neighbours,
                   NeighbourModel::FromParts(std::move(parts)));
  input.steps.Done("found neighbours");
  return absl::OkStatus();
}

absl::Status TrainItemKnnOf(const AlgorithmInput& input, HybridModel& model) {
  return TrainKnn(input, input.options.algorithms.item_knn, &TrainItemKnn,
                  model);
}

absl::Status TrainUserKnnOf(const AlgorithmInput& input, HybridModel& model) {
  return TrainKnn(input, input.options.algorithms.user_knn, &TrainUserKnn,
                  model);
}

absl::Status TrainAlsOf(const AlgorithmInput& input, HybridModel& model) {
  AlsOptions options = input.options.algorithms.als;
  options.seed = input.options.seed;
  options.threads = input.options.threads;
  TasteParts parts;
  parts.items_are = ItemsOf(input);
  ASSIGN_OR_RETURN(const SparseMatrix matrix, TastesOf(input, parts.items_are));
  if (options.dim == 0) {
    options.dim = AlsDimFor(static_cast<int64_t>(matrix.entries()),
                            static_cast<int64_t>(matrix.columns()));
  }
  ASSIGN_OR_RETURN(
      AlsModel als, TrainAls(matrix, options, [&](const AlsProgress& at) {
        input.steps.Progress("factorizing", at.sweep, options.sweeps);
      }));
  input.steps.Done(absl::StrCat("factorized by alternating least squares, ",
                                options.dim, " factors"));
  parts.fold = UserFold::kRidge;
  parts.items = std::move(als.items);
  parts.seen = SeenOf(matrix);
  const FactorSpaceOptions fold = FoldInOptions(matrix, options);
  parts.numbers = {fold.unobserved_weight, fold.regularization,
                   fold.frequency_exponent, fold.degree_exponent,
                   fold.mean_row};
  return SetTaste(std::move(parts), model);
}

absl::Status TrainLogistic(const AlgorithmInput& input, HybridModel& model) {
  LogisticMfOptions options = input.options.algorithms.logistic_mf;
  options.seed = input.options.seed;
  options.threads = input.options.threads;
  TasteParts parts;
  parts.items_are = ItemsOf(input);
  ASSIGN_OR_RETURN(const SparseMatrix matrix, TastesOf(input, parts.items_are));
  ASSIGN_OR_RETURN(LogisticMfModel logistic,
                   TrainLogisticMf(matrix, options, [&](int sweep) {
                     input.steps.Progress("factorizing", sweep, options.sweeps);
                   }));
  input.steps.Done("factorized by logistic likelihood");
  parts.fold = UserFold::kLogistic;
  parts.items = std::move(logistic.items);
  parts.seen = SeenOf(matrix);
  parts.numbers = {options.confidence, LogisticUnobserved(matrix, options),
                   options.regularization};
  Random random(Mix64(options.seed + 2));
  for (int64_t i = 0; i < std::min<int64_t>(kUnobservedItems, matrix.columns());
       ++i) {
    parts.sizes.push_back(
        static_cast<uint32_t>(random.Below(matrix.columns())));
  }
  return SetTaste(std::move(parts), model);
}

absl::Status TrainSvdOf(const AlgorithmInput& input, HybridModel& model) {
  SvdOptions options = input.options.algorithms.svd;
  options.seed = input.options.seed;
  TasteParts parts;
  parts.items_are = input.options.algorithms.items.value_or(ItemKind::kEvent);
  const size_t items = NumItems(input.catalog, parts.items_are);
  // Of one that nobody rated, the mean and the user's bias are known.
  parts.seen.assign(items, 1.0f);
  std::vector<Rating> ratings;
  for (size_t user = 0; user < input.catalog.num_users(); ++user) {
    for (const Action& action : input.catalog.users.history[user]) {
      if (action.kind != InteractionKind::kRating) continue;
      if (!std::isfinite(action.value)) continue;
      int32_t scratch = -1;
      for (const int32_t item : usher::ItemsOf(input.catalog, action.event,
                                               parts.items_are, scratch)) {
        ratings.push_back({static_cast<int32_t>(user), item, action.value});
        parts.seen[item] += 1;
      }
    }
  }
  if (ratings.empty()) {
    return absl::InvalidArgumentError(
        "svd: nothing to learn from: no interaction is a rating with a value; "
        "als and logistic_mf learn from what people did");
  }
  ASSIGN_OR_RETURN(SvdModel svd,
                   TrainSvd(static_cast<int32_t>(input.catalog.num_users()),
                            static_cast<int32_t>(items), ratings, options,
                            [&](const SvdProgress& at) {
                              input.steps.Progress("factorizing", at.epoch,
                                                   options.epochs);
                            }));
  input.steps.Done(absl::StrCat("factorized ", ratings.size(), " ratings"));
  parts.fold = UserFold::kRatings;
  parts.items = std::move(svd.items);
  parts.numbers = {options.regularization, svd.mean};
  return SetTaste(std::move(parts), model);
}

absl::Status TrainTagSvd(const AlgorithmInput& input, HybridModel& model) {
  TasteParts parts;
  parts.items_are = ItemKind::kTag;
  ASSIGN_OR_RETURN(const SparseMatrix matrix, TastesOf(input, ItemKind::kTag));
  RandomizedSvdOptions options;
  options.rank = input.options.algorithms.tag_svd_dim;
  options.seed = input.options.seed;
  options.threads = input.options.threads;
  ASSIGN_OR_RETURN(TruncatedSvd svd, RandomizedSvd(matrix, options));
  input.steps.Done("factorized users x tags");
  parts.fold = UserFold::kSum;
  parts.items = std::move(svd.right);
  parts.seen = SeenOf(matrix);
  return SetTaste(std::move(parts), model);
}

absl::Status TrainContent(const AlgorithmInput& input,
                          const ContentOptions& options, HybridModel& model) {
  ContentOptions own = options;
  own.seed = input.options.seed;
  own.threads = input.options.threads;
  ASSIGN_OR_RETURN(model.content,
                   TrainContentEncoder(input.dataset.events, own));
  if (model.content.vocabulary_size() == 0 && model.content.given_dim() == 0) {
    return absl::InvalidArgumentError(
        "content: nothing to learn from: no event has a text, a tag or an "
        "embedding that others have too");
  }
  input.steps.Done(absl::StrCat("embedded content: ", model.content.dim(),
                                " dimensions of ",
                                model.content.vocabulary_size(), " terms"));
  TasteParts parts;
  parts.fold = UserFold::kContent;
  parts.numbers = {kContentDays};
  parts.sizes = {static_cast<uint32_t>(model.content.dim())};
  return SetTaste(std::move(parts), model);
}

absl::Status TrainTfIdf(const AlgorithmInput& input, HybridModel& model) {
  return TrainContent(input, input.options.algorithms.tfidf, model);
}

absl::Status TrainEmbedding(const AlgorithmInput& input, HybridModel& model) {
  return TrainContent(input, input.options.content, model);
}

absl::Status TrainWords(const AlgorithmInput& input, HybridModel& model) {
  ContentOptions words = input.options.content;
  words.words = WordSpace::kCompany;
  return TrainContent(input, words, model);
}

absl::Status TrainNcfOf(const AlgorithmInput& input, HybridModel& model) {
  NcfOptions options = input.options.algorithms.ncf;
  options.seed = input.options.seed;
  TasteParts parts;
  parts.items_are = ItemsOf(input);
  options.hide = parts.items_are == ItemKind::kEvent ? 1 : kHideReturning;
  ASSIGN_OR_RETURN(const SparseMatrix matrix, TastesOf(input, parts.items_are));
  double loss = 0;
  ASSIGN_OR_RETURN(
      NcfModel ncf, TrainNcf(matrix, options, [&](const NcfProgress& at) {
        loss = at.loss;
        input.steps.Progress("training the network", at.epoch, options.epochs);
      }));
  input.steps.Done(absl::StrCat("trained the network, loss ", loss));
  parts.fold = UserFold::kTowers;
  parts.items = Factors(ncf.items.rows(), ncf.items.dim());
  for (size_t row = 0; row < ncf.items.rows(); ++row) {
    const absl::Span<const float> from = ncf.items.Row(row);
    std::copy(from.begin(), from.end(), parts.items.MutableRow(row).begin());
  }
  parts.inputs = std::move(ncf.inputs);
  parts.seen = SeenOf(matrix);
  parts.numbers = std::move(ncf.numbers);
  parts.sizes = {ncf.scaled, ncf.hidden, ncf.output};
  return SetTaste(std::move(parts), model);
}

absl::Status TrainGruOf(const AlgorithmInput& input, HybridModel& model) {
  GruOptions options = input.options.algorithms.gru;
  options.seed = input.options.seed;
  TasteParts parts;
  parts.items_are = ItemsOf(input);
  if (parts.items_are == ItemKind::kTag) {
    return absl::InvalidArgumentError(
        "gru: algorithms.items is TAG; an event has many, and a sequence is of "
        "one after the other: choose EVENT, ORGANIZER or VENUE");
  }
  const size_t items = NumItems(input.catalog, parts.items_are);
  parts.seen.assign(items, 0.0f);
  std::vector<std::vector<int32_t>> sequences;
  for (size_t user = 0; user < input.catalog.num_users(); ++user) {
    std::vector<int32_t> sequence;
    const absl::Span<const Action> history = input.catalog.users.history[user];
    for (const EventRow event :
         LikedInOrder(history, {}, input.options.feedback, history.size())) {
      int32_t scratch = -1;
      for (const int32_t item :
           usher::ItemsOf(input.catalog, event, parts.items_are, scratch)) {
        sequence.push_back(item);
        parts.seen[item] += 1;
      }
    }
    sequences.push_back(std::move(sequence));
  }
  double loss = 0;
  ASSIGN_OR_RETURN(GruModel gru,
                   TrainGru(static_cast<int32_t>(items), sequences, options,
                            [&](const GruProgress& at) {
                              loss = at.loss;
                              input.steps.Progress("training the network",
                                                   at.epoch, options.epochs);
                            }));
  input.steps.Done(absl::StrCat("trained the network, loss ", loss));
  parts.fold = UserFold::kRecurrent;
  parts.items = std::move(gru.items);
  parts.inputs = std::move(gru.inputs);
  parts.numbers = std::move(gru.numbers);
  parts.sizes = {gru.hidden, gru.window};
  return SetTaste(std::move(parts), model);
}

constexpr Algorithm kAlgorithms[] = {
    {"popularity", "most answers first", Feature::kYes, false,
     &TrainPopularity},
    {"item_knn", "items that the same people liked", Feature::kNeighbours,
     false, &TrainItemKnnOf},
    {"user_knn", "what the most similar people liked", Feature::kNeighbours,
     false, &TrainUserKnnOf},
    {"als", "implicit alternating least squares", Feature::kAlsEvent, false,
     &TrainAlsOf},
    {"logistic_mf", "logistic factorization", Feature::kAlsEvent, false,
     &TrainLogistic},
    {"svd", "biased factorization of ratings", Feature::kAlsEvent, true,
     &TrainSvdOf},
    {"tag_svd", "users x tags, counts", Feature::kAlsEvent, false,
     &TrainTagSvd},
    {"content_tfidf", "words in common with what was liked", Feature::kAlsEvent,
     false, &TrainTfIdf},
    {"content_embedding", "content alike to what was liked", Feature::kAlsEvent,
     false, &TrainEmbedding},
    {"content_words", "words that keep the company of those that were liked",
     Feature::kAlsEvent, false, &TrainWords},
    {"ncf", "neural collaborative filtering", Feature::kAlsEvent, false,
     &TrainNcfOf},
    {"gru", "the next event after the latest ones", Feature::kAlsEvent, false,
     &TrainGruOf},
};

const Algorithm* FindAlgorithm(absl::string_view name) {
  for (const Algorithm& algorithm : kAlgorithms) {
    if (algorithm.name == name) return &algorithm;
  }
  return nullptr;
}

// The score and, unless it is a rating, popularity to break ties.
RankingPolicy PolicyOf(const Algorithm& algorithm) {
  RankingPolicy policy;
  policy.weights.fill(0);
  if (!algorithm.rates) policy.weight(Feature::kYes) = kTieBreaker;
  policy.weight(algorithm.score) = 1;
  return policy;
}

absl::StatusOr<TrainedVersion> TrainAlone(const Algorithm& algorithm,
                                          const Dataset& dataset,
                                          const TrainOptions& options,
                                          const TrainingLog& log) {
  TrainingSteps steps(log);
  TrainedVersion trained;
  Snapshot& snapshot = trained.snapshot;
  snapshot.catalog = BuildCatalog(dataset, options.threads);
  const DataProfile profile = ProfileOf(snapshot.catalog);
  if (profile.actions == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        algorithm.name, ": nothing to learn from: there is no interaction"));
  }
  trained.notes = Describe(profile);
  ASSIGN_OR_RETURN(
      const RankingPolicy policy,
      ApplyRankingConfig(PolicyOf(algorithm), options.ranking_config));
  auto model = std::make_shared<HybridModel>();
  model->feedback = options.feedback;
  const AlgorithmInput input{dataset, snapshot.catalog, options, steps};
  RETURN_IF_ERROR(algorithm.train(input, *model));
  snapshot.model = model;
  RETURN_IF_ERROR(FinishVersion(
      EncodeEvents(model->content, dataset.events, options.threads), options,
      steps, trained));
  snapshot.info.algorithm = std::string(algorithm.name);
  snapshot.info.interactions = profile.actions;
  snapshot.info.ranking_config = RankingConfigText(policy);
  return trained;
}

}  // namespace

int AlsDimFor(int64_t entries, int64_t columns) {
  constexpr int64_t kManyEntries = 200'000;
  constexpr int64_t kManyColumns = 5'000;
  return entries >= kManyEntries && columns >= kManyColumns ? 256 : 64;
}

AlgorithmOptions::AlgorithmOptions() {
  als.dim = 0;
  als.unobserved_weight = 0.05f;
  als.regularization = 0.002f;
  als.degree_exponent = 0.3f;
  als.sweeps = 10;
  tfidf.words = WordSpace::kPlain;
  tfidf.dim = 512;
}

absl::Span<const Algorithm> Algorithms() { return kAlgorithms; }

std::string AlgorithmNames() {
  std::string names = "hybrid";
  for (const Algorithm& algorithm : kAlgorithms) {
    absl::StrAppend(&names, ", ", algorithm.name);
  }
  return names;
}

absl::Status CheckAlgorithm(absl::string_view name) {
  if (name == "hybrid" || FindAlgorithm(name) != nullptr) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "there is no algorithm \"", name, "\"; there are ", AlgorithmNames()));
}

bool PredictsRatings(absl::string_view name) {
  const Algorithm* const algorithm = FindAlgorithm(name);
  return algorithm != nullptr && algorithm->rates;
}

absl::StatusOr<TrainedVersion> TrainByName(absl::string_view name,
                                           const Dataset& dataset,
                                           const TrainOptions& options,
                                           const TrainingLog& log) {
  RETURN_IF_ERROR(CheckAlgorithm(name));
  if (name == "hybrid") return TrainHybrid(dataset, options, log);
  return TrainAlone(*FindAlgorithm(name), dataset, options, log);
}

}  // namespace usher
