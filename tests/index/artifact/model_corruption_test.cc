// What happens to the parts of a model that single algorithms write, when their
// bytes are no longer what was written.
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/artifact/model_files.h"
#include "index/base/hash.h"
#include "index/model/neural.h"
#include "tests/index/artifact/damaged_version.h"
#include "tests/index/artifact/small_snapshot.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

std::vector<float> SmallNumbers(size_t count) {
  std::vector<float> numbers;
  for (size_t i = 0; i < count; ++i) {
    numbers.push_back(0.125f * static_cast<float>(i % 5) - 0.25f);
  }
  return numbers;
}

TasteParts PartsOf(UserFold fold, size_t items, size_t dim) {
  TasteParts parts;
  parts.fold = fold;
  parts.items = RandomFactors(items, dim, 11);
  parts.seen.assign(items, 2.0f);
  return parts;
}

void SetTaste(const Catalog&, TasteParts parts, HybridModel& model) {
  model.taste = TasteModel::FromParts(std::move(parts)).value();
}

void Ridge(const Catalog& catalog, HybridModel& model) {
  TasteParts parts = PartsOf(UserFold::kRidge, catalog.num_events(), 6);
  parts.numbers = {0.1f, 0.01f, 1, 0.5f, 3};
  SetTaste(catalog, std::move(parts), model);
}

void Ratings(const Catalog& catalog, HybridModel& model) {
  TasteParts parts = PartsOf(UserFold::kRatings, catalog.num_events(), 6);
  parts.numbers = {0.1f, 3};
  SetTaste(catalog, std::move(parts), model);
}

void Logistic(const Catalog& catalog, HybridModel& model) {
  TasteParts parts = PartsOf(UserFold::kLogistic, catalog.num_events(), 6);
  parts.numbers = {1, 0.5f, 0.1f};
  parts.sizes = {1, 2, 3, 5};
  SetTaste(catalog, std::move(parts), model);
}

void SumOfTags(const Catalog& catalog, HybridModel& model) {
  TasteParts parts =
      PartsOf(UserFold::kSum, NumItems(catalog, ItemKind::kTag), 4);
  parts.items_are = ItemKind::kTag;
  SetTaste(catalog, std::move(parts), model);
}

void Content(const Catalog& catalog, HybridModel& model) {
  TasteParts parts = PartsOf(UserFold::kContent, 0, 0);
  parts.numbers = {90};
  parts.sizes = {static_cast<uint32_t>(model.content.dim())};
  SetTaste(catalog, std::move(parts), model);
}

void Towers(const Catalog& catalog, HybridModel& model) {
  constexpr uint32_t kScaled = 2, kHidden = 3, kOutput = 2;
  TasteParts parts =
      PartsOf(UserFold::kTowers, catalog.num_events(), kScaled + kOutput + 1);
  parts.inputs = RandomFactors(catalog.num_events(), kScaled + 2, 12);
  parts.sizes = {kScaled, kHidden, kOutput};
  parts.numbers =
      SmallNumbers(kScaled + TwoLayers{2, kHidden, kOutput}.numbers());
  SetTaste(catalog, std::move(parts), model);
}

void Recurrent(const Catalog& catalog, HybridModel& model) {
  constexpr uint32_t kHidden = 3, kActions = 5;
  TasteParts parts =
      PartsOf(UserFold::kRecurrent, catalog.num_events(), kHidden + 1);
  parts.inputs = RandomFactors(catalog.num_events(), 4, 12);
  parts.sizes = {kHidden, kActions};
  parts.numbers = SmallNumbers(GatedUnit{4, kHidden}.numbers());
  SetTaste(catalog, std::move(parts), model);
}

std::vector<WeightedRow> SmallRows(size_t rows, size_t items) {
  std::vector<WeightedRow> made(rows);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < 3; ++i) {
      made[row].push_back({static_cast<int32_t>((5 * row + i) % items),
                           0.5f + static_cast<float>(i)});
    }
  }
  return made;
}

void NeighboursByItem(const Catalog& catalog, HybridModel& model) {
  NeighbourParts parts;
  parts.items = static_cast<uint32_t>(catalog.num_events());
  parts.rows = SmallRows(parts.items, parts.items);
  model.neighbours = NeighbourModel::FromParts(std::move(parts)).value();
}

void NeighboursByUser(const Catalog& catalog, HybridModel& model) {
  NeighbourParts parts;
  parts.by_user = true;
  parts.neighbours = 7;
  parts.items = static_cast<uint32_t>(catalog.num_events());
  parts.weights = SmallRows(catalog.num_users(), parts.items);
  parts.scale = LikenessScale::Of(Likeness::kBm25, 1.5f, 0.5f, parts.weights,
                                  parts.items);
  for (const WeightedRow& row : parts.weights) {
    parts.rows.push_back(parts.scale.Scaled(row));
  }
  model.neighbours = NeighbourModel::FromParts(std::move(parts)).value();
}

