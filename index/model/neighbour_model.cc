#include "index/model/neighbour_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/container/flat_hash_map.h"
#include "index/base/status_macros.h"
#include "index/model/flat_bytes.h"

namespace usher {
namespace {

constexpr absl::string_view kNeighbourMagic("USHNEIG\x01", 8);
constexpr uint64_t kMostRows = 1u << 30;
constexpr uint64_t kMostEntries = std::numeric_limits<uint32_t>::max();

float SumOf(const WeightedRow& row) {
  float sum = 0;
  for (const WeightedItem& entry : row) sum += entry.weight;
  return sum;
}

void ToLengthOne(WeightedRow& row) {
  double squares = 0;
  for (const WeightedItem& entry : row) {
    squares += double{entry.weight} * entry.weight;
  }
  if (!(squares > 0)) return;
  const float scale = static_cast<float>(1 / std::sqrt(squares));
  for (WeightedItem& entry : row) entry.weight *= scale;
}

// Scales so that for the row's mean m, sum (w - m)^2 = 1: the correlation of
// two rows is then their product less the product of the sums over columns.
void ToUnitVariance(size_t columns, WeightedRow& row) {
  double sum = 0;
  double squares = 0;
  for (const WeightedItem& entry : row) {
    sum += entry.weight;
    squares += double{entry.weight} * entry.weight;
  }
  const double variance = squares - sum * sum / static_cast<double>(columns);
  // A row of equal weights everywhere varies with nothing.
  const float scale = variance > 1e-9 * squares
                          ? static_cast<float>(1 / std::sqrt(variance))
                          : 0.0f;
  for (WeightedItem& entry : row) entry.weight *= scale;
}

void WriteRows(FlatWriter& writer, const std::vector<WeightedRow>& rows) {
  std::vector<uint32_t> ends;
  std::vector<uint32_t> items;
  std::vector<float> weights;
  for (const WeightedRow& row : rows) {
    for (const WeightedItem& entry : row) {
      items.push_back(static_cast<uint32_t>(entry.item));
      weights.push_back(entry.weight);
    }
    ends.push_back(static_cast<uint32_t>(items.size()));
  }
  writer.Count(ends.size());
  writer.Count(items.size());
  writer.Numbers(ends);
  writer.Numbers(items);
  writer.Floats(weights);
}

std::vector<WeightedRow> ReadRows(FlatReader& reader) {
  const uint64_t count = reader.Count(kMostRows);
  const uint64_t entries = reader.Count(kMostEntries);
  const absl::Span<const uint32_t> ends = reader.Numbers(count);
  const absl::Span<const uint32_t> items = reader.Numbers(entries);
  const absl::Span<const float> weights = reader.Floats(entries);
  reader.Require(std::is_sorted(ends.begin(), ends.end()) &&
                     (ends.empty() ? 0 : ends.back()) == entries,
                 "rows that do not hold its entries");
  if (!reader.ok()) return {};
  std::vector<WeightedRow> rows(count);
  size_t next = 0;
  for (size_t row = 0; row < rows.size(); ++row) {
    rows[row].reserve(ends[row] - next);
    for (; next < ends[row]; ++next) {
      rows[row].push_back({static_cast<int32_t>(items[next]), weights[next]});
    }
  }
  return rows;
}

bool Fit(const std::vector<WeightedRow>& rows, size_t items) {
  return std::all_of(rows.begin(), rows.end(), [&](const WeightedRow& row) {
    return std::all_of(row.begin(), row.end(), [&](const WeightedItem& entry) {
      return entry.item >= 0 && static_cast<size_t>(entry.item) < items;
    });
  });
}

std::vector<WeightedItem> Positive(
    const absl::flat_hash_map<int32_t, float>& sums) {
  std::vector<WeightedItem> scores;
  for (const auto& [item, score] : sums) {
    if (score > 0) scores.push_back({item, score});
  }
  std::sort(scores.begin(), scores.end(),
            [](const WeightedItem& a, const WeightedItem& b) {
              return a.item < b.item;
            });
  return scores;
}

}  // namespace

LikenessScale LikenessScale::Of(Likeness likeness, float k1, float b,
                                absl::Span<const WeightedRow> rows,
                                size_t columns) {
  LikenessScale scale{likeness, k1, b, 1, std::vector<float>(columns)};
  std::vector<int64_t> having(columns, 0);
  double sum = 0;
  for (const WeightedRow& row : rows) {
    for (const WeightedItem& entry : row) ++having[entry.item];
    sum += SumOf(row);
  }
  if (sum > 0) scale.mean_sum = static_cast<float>(sum / rows.size());
  for (size_t i = 0; i < columns; ++i) {
    scale.idf[i] =
        static_cast<float>(std::log(static_cast<double>(rows.size())) -
                           std::log1p(static_cast<double>(having[i])));
  }
  return scale;
}

WeightedRow LikenessScale::Scaled(WeightedRow row) const {
  std::erase_if(row, [&](const WeightedItem& entry) {
    return entry.item < 0 || static_cast<size_t>(entry.item) >= idf.size() ||
           !(entry.weight > 0);
  });
  switch (likeness) {
    case Likeness::kCosine:
      ToLengthOne(row);
      break;
    case Likeness::kPearson:
      ToUnitVariance(idf.size(), row);
      break;
    case Likeness::kTfIdf:
      for (WeightedItem& entry : row) {
        entry.weight = std::sqrt(entry.weight) * idf[entry.item];
      }
      ToLengthOne(row);
      break;
    case Likeness::kBm25: {
      const float length = 1 - b + b * SumOf(row) / mean_sum;
      for (WeightedItem& entry : row) {
        entry.weight = entry.weight * (k1 + 1) / (k1 * length + entry.weight) *
                       idf[entry.item];
      }
      break;
    }
  }
  return row;
}

float LikenessScale::FromProduct(float product, float sum_a,
                                 float sum_b) const {
  if (likeness != Likeness::kPearson) return product;
  return product - sum_a * sum_b / static_cast<float>(idf.size());
}

struct NeighbourModel::Body {
  NeighbourParts parts;
  // By user: who has the item, with their scaled weight.
  std::vector<WeightedRow> users_of;
  std::vector<float> sums;  // Of each user's scaled row.

