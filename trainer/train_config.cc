#include "trainer/train_config.h"

#include <google/protobuf/text_format.h>

#include "absl/strings/str_cat.h"
#include "index/artifact/text_proto.h"
#include "index/base/status_macros.h"
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
  if (from.has_solver()) {
    to.solver = from.solver() == config::AlsConfig::CHOLESKY
                    ? AlsSolver::kCholesky
                    : AlsSolver::kConjugateGradient;
  }
  if (to.dim < 1 || to.dim > kMaxAlsDim) {
    return OutOfRange(absl::StrCat(field, ".dim"), to.dim,
                      absl::StrCat("1 to ", kMaxAlsDim));
  }
  if (to.sweeps < 1 || to.sweeps > 200) {
    return OutOfRange(absl::StrCat(field, ".sweeps"), to.sweeps, "1 to 200");
  }
  const absl::Status valid = ValidateAlsOptions(to);
  if (valid.ok()) return valid;
  return absl::InvalidArgumentError(
      absl::StrCat("configuration: ", field, ": ", valid.message()));
}

void WriteAls(const AlsOptions& from, config::AlsConfig& to) {
  to.set_dim(from.dim);
  to.set_sweeps(from.sweeps);
  to.set_unobserved_weight(from.unobserved_weight);
  to.set_regularization(from.regularization);
  to.set_frequency_exponent(from.frequency_exponent);
  to.set_solver(from.solver == AlsSolver::kCholesky
                    ? config::AlsConfig::CHOLESKY
                    : config::AlsConfig::CONJUGATE_GRADIENT);
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
}

void WriteIndex(const VectorIndexOptions& from, config::IndexConfig& to) {
  to.set_type(static_cast<config::IndexConfig::Type>(from.type));
  to.set_hnsw_m(from.hnsw_m);
  to.set_ef_construction(from.ef_construction);
  to.set_ef_search(from.ef_search);
  to.set_ivf_lists(from.ivf_lists);
  to.set_ivf_probe(from.ivf_probe);
}

void SetSeed(uint64_t seed, TrainOptions& options) {
  options.seed = options.event_als.seed = options.organizer_als.seed =
      options.content.seed = options.index.seed = seed;
}

void SetThreads(int threads, TrainOptions& options) {
  options.threads = options.event_als.threads = options.organizer_als.threads =
      options.content.threads = options.index.build_threads = threads;
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
  if (config.has_content_dim()) {
    if (config.content_dim() < 1 || config.content_dim() > kMaxContentDim) {
      return OutOfRange("content_dim", config.content_dim(),
                        absl::StrCat("1 to ", kMaxContentDim));
    }
    options.content.dim = config.content_dim();
  }
  RETURN_IF_ERROR(ReadIndex(config.index(), options.index));
  TextFormat::PrintToString(config.ranking(), &options.ranking_config);
  RETURN_IF_ERROR(
      ApplyRankingConfig(RankingPolicy(), options.ranking_config).status());
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
  WriteIndex(options.index, *config.mutable_index());
  TextFormat::ParseFromString(options.ranking_config, config.mutable_ranking());
  config.set_learn_ranker(options.learn_ranker);
  WriteRanker(options.ranker, *config.mutable_ranker());
  std::string text;
  TextFormat::PrintToString(config, &text);
  return text;
}

}  // namespace usher
