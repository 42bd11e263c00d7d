#include "serving/experiments/experiments.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxSaltBytes = 128;
// Shares such as 1/3 do not add up to 1 in binary.
constexpr double kRounding = 1e-9;

absl::Status Wrong(absl::string_view path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

std::string PathOf(size_t experiment) {
  return absl::StrCat("experiments[", experiment, "]");
}

// So that names stand in tables, metrics and flags as they are.
absl::Status CheckName(absl::string_view name, const std::string& path) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
  });
  if (plain && !name.empty() && name.size() <= kMaxNameBytes) {
    return absl::OkStatus();
  }
  return Wrong(path, absl::StrCat("\"", name, "\" is not 1 to ", kMaxNameBytes,
                                  " letters, digits, \"_\", \"-\" and \".\""));
}

absl::Status CheckPart(double part, const std::string& path) {
  if (part >= 0 && part <= 1) return absl::OkStatus();
  return Wrong(path, absl::StrCat(part, " is not in [0, 1]"));
}

absl::Status CheckVariants(const Experiment& experiment,
                           const std::string& path) {
  const size_t count = experiment.variants.size();
  if (count < Experiments::kMinVariants || count > Experiments::kMaxVariants) {
    return Wrong(path + ".variants",
                 absl::StrCat("has ", count, " entries; an experiment has ",
                              Experiments::kMinVariants, " to ",
                              Experiments::kMaxVariants));
  }
  std::set<std::string> names;
  for (size_t i = 0; i < count; ++i) {
    const Variant& variant = experiment.variants[i];
    const std::string own = absl::StrCat(path, ".variants[", i, "]");
    RETURN_IF_ERROR(CheckName(variant.name, own + ".name"));
    if (!names.insert(variant.name).second) {
      return Wrong(own + ".name", absl::StrCat("\"", variant.name,
                                               "\" is taken by another one"));
    }
    if (!(variant.weight > 0 &&
          variant.weight <= Experiments::kMaxVariantWeight)) {
      return Wrong(own + ".weight",
                   absl::StrCat(variant.weight, " is not above 0 and up to ",
                                Experiments::kMaxVariantWeight));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckExperiment(const Experiment& experiment,
                             const std::string& path) {
  RETURN_IF_ERROR(CheckName(experiment.name, path + ".name"));
  if (experiment.salt.size() > kMaxSaltBytes) {
    return Wrong(path + ".salt",
                 absl::StrCat("has ", experiment.salt.size(), " bytes; ",
                              kMaxSaltBytes, " are allowed"));
  }
  if (!experiment.layer.empty()) {
    RETURN_IF_ERROR(CheckName(experiment.layer, path + ".layer"));
  }
  RETURN_IF_ERROR(CheckPart(experiment.share, path + ".share"));
  if (experiment.begin.has_value()) {
    RETURN_IF_ERROR(CheckPart(*experiment.begin, path + ".begin"));
    if (*experiment.begin + experiment.share > 1 + kRounding) {
      return Wrong(path + ".begin",
                   absl::StrCat(*experiment.begin, " and a share of ",
                                experiment.share, " end above 1"));
    }
  }
  return CheckVariants(experiment, path);
}

// Experiments with the same layer, by their place in the configuration.
std::map<std::string, std::vector<size_t>> ByLayer(
    const std::vector<Experiment>& all) {
  std::map<std::string, std::vector<size_t>> layers;
  for (size_t i = 0; i < all.size(); ++i) {
    if (!all[i].layer.empty()) layers[all[i].layer].push_back(i);
  }
  return layers;
}

std::set<std::string> OverriddenFields(const Experiment& experiment) {
  std::set<std::string> fields;
  for (const Variant& variant : experiment.variants) {
    for (const auto& [feature, weight] : variant.ranking.weights) {
      fields.insert(absl::StrCat("the weight of ", FeatureName(feature)));
    }
    if (variant.ranking.scan_candidates.has_value()) {
      fields.insert("scan_candidates");
    }
  }
  return fields;
}

// What one user's variants override must not depend on an order.
absl::Status CheckOverrides(const std::vector<Experiment>& all) {
  std::map<std::string, const Experiment*> owners;
  for (size_t i = 0; i < all.size(); ++i) {
    for (const std::string& field : OverriddenFields(all[i])) {
      const Experiment* owner = owners.emplace(field, &all[i]).first->second;
      if (owner == &all[i] ||
          (!owner->layer.empty() && owner->layer == all[i].layer)) {
        continue;
      }
      return Wrong(PathOf(i), absl::StrCat("overrides ", field, ", as does \"",
                                           owner->name,
                                           "\"; put both into one layer, so "
                                           "that no user is in both"));
    }
  }
  return absl::OkStatus();
}

// Uniform in [0, 1) over users; independent for different seeds.
double PointOf(absl::string_view user_id, uint64_t seed) {
  return static_cast<double>(Hash64(user_id, seed) >> 11) * 0x1.0p-53;
}

}  // namespace

absl::StatusOr<Experiments> Experiments::Create(std::vector<Experiment> all) {
  if (all.size() > kMaxExperiments) {
    return Wrong("experiments", absl::StrCat("has ", all.size(), " entries; ",
                                             kMaxExperiments, " are allowed"));
  }
  std::set<std::string> names;
  std::set<std::string> salts;
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string path = PathOf(i);
    RETURN_IF_ERROR(CheckExperiment(all[i], path));
    if (!names.insert(all[i].name).second) {
      return Wrong(path + ".name", absl::StrCat("\"", all[i].name,
                                                "\" is taken by another one"));
    }
    if (all[i].salt.empty()) all[i].salt = all[i].name;
    if (!salts.insert(all[i].salt).second) {
      return Wrong(path + ".salt",
                   absl::StrCat("\"", all[i].salt,
                                "\" is that of another experiment; both would "
                                "divide users in the same way"));
    }
  }
  RETURN_IF_ERROR(CheckOverrides(all));
  Experiments experiments;
  experiments.all_ = std::move(all);
  experiments.draws_.resize(experiments.all_.size());
  RETURN_IF_ERROR(experiments.PlaceInLayers());
  experiments.DrawVariants();
  return experiments;
}

const Experiments& Experiments::None() {
  static const Experiments& none = *new Experiments();
  return none;
}

absl::Status Experiments::PlaceInLayers() {
  for (size_t i = 0; i < all_.size(); ++i) {
    Draw& draw = draws_[i];
    draw.layer_seed = Hash64(absl::StrCat("own layer\n", all_[i].salt));
    draw.begin = all_[i].begin.value_or(0);
    draw.end = draw.begin + all_[i].share;
  }
  for (auto& [layer, members] : ByLayer(all_)) {
    const bool placed = all_[members.front()].begin.has_value();
    std::sort(members.begin(), members.end(), [&](size_t a, size_t b) {
      return placed ? all_[a].begin < all_[b].begin
                    : all_[a].name < all_[b].name;
    });
    double end = 0;
    for (const size_t i : members) {
      if (all_[i].begin.has_value() != placed) {
        return Wrong(PathOf(i) + ".begin",
                     absl::StrCat("in layer \"", layer,
                                  "\" all experiments have one, or none"));
      }
      Draw& draw = draws_[i];
      draw.layer_seed = Hash64(absl::StrCat("layer\n", layer));
      draw.begin = all_[i].begin.value_or(end);
      draw.end = draw.begin + all_[i].share;
      if (placed && draw.begin < end - kRounding && all_[i].share > 0) {
        return Wrong(PathOf(i) + ".begin",
                     absl::StrCat(draw.begin,
                                  " is in the users of another "
                                  "experiment of layer \"",
                                  layer, "\", which end at ", end));
      }
      end = std::max(end, draw.end);
    }
    if (end > 1 + kRounding) {
      return Wrong(PathOf(members.back()) + ".share",
                   absl::StrCat("the shares of layer \"", layer,
                                "\" add up to ", end, ", more than all users"));
    }
  }
  return absl::OkStatus();
}

void Experiments::DrawVariants() {
  for (size_t i = 0; i < all_.size(); ++i) {
    const std::vector<Variant>& variants = all_[i].variants;
    Draw& draw = draws_[i];
    draw.variant_seed = Hash64(absl::StrCat("variant\n", all_[i].salt));
    double total = 0;
    for (size_t v = 0; v < variants.size(); ++v) {
      draw.variant_ends.emplace_back(static_cast<int>(v), 0);
    }
    std::sort(draw.variant_ends.begin(), draw.variant_ends.end(),
              [&](const auto& a, const auto& b) {
                return variants[a.first].name < variants[b.first].name;
              });
    for (auto& [variant, end] : draw.variant_ends) {
      total += variants[variant].weight;
      end = total;
    }
    for (auto& [variant, end] : draw.variant_ends) end /= total;
  }
}

const Experiment* Experiments::Find(absl::string_view name) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(),
                   [&](const Experiment& e) { return e.name == name; });
  return found == all_.end() ? nullptr : &*found;
}

std::vector<Assignment> Experiments::Assign(absl::string_view user_id) const {
  std::vector<Assignment> assignments;
  if (user_id.empty()) return assignments;
  for (size_t i = 0; i < all_.size(); ++i) {
    const Draw& draw = draws_[i];
    const double point = PointOf(user_id, draw.layer_seed);
    if (point < draw.begin || point >= draw.end) continue;
    const double drawn = PointOf(user_id, draw.variant_seed);
    // The last one ends at 1, which no point reaches.
    const auto variant =
        std::find_if(draw.variant_ends.begin(), draw.variant_ends.end(),
                     [&](const auto& v) { return drawn < v.second; });
    assignments.push_back({&all_[i], &all_[i].variants[variant->first]});
  }
  return assignments;
}

RankingPolicy PolicyOf(const std::vector<Assignment>& assignments,
                       const RankingPolicy& base) {
  RankingPolicy policy = base;
  for (const Assignment& assignment : assignments) {
    Apply(assignment.variant->ranking, policy);
  }
  return policy;
}

}  // namespace usher
