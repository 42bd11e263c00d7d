#include "index/model/taste_model.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "index/model/flat_bytes.h"
#include "index/model/neural.h"

namespace usher {
namespace {

constexpr absl::string_view kTasteMagic("USHTAST\x01", 8);
constexpr uint64_t kMostItems = 1u << 30;
constexpr uint64_t kMostDim = 1u << 12;
constexpr uint64_t kMostNumbers = 1u << 26;
constexpr int kLogisticSteps = 20;
constexpr double kLeastRidge = 1e-3;
// A step of Newton's method is cut to this length, and is the last one when it
// is shorter than the other.
constexpr double kLongestNewton = 5;
constexpr double kNewtonDone = 1e-4;
// Of a history, what content looks at.
constexpr size_t kContentActions = 200;

absl::Status Misfit(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("taste model: ", what));
}

// Of kTowers.
TwoLayers LayersOf(const TasteParts& parts) {
  return {parts.inputs.dim() - parts.sizes[0], parts.sizes[1], parts.sizes[2]};
}

// Of kRecurrent.
GatedUnit UnitOf(const TasteParts& parts) {
  return {parts.inputs.dim(), parts.sizes[0]};
}

absl::Status CheckSizes(const TasteParts& parts, size_t numbers, size_t sizes) {
  if (parts.numbers.size() != numbers || parts.sizes.size() != sizes) {
    return Misfit(absl::StrCat("fold ", static_cast<int>(parts.fold), " has ",
                               parts.numbers.size(), " numbers and ",
                               parts.sizes.size(), " sizes"));
  }
  return absl::OkStatus();
}

absl::Status CheckInputs(const TasteParts& parts, size_t out) {
  if (parts.inputs.rows() != parts.items.rows() || parts.items.dim() != out) {
    return Misfit("inputs and items do not fit");
  }
  return absl::OkStatus();
}

absl::Status CheckRidge(const TasteParts& parts) {
  RETURN_IF_ERROR(CheckSizes(parts, 5, 0));
  const auto at_least_0 = [](float number) { return number >= 0; };
  if (!std::all_of(parts.numbers.begin(), parts.numbers.end(), at_least_0) ||
      !std::all_of(parts.seen.begin(), parts.seen.end(), at_least_0)) {
    return Misfit("a number is below 0");
  }
  if (!(parts.numbers[4] > 0)) return Misfit("rows have no size");
  return absl::OkStatus();
}

absl::Status CheckContent(const TasteParts& parts) {
  RETURN_IF_ERROR(CheckSizes(parts, 1, 1));
  if (!(parts.numbers[0] > 0)) return Misfit("the horizon is not above 0");
  if (parts.items.rows() > 0 || parts.items.dim() > 0) {
    return Misfit("content has no items");
  }
  return absl::OkStatus();
}

absl::Status CheckTowers(const TasteParts& parts) {
  if (parts.sizes.size() != 3 || parts.sizes[0] > parts.inputs.dim()) {
    return Misfit("the layers do not fit the inputs");
  }
  RETURN_IF_ERROR(CheckSizes(parts, parts.sizes[0] + LayersOf(parts).numbers(),
                             parts.sizes.size()));
  return CheckInputs(parts, size_t{parts.sizes[0]} + parts.sizes[2] + 1);
}

absl::Status CheckRecurrent(const TasteParts& parts) {
  if (parts.sizes.size() != 2) return Misfit("the unit has no size");
  RETURN_IF_ERROR(
      CheckSizes(parts, UnitOf(parts).numbers(), parts.sizes.size()));
  return CheckInputs(parts, size_t{parts.sizes[0]} + 1);
}

absl::Status CheckLogistic(const TasteParts& parts) {
  RETURN_IF_ERROR(CheckSizes(parts, 3, parts.sizes.size()));
  if (parts.items.dim() < 3) return Misfit("fewer than 3 columns");
  for (const uint32_t item : parts.sizes) {
    if (item >= parts.items.rows()) return Misfit("no such unobserved item");
  }
  return absl::OkStatus();
}

absl::Status Check(const TasteParts& parts) {
  if (parts.seen.size() != parts.items.rows()) {
    return Misfit("not every item says what it was learned from");
  }
  for (const uint32_t size : parts.sizes) {
    if (size > kMostItems) return Misfit("a size out of range");
  }
  const bool takes_inputs =
      parts.fold == UserFold::kTowers || parts.fold == UserFold::kRecurrent;
  if (!takes_inputs && (parts.inputs.rows() > 0 || parts.inputs.dim() > 0)) {
    return Misfit("inputs that nothing goes into");
  }
  switch (parts.fold) {
    case UserFold::kRidge:
      return CheckRidge(parts);
    case UserFold::kRatings:
      if (parts.items.dim() < 3) return Misfit("fewer than 3 columns");
      return CheckSizes(parts, 2, 0);
    case UserFold::kLogistic:
      return CheckLogistic(parts);
    case UserFold::kSum:
      return CheckSizes(parts, 0, 0);
    case UserFold::kContent:
      return CheckContent(parts);
    case UserFold::kTowers:
      return CheckTowers(parts);
    case UserFold::kRecurrent:
      return CheckRecurrent(parts);
  }
  return Misfit("an unknown fold");
}

bool Learned(const TasteParts& parts, int32_t item) {
  return item >= 0 && static_cast<size_t>(item) < parts.items.rows() &&
         parts.seen[item] > 0;
}

// Adds the mean of the event's rows of `table`; false when it has none.
bool AddMean(const TasteParts& parts, const Factors& table,
             const Catalog& catalog, EventRow event, absl::Span<float> out) {
  int32_t scratch = -1;
  const absl::Span<const int32_t> items =
      ItemsOf(catalog, event, parts.items_are, scratch);
  const auto known =
      std::count_if(items.begin(), items.end(),
                    [&](int32_t item) { return Learned(parts, item); });
  for (const int32_t item : items) {
    if (!Learned(parts, item)) continue;
    const absl::Span<const float> row = table.Row(item);
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] += row[i] / static_cast<float>(known);
    }
  }
  return known > 0;
}