  std::vector<std::pair<float, int32_t>> Nearest(
      absl::Span<const WeightedItem> tastes, int32_t self) const;
};

// Best first, ties by row.
std::vector<std::pair<float, int32_t>> NeighbourModel::Body::Nearest(
    absl::Span<const WeightedItem> tastes, int32_t self) const {
  const WeightedRow own =
      parts.scale.Scaled(WeightedRow(tastes.begin(), tastes.end()));
  const float own_sum = SumOf(own);
  absl::flat_hash_map<int32_t, float> products;
  for (const WeightedItem& entry : own) {
    for (const WeightedItem& user : users_of[entry.item]) {
      if (user.item != self) products[user.item] += entry.weight * user.weight;
    }
  }
  std::vector<std::pair<float, int32_t>> nearest;
  for (const auto& [user, product] : products) {
    const float alike = parts.scale.FromProduct(product, own_sum, sums[user]);
    if (alike > 0) nearest.emplace_back(alike, user);
  }
  const size_t kept = std::min<size_t>(nearest.size(), parts.neighbours);
  std::partial_sort(nearest.begin(), nearest.begin() + kept, nearest.end(),
                    [](const auto& a, const auto& b) {
                      return a.first != b.first ? a.first > b.first
                                                : a.second < b.second;
                    });
  nearest.resize(kept);
  return nearest;
}

absl::StatusOr<NeighbourModel> NeighbourModel::FromParts(NeighbourParts parts) {
  const bool sized = parts.by_user
                         ? parts.weights.size() == parts.rows.size() &&
                               parts.scale.idf.size() == parts.items
                         : parts.rows.size() == parts.items &&
                               parts.weights.empty() && parts.scale.idf.empty();
  if (!sized || !Fit(parts.rows, parts.items) ||
      !Fit(parts.weights, parts.items)) {
    return absl::InvalidArgumentError(
        "neighbour model: the rows do not fit the items");
  }
  auto body = std::make_shared<Body>();
  if (parts.by_user) {
    body->users_of.resize(parts.items);
    for (size_t user = 0; user < parts.rows.size(); ++user) {
      for (const WeightedItem& entry : parts.rows[user]) {
        body->users_of[entry.item].push_back(
            {static_cast<int32_t>(user), entry.weight});
      }
      body->sums.push_back(SumOf(parts.rows[user]));
    }
  }
  body->parts = std::move(parts);
  NeighbourModel model;
  model.body_ = std::move(body);
  return model;
}

absl::StatusOr<NeighbourModel> NeighbourModel::FromBytes(
    absl::string_view bytes, std::shared_ptr<const void> keep) {
  const KeptBytes kept = AlignedBytes(bytes, std::move(keep));
  FlatReader reader("neighbour model", kNeighbourMagic, kept.bytes);
  NeighbourParts parts;
  parts.items_are = static_cast<ItemKind>(reader.Count(kNumItemKinds - 1));
  parts.by_user = reader.Count(1) == 1;
  parts.neighbours = static_cast<uint32_t>(reader.Count(kMostRows));
  parts.items = static_cast<uint32_t>(reader.Count(kMostRows));
  parts.scale.likeness =
      static_cast<Likeness>(reader.Count(kNumLikenesses - 1));
  const uint64_t numbers = reader.Count(kMostRows);
  const absl::Span<const float> values = reader.Floats(numbers);
  reader.Require(values.size() >= 3, "no scale");
  if (reader.ok()) {
    parts.scale.k1 = values[0];
    parts.scale.b = values[1];
    parts.scale.mean_sum = values[2];
    parts.scale.idf.assign(values.begin() + 3, values.end());
  }
  parts.rows = ReadRows(reader);
  parts.weights = ReadRows(reader);
  RETURN_IF_ERROR(reader.Finish());
  absl::StatusOr<NeighbourModel> model = FromParts(std::move(parts));
  if (!model.ok()) return absl::DataLossError(model.status().message());
  return model;
}

std::string NeighbourModel::Serialize() const {
  const NeighbourParts& parts = body_->parts;
  FlatWriter writer(kNeighbourMagic);
  writer.Count(static_cast<uint64_t>(parts.items_are));
  writer.Count(parts.by_user ? 1 : 0);
  writer.Count(parts.neighbours);
  writer.Count(parts.items);
  writer.Count(static_cast<uint64_t>(parts.scale.likeness));
  std::vector<float> values = {parts.scale.k1, parts.scale.b,
                               parts.scale.mean_sum};
  values.insert(values.end(), parts.scale.idf.begin(), parts.scale.idf.end());
  writer.Count(values.size());
  writer.Floats(values);
  WriteRows(writer, parts.rows);
  WriteRows(writer, parts.weights);
  return std::move(writer).Take();
}

const NeighbourParts& NeighbourModel::parts() const { return body_->parts; }

std::vector<WeightedItem> NeighbourModel::Scores(
    absl::Span<const WeightedItem> tastes, int32_t self) const {
  const NeighbourParts& parts = body_->parts;
  absl::flat_hash_map<int32_t, float> sums;
  if (parts.by_user) {
    for (const auto& [alike, user] : body_->Nearest(tastes, self)) {
      for (const WeightedItem& entry : parts.weights[user]) {
        sums[entry.item] += alike * entry.weight;
      }
    }
    return Positive(sums);
  }
  for (const WeightedItem& taste : tastes) {
    if (taste.item < 0 || static_cast<size_t>(taste.item) >= parts.items) {
      continue;
    }
    for (const WeightedItem& entry : parts.rows[taste.item]) {
      sums[entry.item] += taste.weight * entry.weight;
    }
  }
  return Positive(sums);
}

}  // namespace usher
