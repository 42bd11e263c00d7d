#include "index/artifact/model_files.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/artifact/checked_section.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr absl::string_view kRows = "rows";

// An object, and no function: the loop around it has to see through it.
constexpr auto kIsFinite = [](float value) {
  constexpr uint32_t kExponent = 0x7f800000u;
  return (std::bit_cast<uint32_t>(value) & kExponent) != kExponent;
};

std::string ShapeName(absl::string_view name) {
  return absl::StrCat(name, ".shape");
}

void WriteShape(FlatFileWriter& out, absl::string_view name, uint64_t rows,
                uint64_t dim) {
  const uint64_t shape[] = {rows, dim};
  out.Array(ShapeName(name), absl::MakeConstSpan(shape));
}

void WriteFactors(FlatFileWriter& out, absl::string_view name,
                  const Factors& matrix) {
  WriteShape(out, name, matrix.rows(), matrix.dim());
  out.Array(name,
            absl::MakeConstSpan(matrix.data(), matrix.rows() * matrix.dim()));
}

absl::StatusOr<Factors> ReadFactors(const FlatFile& file,
                                    absl::string_view name, int threads) {
  ASSIGN_OR_RETURN(const absl::Span<const uint64_t> shape,
                   file.Array<uint64_t>(ShapeName(name)));
  ASSIGN_OR_RETURN(const absl::Span<const float> values,
                   file.Array<float>(name));
  uint64_t product = 0;
  if (shape.size() != 2 ||
      __builtin_mul_overflow(shape[0], shape[1], &product) ||
      product != values.size()) {
    return file.Damaged(ShapeName(name), "does not fit the number of values");
  }
  if (!AllHold(values, threads, kIsFinite)) {
    return file.Damaged(name, "a number is not finite");
  }
  return Factors(shape[0], shape[1], values.data(), file.keep());
}

void WriteSpace(FlatFileWriter& out, absl::string_view name,
                const FactorSpace& space) {
  const FactorSpaceOptions& options = space.options();
  const float parameters[] = {options.unobserved_weight, options.regularization,
                              options.frequency_exponent,
                              options.degree_exponent, options.mean_row};
  out.Array(absl::StrCat(name, ".options"), absl::MakeConstSpan(parameters));
  out.Array(absl::StrCat(name, ".observed"), space.observations());
  WriteFactors(out, absl::StrCat(name, ".users"), space.users());
  WriteFactors(out, absl::StrCat(name, ".items"), space.items());
}

absl::StatusOr<std::vector<float>> ReadNumbers(const FlatFile& file,
                                               absl::string_view name,
                                               size_t size) {
  ASSIGN_OR_RETURN(const absl::Span<const float> values,
                   file.Array<float>(name));
  bool good = values.size() == size;
  for (const float value : values) good &= kIsFinite(value) && value >= 0;
  if (!good) {
    return file.Damaged(name,
                        absl::StrCat("not ", size, " numbers of 0 or more"));
  }
  return std::vector<float>(values.begin(), values.end());
}

absl::StatusOr<FactorSpace> ReadSpace(const FlatFile& file,
                                      absl::string_view name, size_t users,
                                      size_t items, int threads) {
  const std::string of_users = absl::StrCat(name, ".users");
  const std::string of_items = absl::StrCat(name, ".items");
  ASSIGN_OR_RETURN(Factors user_rows, ReadFactors(file, of_users, threads));
  ASSIGN_OR_RETURN(Factors item_rows, ReadFactors(file, of_items, threads));
  if (user_rows.rows() > users) {
    return file.Damaged(of_users, "more rows than the catalogue has users");
  }
  if (item_rows.rows() > items) {
    return file.Damaged(of_items, "more rows than the catalogue has");
  }
  if (!user_rows.empty() && user_rows.dim() != item_rows.dim()) {
    return file.Damaged(of_users, "not as wide as the items");
  }
  ASSIGN_OR_RETURN(const std::vector<float> parameters,
                   ReadNumbers(file, absl::StrCat(name, ".options"), 5));
  if (parameters[4] == 0) {
    return file.Damaged(absl::StrCat(name, ".options"), "rows have no size");
  }
  ASSIGN_OR_RETURN(
      std::vector<float> observed,
      ReadNumbers(file, absl::StrCat(name, ".observed"), item_rows.rows()));
  return FactorSpace(std::move(user_rows), std::move(item_rows),
                     std::move(observed),
                     {parameters[0], parameters[1], parameters[2],
                      parameters[3], parameters[4]});
}