void AddScaled(float scale, absl::Span<const float> row,
               absl::Span<float> out) {
  for (size_t i = 0; i < out.size(); ++i) out[i] += scale * row[i];
}

std::vector<float> FoldRatings(const TasteParts& parts, const Catalog& catalog,
                               absl::Span<const Action> history) {
  const size_t dim = parts.items.dim();
  const auto unknowns = static_cast<Eigen::Index>(dim - 1);
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(unknowns, unknowns);
  Eigen::VectorXd b = Eigen::VectorXd::Zero(unknowns);
  Eigen::VectorXd x(unknowns);
  int ratings = 0;
  for (const Action& action : history) {
    if (action.kind != InteractionKind::kRating) continue;
    if (!std::isfinite(action.value)) continue;
    std::vector<float> item(dim, 0.0f);
    if (!AddMean(parts, parts.items, catalog, action.event,
                 absl::MakeSpan(item))) {
      continue;
    }
    for (Eigen::Index i = 0; i < unknowns; ++i) x[i] = item[i];
    a += x * x.transpose();
    b += (action.value - parts.numbers[1] - item[dim - 1]) * x;
    ++ratings;
  }
  std::vector<float> user(dim, 0.0f);
  if (ratings > 0) {
    a.diagonal().array() += std::max(1e-6, double{parts.numbers[0]} * ratings);
    const Eigen::VectorXd solution = a.llt().solve(b);
    for (Eigen::Index i = 0; i < unknowns; ++i) {
      user[i] = static_cast<float>(solution[i]);
    }
  }
  user[dim - 2] += parts.numbers[1];
  user[dim - 1] = 1;
  return user;
}

