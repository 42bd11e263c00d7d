#include "trainer/train_config.h"

#include <google/protobuf/text_format.h>

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "index/artifact/text_proto.h"
#include "index/base/status_macros.h"
#include "serving/ranking/features.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/tree_ranker.h"
#include "usher/config/config.pb.h"

namespace usher {
namespace {

using google::protobuf::TextFormat;

absl::Status OutOfRange(absl::string_view field, double value,
                        absl::string_view allowed) {
  return absl::InvalidArgumentError(absl::StrCat(
      "configuration: ", field, " is ", value, "; allowed is ", allowed));
}

absl::Status ReadAls(const config::AlsConfig& from, absl::string_view field,
                     AlsOptions& to) {
  if (from.has_dim()) to.dim = from.dim();
  if (from.has_sweeps()) to.sweeps = from.sweeps();
  if (from.has_unobserved_weight()) {
    to.unobserved_weight = from.unobserved_weight();
  }
  if (from.has_regularization()) to.regularization = from.regularization();
  if (from.has_frequency_exponent()) {
    to.frequency_exponent = from.frequency_exponent();
  }
  if (from.has_subspace_dim()) to.subspace_dim = from.subspace_dim();
  if (from.has_degree_exponent()) to.degree_exponent = from.degree_exponent();
  if (from.has_solver()) {
    if (!config::AlsConfig::Solver_IsValid(from.solver())) {
      return OutOfRange(absl::StrCat(field, ".solver"), from.solver(),
                        "CONJUGATE_GRADIENT, CHOLESKY or SUBSPACES");
    }
    to.solver = static_cast<AlsSolver>(from.solver());
  }
  if ((from.has_dim() && to.dim < 1) || to.dim > kMaxAlsDim) {
    return OutOfRange(absl::StrCat(field, ".dim"), to.dim,
                      absl::StrCat("1 to ", kMaxAlsDim));
  }
  if (to.sweeps < 1 || to.sweeps > 200) {
    return OutOfRange(absl::StrCat(field, ".sweeps"), to.sweeps, "1 to 200");
  }
  AlsOptions whole = to;
  if (whole.dim == 0) whole.dim = kMaxAlsDim;  // By the matrix.
  const absl::Status valid = ValidateAlsOptions(whole);
  if (valid.ok()) return valid;
  return absl::InvalidArgumentError(
      absl::StrCat("configuration: ", field, ": ", valid.message()));
}

void WriteAls(const AlsOptions& from, config::AlsConfig& to) {
  if (from.dim > 0) to.set_dim(from.dim);
  to.set_sweeps(from.sweeps);
  to.set_unobserved_weight(from.unobserved_weight);
  to.set_regularization(from.regularization);
  to.set_frequency_exponent(from.frequency_exponent);
  to.set_degree_exponent(from.degree_exponent);
  to.set_solver(static_cast<config::AlsConfig::Solver>(from.solver));
  to.set_subspace_dim(from.subspace_dim);
}

absl::Status ReadIndex(const config::IndexConfig& from,
                       VectorIndexOptions& to) {
  if (from.has_type()) {
    to.type = static_cast<VectorIndexOptions::Type>(from.type());
  }
  if (from.has_hnsw_m()) to.hnsw_m = from.hnsw_m();
  if (from.has_ef_construction()) to.ef_construction = from.ef_construction();
  if (from.has_ef_search()) to.ef_search = from.ef_search();
  if (from.has_ivf_lists()) to.ivf_lists = from.ivf_lists();
  if (from.has_ivf_probe()) to.ivf_probe = from.ivf_probe();
  const absl::Status valid = ValidateVectorIndexOptions(to);
  if (valid.ok()) return valid;
  return absl::InvalidArgumentError(
      absl::StrCat("configuration: index: ", valid.message()));
}

absl::Status ReadRanker(const config::RankerConfig& from, RankerOptions& to) {
  if (from.has_trees()) to.trees = from.trees();
  if (from.has_depth()) to.depth = from.depth();
  if (from.has_learning_rate()) to.learning_rate = from.learning_rate();
  if (from.leave_out_size() > 0) to.leave_out.clear();
  for (const std::string& name : from.leave_out()) {
    const std::optional<Feature> feature = FeatureFromName(name);
    if (!feature.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "configuration: ranker.leave_out names ", name,
          "; there is no such feature (serving/ranking/features.h)"));
    }
    to.leave_out.push_back(*feature);
  }
  if (to.trees < 8 || to.trees > 1000) {
    return OutOfRange("ranker.trees", to.trees, "8 to 1000");
  }
  if (to.depth < 1 || to.depth > TreeRanker::kMaxDepth) {
    return OutOfRange("ranker.depth", to.depth,
                      absl::StrCat("1 to ", TreeRanker::kMaxDepth));
  }
  if (!(to.learning_rate > 0 && to.learning_rate <= 1)) {
    return OutOfRange("ranker.learning_rate", to.learning_rate,
                      "above 0, at most 1");
  }
  return absl::OkStatus();
}