template <class Part>
absl::Status ReadPart(const FlatFile& file, absl::string_view name,
                      Part* part) {
  ASSIGN_OR_RETURN(const absl::string_view bytes, file.Bytes(name));
  absl::StatusOr<Part> read = Part::FromBytes(bytes, file.keep());
  if (!read.ok()) return file.Damaged(name, read.status().message());
  *part = *std::move(read);
  return absl::OkStatus();
}

// A map either knows nothing or leads from descriptions to factors.
absl::Status CheckMap(const FlatFile& file, absl::string_view name,
                      const RidgeMap& map, size_t inputs, size_t outputs) {
  const bool empty = map.inputs() == 0 && map.outputs() == 0;
  if (empty || (map.inputs() == inputs && map.outputs() == outputs)) {
    return absl::OkStatus();
  }
  return file.Damaged(
      name, absl::StrCat("maps ", map.inputs(), " to ", map.outputs(),
                         " numbers instead of ", inputs, " to ", outputs));
}

}  // namespace

absl::Status WriteModel(const std::string& path, const HybridModel& model) {
  FlatFileWriter out(path);
  out.Bytes("content", model.content.Serialize());
  out.Bytes("places", model.places.Serialize());
  out.Bytes("event_map", model.event_map.Serialize());
  out.Bytes("organizer_map", model.organizer_map.Serialize());
  WriteSpace(out, "by_event", model.by_event);
  WriteSpace(out, "by_organizer", model.by_organizer);
  if (!model.feedback.is_default()) {
    const auto numbers = model.feedback.Numbers();
    out.Array("feedback", absl::MakeConstSpan(numbers));
  }
  if (!model.taste.empty()) out.Bytes("taste", model.taste.Serialize());
  if (!model.neighbours.empty()) {
    out.Bytes("neighbours", model.neighbours.Serialize());
  }
  return out.Finish();
}

absl::StatusOr<HybridModel> ReadModel(const FlatFile& file,
                                      const CatalogSizes& sizes, int threads) {
  HybridModel model;
  RETURN_IF_ERROR(ReadPart(file, "content", &model.content));
  RETURN_IF_ERROR(ReadPart(file, "places", &model.places));
  RETURN_IF_ERROR(ReadPart(file, "event_map", &model.event_map));
  RETURN_IF_ERROR(ReadPart(file, "organizer_map", &model.organizer_map));
  ASSIGN_OR_RETURN(model.by_event, ReadSpace(file, "by_event", sizes.users,
                                             sizes.events, threads));
  ASSIGN_OR_RETURN(
      model.by_organizer,
      ReadSpace(file, "by_organizer", sizes.users, sizes.organizers, threads));
  if (file.Has("feedback")) {
    ASSIGN_OR_RETURN(const absl::Span<const float> numbers,
                     file.Array<float>("feedback"));
    const absl::StatusOr<Feedback> feedback = Feedback::FromNumbers(numbers);
    if (!feedback.ok()) {
      return file.Damaged("feedback", feedback.status().message());
    }
    model.feedback = *feedback;
  }
  if (file.Has("taste")) {
    RETURN_IF_ERROR(ReadPart(file, "taste", &model.taste));
    if (model.taste.parts().fold == UserFold::kContent &&
        model.taste.dim() != model.content.dim()) {
      return file.Damaged("taste", "not as wide as the content");
    }
  }
  if (file.Has("neighbours")) {
    RETURN_IF_ERROR(ReadPart(file, "neighbours", &model.neighbours));
  }
  const size_t inputs = model.content.dim() + model.places.size();
  RETURN_IF_ERROR(CheckMap(file, "event_map", model.event_map, inputs,
                           model.by_event.dim()));
  RETURN_IF_ERROR(CheckMap(file, "organizer_map", model.organizer_map, inputs,
                           model.by_organizer.dim()));
  return model;
}