// The mode of the posterior, by Newton's method: it is concave.
std::vector<float> FoldLogistic(const TasteParts& parts,
                                absl::Span<const WeightedItem> tastes) {
  const size_t dim = parts.items.dim();
  const float share = parts.numbers[1] / static_cast<float>(std::max<size_t>(
                                             1, parts.sizes.size()));
  // What is not known: [x, b]; an item without its bias is [y, 1].
  const auto unknowns = static_cast<Eigen::Index>(dim - 1);
  Eigen::VectorXd user = Eigen::VectorXd::Zero(unknowns);
  Eigen::VectorXd item(unknowns);
  Eigen::VectorXd ridge = Eigen::VectorXd::Constant(
      unknowns, std::max(kLeastRidge, double{parts.numbers[2]}));
  ridge[unknowns - 1] = kLeastRidge;
  for (int step = 0; step < kLogisticSteps; ++step) {
    Eigen::VectorXd slope = -ridge.cwiseProduct(user);
    Eigen::MatrixXd curve = ridge.asDiagonal();
    const auto add = [&](int32_t row, double weight, bool liked) {
      const absl::Span<const float> values = parts.items.Row(row);
      for (Eigen::Index i = 0; i + 1 < unknowns; ++i) item[i] = values[i];
      item[unknowns - 1] = 1;
      const double p = 1 / (1 + std::exp(-(item.dot(user) + values[dim - 2])));
      slope += weight * (liked ? 1 - p : -p) * item;
      curve.selfadjointView<Eigen::Lower>().rankUpdate(item,
                                                       weight * p * (1 - p));
    };
    for (const WeightedItem& taste : tastes) {
      add(taste.item, parts.numbers[0] * taste.weight, true);
    }
    for (const uint32_t row : parts.sizes) {
      add(static_cast<int32_t>(row), share, false);
    }
    Eigen::VectorXd change =
        curve.selfadjointView<Eigen::Lower>().llt().solve(slope);
    const double length = change.norm();
    if (length > kLongestNewton) change *= kLongestNewton / length;
    user += change;
    if (length < kNewtonDone) break;
  }
  std::vector<float> vector(dim, 1.0f);
  for (Eigen::Index i = 0; i + 1 < unknowns; ++i) {
    vector[i] = static_cast<float>(user[i]);
  }
  vector[dim - 1] = static_cast<float>(user[unknowns - 1]);
  for (const float value : vector) {
    if (!std::isfinite(value)) return std::vector<float>(dim, 0.0f);
  }
  return vector;
}

std::vector<float> FoldContent(const TasteParts& parts, const Catalog& catalog,
                               const ContentEncoder& content,
                               absl::Span<const Action> history,
                               absl::Span<const TasteSeed> seeds,
                               const Feedback& feedback) {
  std::vector<float> mean(parts.sizes[0], 0.0f);
  if (content.dim() != mean.size()) return mean;
  if (history.size() > kContentActions) {
    history.remove_prefix(history.size() - kContentActions);
  }
  const Micros latest = LatestOf(history);
  const auto add = [&](EventRow event, float weight) {
    if (weight == 0) return;
    AddScaled(weight, content.Encode(catalog.GetEvent(event)),
              absl::MakeSpan(mean));
  };
  for (const Action& action : history) {
    const double days = action.time == kNoTime
                            ? 0.0
                            : static_cast<double>(latest - action.time) / kDay;
    add(action.event,
        feedback.Taste(action, latest) *
            static_cast<float>(std::exp(-days / parts.numbers[0])));
  }
  for (const TasteSeed& seed : seeds) add(seed.event, seed.weight);
  Normalize(absl::MakeSpan(mean));
  return mean;
}