void WriteRanker(const RankerOptions& from, config::RankerConfig& to) {
  to.set_trees(from.trees);
  to.set_depth(from.depth);
  to.set_learning_rate(from.learning_rate);
  for (const Feature feature : from.leave_out) {
    to.add_leave_out(std::string(FeatureName(feature)));
  }
}

void WriteIndex(const VectorIndexOptions& from, config::IndexConfig& to) {
  to.set_type(static_cast<config::IndexConfig::Type>(from.type));
  to.set_hnsw_m(from.hnsw_m);
  to.set_ef_construction(from.ef_construction);
  to.set_ef_search(from.ef_search);
  to.set_ivf_lists(from.ivf_lists);
  to.set_ivf_probe(from.ivf_probe);
}

absl::Status ReadContent(const config::TrainConfig& config,
                         ContentOptions& options) {
  if (config.has_content_dim()) {
    if (config.content_dim() < 1 || config.content_dim() > kMaxContentDim) {
      return OutOfRange("content_dim", config.content_dim(),
                        absl::StrCat("1 to ", kMaxContentDim));
    }
    options.dim = config.content_dim();
  }
  if (config.has_content_words()) {
    if (!config::TrainConfig::Words_IsValid(config.content_words())) {
      return OutOfRange("content_words", config.content_words(),
                        "LATENT or COMPANY");
    }
    options.words = static_cast<WordSpace>(config.content_words());
  }
  return absl::OkStatus();
}

void SetSeed(uint64_t seed, TrainOptions& options) {
  options.seed = options.event_als.seed = options.organizer_als.seed =
      options.content.seed = options.index.seed = seed;
}

void SetThreads(int threads, TrainOptions& options) {
  options.threads = options.event_als.threads = options.organizer_als.threads =
      options.content.threads = options.index.build_threads = threads;
}

// Sets `to` where the field is there.
#define USHER_READ(from, field, to) \
  if ((from).has_##field()) (to).field = (from).field()

absl::Status Named(absl::string_view field, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrCat("configuration: ", field, ": ", status.message()));
}

absl::Status ReadKnn(const config::KnnConfig& from, absl::string_view field,
                     KnnOptions& to) {
  if (from.has_likeness()) to.likeness = static_cast<Likeness>(from.likeness());
  USHER_READ(from, neighbours, to);
  USHER_READ(from, k1, to);
  USHER_READ(from, b, to);
  return Named(field, ValidateKnnOptions(to));
}

void WriteKnn(const KnnOptions& from, config::KnnConfig& to) {
  to.set_likeness(static_cast<config::KnnConfig::Likeness>(from.likeness));
  to.set_neighbours(from.neighbours);
  to.set_k1(from.k1);
  to.set_b(from.b);
}

absl::Status ReadLogisticMf(const config::LogisticMfConfig& from,
                            LogisticMfOptions& to) {
  USHER_READ(from, dim, to);
  USHER_READ(from, sweeps, to);
  USHER_READ(from, confidence, to);
  USHER_READ(from, negatives, to);
  USHER_READ(from, regularization, to);
  USHER_READ(from, rate, to);
  return Named("algorithms", ValidateLogisticMfOptions(to));
}

absl::Status ReadSvd(const config::SvdConfig& from, SvdOptions& to) {
  USHER_READ(from, dim, to);
  USHER_READ(from, epochs, to);
  USHER_READ(from, rate, to);
  USHER_READ(from, regularization, to);
  return Named("algorithms", ValidateSvdOptions(to));
}

absl::Status ReadNcf(const config::NcfConfig& from, NcfOptions& to) {
  if (from.has_shape()) {
    to.shape = from.shape() == config::NcfConfig::GMF   ? NcfShape::kGmf
               : from.shape() == config::NcfConfig::MLP ? NcfShape::kMlp
                                                        : NcfShape::kNeuMf;
  }
  USHER_READ(from, dim, to);
  USHER_READ(from, hidden, to);
  USHER_READ(from, epochs, to);
  USHER_READ(from, negatives, to);
  USHER_READ(from, rate, to);
  USHER_READ(from, regularization, to);
  return Named("algorithms", ValidateNcfOptions(to));
}

