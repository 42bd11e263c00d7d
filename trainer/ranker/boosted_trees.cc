#include "trainer/ranker/boosted_trees.h"

#include <simdjson.h>
#include <xgboost/c_api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

absl::Status Check(int code) {
  if (code == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("XGBoost: ", XGBGetLastError()));
}

// Owns a handle of XGBoost.
template <int (*Free)(void*)>
class Handle {
 public:
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (handle_ != nullptr) Free(handle_);
  }
  void* get() const { return handle_; }
  void** out() { return &handle_; }

 private:
  void* handle_ = nullptr;
};
using Matrix = Handle<&XGDMatrixFree>;
using Booster = Handle<&XGBoosterFree>;

bool HasSomethingToOrder(const RankingExamples& examples, size_t queries) {
  for (size_t query = 0; query < queries; ++query) {
    size_t relevant = 0;
    for (size_t row = examples.begin(query); row < examples.end(query); ++row) {
      relevant += examples.label(row).relevant;
    }
    if (relevant > 0 &&
        relevant < examples.end(query) - examples.begin(query)) {
      return true;
    }
  }
  return false;
}

absl::Status FillFeatures(absl::Span<const float> features, Matrix& matrix) {
  return Check(XGDMatrixCreateFromMat(
      features.data(), features.size() / kNumFeatures, kNumFeatures,
      std::numeric_limits<float>::quiet_NaN(), matrix.out()));
}

// With zeros for what is left out: nothing to split by.
absl::Status FillFeatures(absl::Span<const float> features,
                          absl::Span<const Feature> leave_out, Matrix& matrix) {
  if (leave_out.empty()) return FillFeatures(features, matrix);
  std::vector<float> kept(features.begin(), features.end());
  for (size_t row = 0; row < kept.size(); row += kNumFeatures) {
    for (const Feature feature : leave_out) {
      kept[row + static_cast<size_t>(feature)] = 0;
    }
  }
  return FillFeatures(kept, matrix);
}

absl::Status Fill(const RankingExamples& examples, size_t queries,
                  const BoostOptions& options, Matrix& matrix) {
  const size_t rows = queries == 0 ? 0 : examples.end(queries - 1);
  RETURN_IF_ERROR(FillFeatures(
      absl::MakeConstSpan(examples.features()).first(rows * kNumFeatures),
      options.leave_out, matrix));
  std::vector<float> labels(rows);
  for (size_t row = 0; row < rows; ++row) {
    labels[row] = examples.label(row).relevant ? 1 : 0;
  }
  RETURN_IF_ERROR(
      Check(XGDMatrixSetFloatInfo(matrix.get(), "label", labels.data(), rows)));
  std::vector<unsigned> sizes(queries);
  for (size_t query = 0; query < queries; ++query) {
    sizes[query] =
        static_cast<unsigned>(examples.end(query) - examples.begin(query));
  }
  RETURN_IF_ERROR(Check(
      XGDMatrixSetUIntInfo(matrix.get(), "group", sizes.data(), queries)));
  if (!options.on_linear) return absl::OkStatus();
  return Check(XGDMatrixSetFloatInfo(matrix.get(), "base_margin",
                                     examples.linear().data(), rows));
}

absl::Status Configure(const BoostOptions& options, Booster& booster) {
  const std::pair<const char*, std::string> parameters[] = {
      {"objective",
       options.loss == RankingLoss::kNdcg ? "rank:ndcg" : "rank:pairwise"},
      {"tree_method", "hist"},
      {"nthread", "1"},
      {"verbosity", "0"},
      {"max_depth", absl::StrCat(options.depth)},
      {"eta", absl::StrCat(options.learning_rate)},
      {"subsample", absl::StrCat(options.row_share)},
      {"colsample_bytree", absl::StrCat(options.feature_share)},
      {"min_child_weight", absl::StrCat(options.least_weight)},
      {"max_bin", absl::StrCat(options.bins)},
      {"seed", absl::StrCat(options.seed % 0x7fffffff)},
  };
  for (const auto& [name, value] : parameters) {
    RETURN_IF_ERROR(
        Check(XGBoosterSetParam(booster.get(), name, value.c_str())));
  }
  return absl::OkStatus();
}

// A tree as XGBoost's JSON model has it.
struct GrownTree {
  std::vector<int64_t> left;  // -1: a leaf.
  std::vector<int64_t> right;
  std::vector<int64_t> features;
  std::vector<double> conditions;  // Threshold; of a leaf its value.
  std::vector<double> weights;     // Sums of hessians.
};

// Puts the subtree of `from` at `to` of a perfect tree of `depth`; returns the
// mean of its leaves by weight.
double Unfold(const GrownTree& grown, size_t from, size_t to, int depth,
              TreeRanker::Tree& tree) {
  const bool leaf = grown.left[from] < 0;
  double mean = grown.conditions[from];
  if (depth > 0) {
    TreeRanker::Split& split = tree.splits[to];
    split.feature =
        leaf ? Feature{} : static_cast<Feature>(grown.features[from]);
    split.threshold = leaf ? std::numeric_limits<float>::max()
                           : static_cast<float>(grown.conditions[from]);
    const size_t left = leaf ? from : static_cast<size_t>(grown.left[from]);
    const size_t right = leaf ? from : static_cast<size_t>(grown.right[from]);
    const double a = Unfold(grown, left, 2 * to + 1, depth - 1, tree);
    const double b = Unfold(grown, right, 2 * to + 2, depth - 1, tree);
    const double weight = grown.weights[left] + grown.weights[right];
    if (!leaf) {
      mean = weight > 0
                 ? (grown.weights[left] * a + grown.weights[right] * b) / weight
                 : (a + b) / 2;
    }
  }
  tree.values[to] = static_cast<float>(mean);
  return mean;
}