std::vector<float> FoldTowers(const TasteParts& parts,
                              absl::Span<const WeightedItem> tastes) {
  std::vector<float> mean(parts.inputs.dim(), 0.0f);
  float weights = 0;
  for (const WeightedItem& taste : tastes) weights += taste.weight;
  for (const WeightedItem& taste : tastes) {
    AddScaled(taste.weight / weights, parts.inputs.Row(taste.item),
              absl::MakeSpan(mean));
  }
  const size_t scaled = parts.sizes[0];
  std::vector<float> user(parts.items.dim(), 1.0f);
  for (size_t i = 0; i < scaled; ++i) user[i] = parts.numbers[i] * mean[i];
  std::vector<float> middle;
  LayersOf(parts).Apply(parts.numbers.data() + scaled,
                        absl::MakeConstSpan(mean).subspan(scaled), middle,
                        absl::MakeSpan(user).subspan(scaled, parts.sizes[2]));
  return user;
}

// Of a sequence, oldest first; zeros of an empty one.
std::vector<float> FoldSequence(const TasteParts& parts, const Catalog& catalog,
                                absl::Span<const EventRow> events) {
  const GatedUnit unit = UnitOf(parts);
  GatedUnit::Step step;
  std::vector<float> state(unit.hidden, 0.0f);
  bool known = false;
  for (const EventRow event : events) {
    std::vector<float> input(unit.input, 0.0f);
    if (!AddMean(parts, parts.inputs, catalog, event, absl::MakeSpan(input))) {
      continue;
    }
    unit.Apply(parts.numbers.data(), input, state, step);
    state = step.h;
    known = true;
  }
  state.push_back(known ? 1.0f : 0.0f);
  return state;
}

}  // namespace