void OwnFeedback(const Catalog&, HybridModel& model) {
  model.feedback.kinds[static_cast<size_t>(InteractionKind::kView)] = 0.5f;
  model.feedback.plays = PlayCounts::kLinear;
  model.feedback.organizers = OrganizerFeedback::kTimeDelta;
}

struct ModelKind {
  const char* name;
  void (*change)(const Catalog& catalog, HybridModel& model);
};

constexpr ModelKind kModelKinds[] = {{"Ridge", &Ridge},
                                     {"Ratings", &Ratings},
                                     {"Logistic", &Logistic},
                                     {"SumOfTags", &SumOfTags},
                                     {"Content", &Content},
                                     {"Towers", &Towers},
                                     {"Recurrent", &Recurrent},
                                     {"NeighboursByItem", &NeighboursByItem},
                                     {"NeighboursByUser", &NeighboursByUser},
                                     {"OwnFeedback", &OwnFeedback}};

// A line of the table of contents (flat_file.h).
struct TableEntry {
  char name[40];
  uint64_t offset, count, element_size;
};

class ModelCorruptionTest : public ::testing::TestWithParam<ModelKind>,
                            protected DamagedVersion {
 protected:
  ModelCorruptionTest()
      : DamagedVersion(SmallSnapshotWith(GetParam().change)),
        good_(Read(kModelFile)) {
    uint32_t sections = 0;
    std::memcpy(&sections, good_.data() + 12, sizeof(sections));
    std::memcpy(&contents_, good_.data() + 16, sizeof(contents_));
    for (uint32_t i = 0; i < sections; ++i) {
      TableEntry entry;
      std::memcpy(&entry, good_.data() + contents_ + i * sizeof(entry),
                  sizeof(entry));
      entries_.push_back(entry);
    }
  }

  // The section that the kind adds; the last one.
  const TableEntry& Own() const { return entries_.back(); }

  // The model with a section that says that it has so many elements.
  std::string WithCount(size_t section, uint64_t count) const {
    std::string bad = good_;
    std::memcpy(bad.data() + contents_ + section * sizeof(TableEntry) +
                    offsetof(TableEntry, count),
                &count, sizeof(count));
    return bad;
  }
  // The model with other bytes in the kind's own section.
  template <class T>
  std::string With(size_t at, T value) const {
    std::string bad = good_;
    std::memcpy(bad.data() + Own().offset + at, &value, sizeof(value));
    return bad;
  }
  template <class T>
  T At(size_t at) const {
    T value;
    std::memcpy(&value, good_.data() + Own().offset + at, sizeof(value));
    return value;
  }
  void ExpectRefused(const std::string& bad, absl::string_view section,
                     absl::string_view what) {
    WriteVouched(kModelFile, bad);
    ExpectLost(kModelFile, what);
    EXPECT_THAT(std::string(Open().message()), HasSubstr(section)) << what;
  }

  const std::string good_;
  uint64_t contents_ = 0;
  std::vector<TableEntry> entries_;
};

TEST_P(ModelCorruptionTest, IsReadAsItWasWritten) {
  const auto snapshot = OpenVersion(scratch_.path(), 1, {.threads = 1});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_GT(Walk(*snapshot), 0u);
}

TEST_P(ModelCorruptionTest, AFlippedByteOfAnySectionIsFound) {
  for (const TableEntry& entry : entries_) {
    const size_t bytes = entry.count * entry.element_size;
    ASSERT_GT(bytes, 0u) << entry.name;
    for (const size_t at : {size_t{0}, bytes / 2, bytes - 1}) {
      std::string bad = good_;
      bad[entry.offset + at] = static_cast<char>(bad[entry.offset + at] ^ 4);
      Write(kModelFile, bad);
      ExpectLost(kModelFile, absl::StrCat(entry.name, " + ", at));
    }
  }
}

TEST_P(ModelCorruptionTest, AVouchedSectionThatIsCutIsRefused) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    const uint64_t count = entries_[i].count;
    for (const uint64_t cut : {uint64_t{0}, count / 2, count - 1}) {
      // Which section cannot be as it is, is found by what belongs to it.
      ExpectRefused(WithCount(i, cut), "section",
                    absl::StrCat(entries_[i].name, " cut to ", cut));
    }
    const uint64_t far = std::numeric_limits<uint64_t>::max() / 2;
    ExpectRefused(WithCount(i, far), entries_[i].name, entries_[i].name);
  }
}