absl::Status ReadGru(const config::GruConfig& from, GruOptions& to) {
  USHER_READ(from, dim, to);
  USHER_READ(from, hidden, to);
  USHER_READ(from, window, to);
  USHER_READ(from, epochs, to);
  USHER_READ(from, negatives, to);
  USHER_READ(from, rate, to);
  USHER_READ(from, regularization, to);
  return Named("algorithms", ValidateGruOptions(to));
}
#undef USHER_READ

absl::Status ReadFeedback(const config::FeedbackConfig& from, Feedback& to) {
  for (const config::FeedbackConfig::KindWeight& entry : from.kinds()) {
    const std::optional<InteractionKind> kind =
        InteractionKindFromName(entry.kind());
    if (!kind.has_value() || *kind == InteractionKind::kImpression ||
        *kind == InteractionKind::kInvited) {
      return absl::InvalidArgumentError(
          absl::StrCat("configuration: feedback.kinds: \"", entry.kind(),
                       "\" is no kind of interaction that histories keep"));
    }
    to.kinds[static_cast<size_t>(*kind)] = entry.weight();
  }
  if (from.has_plays()) to.plays = static_cast<PlayCounts>(from.plays());
  if (from.has_half_life_days()) to.half_life_days = from.half_life_days();
  if (from.has_organizers()) {
    to.organizers = static_cast<OrganizerFeedback>(from.organizers());
  }
  if (from.has_neutral_rating()) to.neutral_rating = from.neutral_rating();
  if (from.has_negatives()) to.negatives = from.negatives();
  return Named("feedback", ValidateFeedback(to));
}

void WriteFeedback(const Feedback& from, config::FeedbackConfig& to) {
  for (size_t kind = 0; kind < from.kinds.size(); ++kind) {
    if (!from.kinds[kind].has_value()) continue;
    config::FeedbackConfig::KindWeight& entry = *to.add_kinds();
    entry.set_kind(
        std::string(InteractionKindName(static_cast<InteractionKind>(kind))));
    entry.set_weight(*from.kinds[kind]);
  }
  to.set_plays(static_cast<config::FeedbackConfig::Plays>(from.plays));
  to.set_half_life_days(from.half_life_days);
  to.set_organizers(
      static_cast<config::FeedbackConfig::Organizers>(from.organizers));
  to.set_neutral_rating(from.neutral_rating);
  to.set_negatives(from.negatives);
}

absl::Status ReadAlgorithms(const config::AlgorithmsConfig& from,
                            AlgorithmOptions& to) {
  if (from.has_items()) to.items = static_cast<ItemKind>(from.items());
  RETURN_IF_ERROR(ReadAls(from.als(), "algorithms.als", to.als));
  RETURN_IF_ERROR(ReadKnn(from.item_knn(), "algorithms.item_knn", to.item_knn));
  RETURN_IF_ERROR(ReadKnn(from.user_knn(), "algorithms.user_knn", to.user_knn));
  RETURN_IF_ERROR(ReadLogisticMf(from.logistic_mf(), to.logistic_mf));
  RETURN_IF_ERROR(ReadSvd(from.svd(), to.svd));
  if (from.has_tag_svd_dim()) {
    if (from.tag_svd_dim() < 1 || from.tag_svd_dim() > 512) {
      return OutOfRange("algorithms.tag_svd_dim", from.tag_svd_dim(),
                        "1 to 512");
    }
    to.tag_svd_dim = from.tag_svd_dim();
  }
  if (from.has_tfidf_dim()) {
    if (from.tfidf_dim() < 1 || from.tfidf_dim() > kMaxContentDim) {
      return OutOfRange("algorithms.tfidf_dim", from.tfidf_dim(),
                        absl::StrCat("1 to ", kMaxContentDim));
    }
    to.tfidf.dim = from.tfidf_dim();
  }
  RETURN_IF_ERROR(ReadNcf(from.ncf(), to.ncf));
  return ReadGru(from.gru(), to.gru);
}