absl::Status WriteMatrix(const std::string& path, const Factors& matrix) {
  FlatFileWriter out(path);
  WriteFactors(out, kRows, matrix);
  return out.Finish();
}

absl::Status WriteMatrix(const std::string& path, const VectorTable& table,
                         size_t rows, size_t dim) {
  FlatFileWriter out(path);
  WriteShape(out, kRows, rows, dim);
  out.Begin(kRows, sizeof(float));
  for (size_t row = 0; row < rows; ++row) {
    const size_t size = row < table.size() ? table.Row(row).size() : 0;
    if (size != dim) {
      return absl::FailedPreconditionError(absl::StrCat(
          path, ": row ", row, " has ", size, " numbers instead of ", dim,
          ": give every event its vectors before writing"));
    }
    if (size > 0) out.Append(table.Row(row).data(), dim);
  }
  return out.Finish();
}

absl::StatusOr<std::shared_ptr<const Factors>> ReadMatrix(const FlatFile& file,
                                                          size_t dim,
                                                          int threads) {
  ASSIGN_OR_RETURN(Factors matrix, ReadFactors(file, kRows, threads));
  if (matrix.dim() != dim && !matrix.empty()) {
    return file.Damaged(
        kRows, absl::StrCat(matrix.dim(), " columns instead of ", dim));
  }
  return std::make_shared<const Factors>(std::move(matrix));
}

absl::Status WriteIndexOptions(const std::string& path,
                               const VectorIndexOptions& options) {
  const int64_t shape[] = {static_cast<int64_t>(options.type),
                           options.hnsw_m,
                           options.ef_construction,
                           options.ef_search,
                           options.ivf_lists,
                           options.ivf_probe,
                           options.pq_segments,
                           options.pq_bits,
                           static_cast<int64_t>(options.seed)};
  FlatFileWriter out(path);
  out.Array("options", absl::MakeConstSpan(shape));
  out.Array("exact_below",
            absl::MakeConstSpan(&options.exact_below_selectivity, 1));
  return out.Finish();
}

absl::StatusOr<VectorIndexOptions> ReadIndexOptions(const FlatFile& file) {
  ASSIGN_OR_RETURN(const absl::Span<const int64_t> shape,
                   file.Array<int64_t>("options"));
  ASSIGN_OR_RETURN(const absl::Span<const double> exact_below,
                   file.Array<double>("exact_below"));
  constexpr size_t kOptions = 9;
  if (shape.size() != kOptions || exact_below.size() != 1) {
    return file.Damaged("options", "another number of options");
  }
  for (size_t i = 0; i + 1 < kOptions; ++i) {
    if (shape[i] < 0 || shape[i] > INT32_MAX) {
      return file.Damaged("options", "an option is out of range");
    }
  }
  if (shape[0] > static_cast<int64_t>(VectorIndexOptions::Type::kIvfPq)) {
    return file.Damaged("options", "the type of index is unknown");
  }
  VectorIndexOptions options;
  options.type = static_cast<VectorIndexOptions::Type>(shape[0]);
  options.hnsw_m = static_cast<int>(shape[1]);
  options.ef_construction = static_cast<int>(shape[2]);
  options.ef_search = static_cast<int>(shape[3]);
  options.ivf_lists = static_cast<int>(shape[4]);
  options.ivf_probe = static_cast<int>(shape[5]);
  options.pq_segments = static_cast<int>(shape[6]);
  options.pq_bits = static_cast<int>(shape[7]);
  options.seed = static_cast<uint64_t>(shape[8]);
  options.exact_below_selectivity = exact_below[0];
  return options;
}

}  // namespace usher