// Counts of a block stand behind its magic of 8 bytes, 8 bytes each.
TEST_P(ModelCorruptionTest, CountsThatDoNotFitTheValuesAreRefused) {
  const std::string name = Own().name;
  // Of the taste: all but what its items are and how it folds. Of neighbours:
  // the items, and the numbers of the scale.
  std::vector<size_t> counts;
  if (name == "taste") counts = {2, 3, 4, 5, 6, 7};
  if (name == "neighbours") counts = {3, 5};
  for (const size_t count : counts) {
    const size_t at = 8 * (1 + count);
    const auto value = At<uint64_t>(at);
    for (const uint64_t other :
         {value - 1, value + 1, value + 2, 2 * value + 1, uint64_t{0},
          uint64_t{1} << 20, uint64_t{1} << 31, uint64_t{1} << 63,
          ~uint64_t{0}}) {
      if (other == value) continue;
      ExpectRefused(With(at, other), name,
                    absl::StrCat(name, " count ", count, " = ", other));
    }
  }
  // What one of a few is: none of those.
  if (name == "taste" || name == "neighbours") {
    for (const size_t kind : {size_t{0}, size_t{1}}) {
      ExpectRefused(With(8 * (1 + kind), uint64_t{7}), name,
                    absl::StrCat(name, " kind ", kind));
    }
  }
}

TEST_P(ModelCorruptionTest, NumbersThatNobodyWritesAreRefused) {
  const std::string name = Own().name;
  const size_t bytes = Own().count * Own().element_size;
  if (name == "feedback") {
    const std::vector<std::pair<size_t, float>> bad = {
        {0, 2},                                // Has a weight: 0 or 1.
        {2 * kNumInteractionKinds, 2},         // How plays count.
        {2 * kNumInteractionKinds + 1, -1},    // A half-life.
        {2 * kNumInteractionKinds + 2, 3},     // What organizers count.
        {2 * kNumInteractionKinds + 3, 1e6f},  // A rating.
        {2 * kNumInteractionKinds + 4, 0.5f},  // True or false.
        {1, std::numeric_limits<float>::quiet_NaN()}};
    for (const auto& [number, value] : bad) {
      ExpectRefused(With(4 * number, value), name,
                    absl::StrCat("number ", number));
    }
  } else if (GetParam().change == &Logistic) {
    // An item that is not there, as the last of those that stand for all.
    ExpectRefused(With(bytes - 4, uint32_t{40}), name, "no such item");
  } else if (GetParam().change == &Ridge) {
    // The last number has 4 bytes of padding behind it.
    ExpectRefused(With(bytes - 8, -1.0f), name, "rows of a size below 0");
    ExpectRefused(With(bytes - 4, 1.0f), name, "something in the padding");
  } else if (GetParam().change == &Content) {
    ExpectRefused(With(bytes - 8, uint32_t{6}), name, "another width");
    ExpectRefused(With(bytes - 8, uint32_t{1} << 30), name, "a huge width");
    ExpectRefused(With(bytes - 16, 0.0f), name, "no horizon");
  } else if (name == "neighbours") {
    // The last weight is padded where there is an odd number of them.
    ExpectRefused(With(bytes - 8, std::numeric_limits<float>::infinity()), name,
                  "an infinite weight");
  } else {
    // The first number of the first item.
    ExpectRefused(With(8 * 9, std::numeric_limits<float>::quiet_NaN()), name,
                  "a factor that is none");
  }
}

TEST_P(ModelCorruptionTest, NoByteOfAVouchedModelCanLeadOutOfBounds) {
  Random random(7);
  const size_t bytes = Own().count * Own().element_size;
  size_t opened = 0;
  for (int round = 0; round < 80; ++round) {
    std::string bad = good_;
    for (int flips = 0; flips < 1 + round % 3; ++flips) {
      // Of its head as often as of all the rest.
      const size_t within =
          round % 2 == 0 ? std::min<size_t>(bytes, 96) : bytes;
      bad[Own().offset + random.Below(within)] =
          static_cast<char>(random.Below(256));
    }
    WriteVouched(kModelFile, bad);
    const auto snapshot = OpenVersion(scratch_.path(), 1, {.threads = 1});
    if (snapshot.ok()) opened += Walk(*snapshot) > 0;
  }
  // The few bytes of content alone are all looked at.
  if (GetParam().change != &Content) {
    EXPECT_GT(opened, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ModelCorruptionTest,
                         ::testing::ValuesIn(kModelKinds),
                         [](const auto& kind) {
                           return std::string(kind.param.name);
                         });

}  // namespace
}  // namespace usher