template <class T>
simdjson::error_code Read(simdjson::dom::element tree, const char* name,
                          std::vector<T>& values) {
  simdjson::dom::array array;
  if (const auto error = tree[name].get(array)) return error;
  for (const simdjson::dom::element value : array) {
    T number;
    if (const auto error = value.get(number)) return error;
    values.push_back(number);
  }
  return simdjson::SUCCESS;
}

simdjson::error_code Read(simdjson::dom::element tree, GrownTree& grown) {
  for (const auto& [name, values] :
       {std::pair("left_children", &grown.left),
        std::pair("right_children", &grown.right),
        std::pair("split_indices", &grown.features)}) {
    if (const auto error = Read(tree, name, *values)) return error;
  }
  if (const auto error = Read(tree, "split_conditions", grown.conditions)) {
    return error;
  }
  return Read(tree, "sum_hessian", grown.weights);
}

absl::StatusOr<std::vector<TreeRanker::Tree>> TreesOf(const Booster& booster,
                                                      int depth) {
  bst_ulong size = 0;
  const char* bytes = nullptr;
  RETURN_IF_ERROR(Check(XGBoosterSaveModelToBuffer(
      booster.get(), R"({"format": "json"})", &size, &bytes)));
  simdjson::dom::parser parser;
  simdjson::dom::array grown_trees;
  if (const auto error =
          parser.parse(bytes, size)
              .at_pointer("/learner/gradient_booster/model/trees")
              .get(grown_trees)) {
    return absl::InternalError(absl::StrCat("XGBoost: its model has no trees: ",
                                            simdjson::error_message(error)));
  }
  std::vector<TreeRanker::Tree> trees;
  for (const simdjson::dom::element entry : grown_trees) {
    GrownTree grown;
    if (const auto error = Read(entry, grown)) {
      return absl::InternalError(absl::StrCat(
          "XGBoost: a tree is not as known: ", simdjson::error_message(error)));
    }
    TreeRanker::Tree& tree = trees.emplace_back();
    tree.splits.resize((size_t{1} << depth) - 1);
    tree.values.resize((size_t{2} << depth) - 1);
    Unfold(grown, 0, 0, depth, tree);
  }
  return trees;
}

// The trees say what XGBoost says, but for the constant that it adds to rows
// without a margin: its files have changed with releases before.
absl::Status CheckAgainst(const Booster& booster, const Matrix& matrix,
                          const RankingExamples& examples,
                          const TreeRanker& trees) {
  constexpr float kTolerance = 1e-3f;
  bst_ulong rows = 0;
  const float* expected = nullptr;
  constexpr int kMargin = 1;
  RETURN_IF_ERROR(Check(XGBoosterPredict(booster.get(), matrix.get(), kMargin,
                                         0, 0, &rows, &expected)));
  std::vector<float> scores(
      examples.linear().begin(),
      examples.linear().begin() + static_cast<std::ptrdiff_t>(examples.end(0)));
  trees.Score(examples.FeaturesOf(0), absl::MakeSpan(scores));
  for (size_t row = 0; row < std::min<size_t>(rows, scores.size()); ++row) {
    const float difference =
        (expected[row] - expected[0]) - (scores[row] - scores[0]);
    if (!(std::abs(difference) <=
          kTolerance * (1 + std::abs(expected[row]) + std::abs(expected[0])))) {
      return absl::InternalError(absl::StrCat(
          "XGBoost: the trees that were read give row ", row, " a score of ",
          scores[row] - scores[0], " above the first, its own ",
          expected[row] - expected[0]));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TreeRanker> GrowTrees(
    const RankingExamples& examples, size_t queries,
    const BoostOptions& options,
    const std::function<void(int trees)>& progress) {
  if (!HasSomethingToOrder(examples, queries)) {
    return absl::InvalidArgumentError(
        "no query has both an event that was answered and others");
  }
  Matrix matrix;
  RETURN_IF_ERROR(Fill(examples, queries, options, matrix));
  Booster booster;
  void* const cached[] = {matrix.get()};
  RETURN_IF_ERROR(Check(XGBoosterCreate(cached, 1, booster.out())));
  RETURN_IF_ERROR(Configure(options, booster));
  for (int tree = 0; tree < options.trees; ++tree) {
    RETURN_IF_ERROR(
        Check(XGBoosterUpdateOneIter(booster.get(), tree, matrix.get())));
    if (progress) progress(tree + 1);
  }
  ASSIGN_OR_RETURN(std::vector<TreeRanker::Tree> trees,
                   TreesOf(booster, options.depth));
  ASSIGN_OR_RETURN(TreeRanker ranker,
                   TreeRanker::Create(options.depth, options.on_linear ? 1 : 0,
                                      std::move(trees)));
  RETURN_IF_ERROR(CheckAgainst(booster, matrix, examples, ranker));
  return ranker;
}

}  // namespace usher