void WriteAlgorithms(const AlgorithmOptions& from,
                     config::AlgorithmsConfig& to) {
  if (from.items.has_value()) {
    to.set_items(static_cast<config::AlgorithmsConfig::Items>(*from.items));
  }
  WriteAls(from.als, *to.mutable_als());
  WriteKnn(from.item_knn, *to.mutable_item_knn());
  WriteKnn(from.user_knn, *to.mutable_user_knn());
  config::LogisticMfConfig& logistic = *to.mutable_logistic_mf();
  logistic.set_dim(from.logistic_mf.dim);
  logistic.set_sweeps(from.logistic_mf.sweeps);
  logistic.set_confidence(from.logistic_mf.confidence);
  logistic.set_negatives(from.logistic_mf.negatives);
  logistic.set_regularization(from.logistic_mf.regularization);
  logistic.set_rate(from.logistic_mf.rate);
  config::SvdConfig& svd = *to.mutable_svd();
  svd.set_dim(from.svd.dim);
  svd.set_epochs(from.svd.epochs);
  svd.set_rate(from.svd.rate);
  svd.set_regularization(from.svd.regularization);
  to.set_tag_svd_dim(from.tag_svd_dim);
  to.set_tfidf_dim(from.tfidf.dim);
  config::NcfConfig& ncf = *to.mutable_ncf();
  ncf.set_shape(from.ncf.shape == NcfShape::kGmf   ? config::NcfConfig::GMF
                : from.ncf.shape == NcfShape::kMlp ? config::NcfConfig::MLP
                                                   : config::NcfConfig::NEU_MF);
  ncf.set_dim(from.ncf.dim);
  ncf.set_hidden(from.ncf.hidden);
  ncf.set_epochs(from.ncf.epochs);
  ncf.set_negatives(from.ncf.negatives);
  ncf.set_rate(from.ncf.rate);
  ncf.set_regularization(from.ncf.regularization);
  config::GruConfig& gru = *to.mutable_gru();
  gru.set_dim(from.gru.dim);
  gru.set_hidden(from.gru.hidden);
  gru.set_window(from.gru.window);
  gru.set_epochs(from.gru.epochs);
  gru.set_negatives(from.gru.negatives);
  gru.set_rate(from.gru.rate);
  gru.set_regularization(from.gru.regularization);
}

}  // namespace

absl::StatusOr<TrainOptions> ParseTrainConfig(absl::string_view text_proto) {
  config::TrainConfig config;
  if (const absl::Status parsed = ParseTextProto(text_proto, &config);
      !parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "configuration is not a text proto of usher.config.TrainConfig: ",
        parsed.message()));
  }
  TrainOptions options;
  if (config.has_seed()) SetSeed(config.seed(), options);
  if (config.has_threads()) {
    if (config.threads() < 0 || config.threads() > 1024) {
      return OutOfRange("threads", config.threads(), "0 to 1024");
    }
    SetThreads(config.threads(), options);
  }
  RETURN_IF_ERROR(ReadAls(config.event_als(), "event_als", options.event_als));
  RETURN_IF_ERROR(
      ReadAls(config.organizer_als(), "organizer_als", options.organizer_als));
  RETURN_IF_ERROR(ReadContent(config, options.content));
  RETURN_IF_ERROR(ReadIndex(config.index(), options.index));
  TextFormat::PrintToString(config.ranking(), &options.ranking_config);
  RETURN_IF_ERROR(
      ApplyRankingConfig(RankingPolicy(), options.ranking_config).status());
  RETURN_IF_ERROR(ReadFeedback(config.feedback(), options.feedback));
  RETURN_IF_ERROR(ReadAlgorithms(config.algorithms(), options.algorithms));
  RETURN_IF_ERROR(ReadRanker(config.ranker(), options.ranker));
  options.learn_ranker =
      config.has_learn_ranker() ? config.learn_ranker() : options.learn_ranker;
  return options;
}

std::string TrainConfigText(const TrainOptions& options) {
  config::TrainConfig config;
  config.set_seed(options.seed);
  config.set_threads(options.threads);
  WriteAls(options.event_als, *config.mutable_event_als());
  WriteAls(options.organizer_als, *config.mutable_organizer_als());
  config.set_content_dim(options.content.dim);
  config.set_content_words(
      static_cast<config::TrainConfig::Words>(options.content.words));
  WriteIndex(options.index, *config.mutable_index());
  TextFormat::ParseFromString(options.ranking_config, config.mutable_ranking());
  config.set_learn_ranker(options.learn_ranker);
  WriteFeedback(options.feedback, *config.mutable_feedback());
  WriteAlgorithms(options.algorithms, *config.mutable_algorithms());
  WriteRanker(options.ranker, *config.mutable_ranker());
  std::string text;
  TextFormat::PrintToString(config, &text);
  return text;
}

}  // namespace usher