std::vector<EventRow> LikedInOrder(absl::Span<const Action> history,
                                   absl::Span<const TasteSeed> seeds,
                                   const Feedback& feedback, size_t most) {
  std::vector<std::pair<Micros, EventRow>> liked;
  for (const Action& action : history) {
    if (feedback.Taste(action, kNoTime) > 0) {
      liked.emplace_back(action.time, action.event);
    }
  }
  std::stable_sort(
      liked.begin(), liked.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<EventRow> events;
  for (const auto& [time, event] : liked) events.push_back(event);
  for (const TasteSeed& seed : seeds) {
    if (seed.weight > 0) events.push_back(seed.event);
  }
  if (events.size() > most) events.erase(events.begin(), events.end() - most);
  return events;
}

struct TasteModel::Body {
  TasteParts parts;
  FactorSpace space;  // Of kRidge.
};

absl::StatusOr<TasteModel> TasteModel::FromParts(TasteParts parts) {
  RETURN_IF_ERROR(Check(parts));
  auto body = std::make_shared<Body>();
  if (parts.fold == UserFold::kRidge) {
    body->space =
        FactorSpace(Factors(), parts.items, parts.seen,
                    {parts.numbers[0], parts.numbers[1], parts.numbers[2],
                     parts.numbers[3], parts.numbers[4]});
  }
  body->parts = std::move(parts);
  TasteModel model;
  model.body_ = std::move(body);
  return model;
}

absl::StatusOr<TasteModel> TasteModel::FromBytes(
    absl::string_view bytes, std::shared_ptr<const void> keep) {
  const KeptBytes kept = AlignedBytes(bytes, std::move(keep));
  FlatReader reader("taste model", kTasteMagic, kept.bytes);
  TasteParts parts;
  parts.items_are = static_cast<ItemKind>(reader.Count(kNumItemKinds - 1));
  parts.fold = static_cast<UserFold>(reader.Count(kNumUserFolds - 1));
  const uint64_t items = reader.Count(kMostItems);
  const uint64_t dim = reader.Count(kMostDim);
  const uint64_t inputs = reader.Count(kMostItems);
  const uint64_t width = reader.Count(kMostDim);
  const uint64_t numbers = reader.Count(kMostNumbers);
  const uint64_t sizes = reader.Count(kMostNumbers);
  const absl::Span<const float> item_rows = reader.Floats(items * dim);
  const absl::Span<const float> seen = reader.Floats(items);
  const absl::Span<const float> input_rows = reader.Floats(inputs * width);
  const absl::Span<const float> values = reader.Floats(numbers);
  const absl::Span<const uint32_t> counts = reader.Numbers(sizes);
  RETURN_IF_ERROR(reader.Finish());
  parts.items = Factors(items, dim, item_rows.data(), kept.keep);
  parts.seen.assign(seen.begin(), seen.end());
  parts.inputs = Factors(inputs, width, input_rows.data(), kept.keep);
  parts.numbers.assign(values.begin(), values.end());
  parts.sizes.assign(counts.begin(), counts.end());
  absl::StatusOr<TasteModel> model = FromParts(std::move(parts));
  if (!model.ok()) return absl::DataLossError(model.status().message());
  return model;
}

std::string TasteModel::Serialize() const {
  const TasteParts& parts = body_->parts;
  FlatWriter writer(kTasteMagic);
  writer.Count(static_cast<uint64_t>(parts.items_are));
  writer.Count(static_cast<uint64_t>(parts.fold));
  writer.Count(parts.items.rows());
  writer.Count(parts.items.dim());
  writer.Count(parts.inputs.rows());
  writer.Count(parts.inputs.dim());
  writer.Count(parts.numbers.size());
  writer.Count(parts.sizes.size());
  writer.Floats({parts.items.data(), parts.items.rows() * parts.items.dim()});
  writer.Floats(parts.seen);
  writer.Floats(
      {parts.inputs.data(), parts.inputs.rows() * parts.inputs.dim()});
  writer.Floats(parts.numbers);
  writer.Numbers(parts.sizes);
  return std::move(writer).Take();
}

size_t TasteModel::dim() const {
  if (body_ == nullptr) return 0;
  return body_->parts.fold == UserFold::kContent ? body_->parts.sizes[0]
                                                 : body_->parts.items.dim();
}

const TasteParts& TasteModel::parts() const { return body_->parts; }

std::vector<float> TasteModel::EventVector(
    const Catalog& catalog, EventRow row,
    absl::Span<const float> embedding) const {
  std::vector<float> vector(dim(), 0.0f);
  if (body_->parts.fold == UserFold::kContent) {
    if (embedding.size() == vector.size()) {
      std::copy(embedding.begin(), embedding.end(), vector.begin());
    }
  } else {
    AddMean(body_->parts, body_->parts.items, catalog, row,
            absl::MakeSpan(vector));
  }
  return vector;
}

std::vector<float> TasteModel::UserVector(const Catalog& catalog,
                                          const ContentEncoder& content,
                                          absl::Span<const Action> history,
                                          absl::Span<const Follow> follows,
                                          absl::Span<const TasteSeed> seeds,
                                          const Feedback& feedback) const {
  const TasteParts& parts = body_->parts;
  if (parts.fold == UserFold::kRatings) {
    return FoldRatings(parts, catalog, history);
  }
  if (parts.fold == UserFold::kContent) {
    return FoldContent(parts, catalog, content, history, seeds, feedback);
  }
  if (parts.fold == UserFold::kRecurrent) {
    return FoldSequence(parts, catalog,
                        LikedInOrder(history, seeds, feedback, parts.sizes[1]));
  }
  std::vector<WeightedItem> tastes =
      ItemTastes(catalog, parts.items_are, history, follows, seeds, feedback);
  if (parts.fold == UserFold::kRidge) return body_->space.FoldIn(tastes);
  std::vector<float> sum(dim(), 0.0f);
  std::erase_if(tastes, [&](const WeightedItem& taste) {
    return !Learned(parts, taste.item) ||
           (parts.fold != UserFold::kSum && taste.weight <= 0);
  });
  if (tastes.empty()) return sum;
  if (parts.fold == UserFold::kLogistic) return FoldLogistic(parts, tastes);
  if (parts.fold == UserFold::kTowers) return FoldTowers(parts, tastes);
  for (const WeightedItem& taste : tastes) {
    AddScaled(taste.weight, parts.items.Row(taste.item), absl::MakeSpan(sum));
  }
  return sum;
}

}  // namespace usher
