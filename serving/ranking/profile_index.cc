#include "serving/ranking/profile_index.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "index/catalog/user.h"
#include "serving/ranking/joined_lists.h"

namespace usher {
namespace {

// The first character keeps texts, cities and tags apart, NUL a name from its
// value.
std::set<std::string> TextNamesOf(const User& user) {
  constexpr absl::string_view kNul("\0", 1);
  std::set<std::string> names;
  if (!user.city.empty()) names.insert(absl::StrCat("c", user.city));
  for (const std::string& tag : user.tags) names.insert(absl::StrCat("t", tag));
  for (const auto& [name, value] : user.features) {
    const std::string* text = std::get_if<std::string>(&value);
    if (text != nullptr && !text->empty()) {
      names.insert(absl::StrCat("f", name, kNul, *text));
    }
  }
  return names;
}

std::map<std::string, double> FiniteNumbersOf(const User& user) {
  std::map<std::string, double> numbers;
  for (const auto& [name, value] : user.features) {
    const double* number = std::get_if<double>(&value);
    if (number != nullptr && std::isfinite(*number)) {
      numbers.emplace(name, *number);
    }
  }
  return numbers;
}

// Where the user's entry of an ascending list is, or would be.
template <class Entry, class UserOf>
size_t PlaceOf(UserRow user, absl::Span<const Entry> list,
               const UserOf& user_of) {
  const auto place = std::partition_point(
      list.begin(), list.end(),
      [&](const Entry& entry) { return user_of(entry) < user; });
  return static_cast<size_t>(place - list.begin());
}

template <class Entry>
void InsertAt(size_t place, const Entry& entry, size_t row,
              ListColumn<Entry>& lists) {
  const absl::Span<const Entry> list = lists[row];
  if (place == list.size()) return lists.Append(row, entry);
  std::vector<Entry> longer(list.begin(), list.end());
  longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(place), entry);
  lists.Assign(row, longer);
}

}  // namespace

float ProfileIndex::Range::Scaled(double x) const {
  return greatest > least ? static_cast<float>((x - least) / (greatest - least))
                          : 0.0f;
}

void ProfileIndex::Range::Include(double x) {
  least = std::min(least, x);
  greatest = std::max(greatest, x);
}

ProfileIndex::Profile ProfileIndex::ProfileOf(const Catalog& catalog,
                                              UserRow row) {
  const auto number_of = [](const std::string& name, Names& names) {
    return names.emplace(name, static_cast<int32_t>(names.size()))
        .first->second;
  };
  const User user = catalog.GetUser(row);
  Profile profile;
  for (const std::string& name : TextNamesOf(user)) {
    profile.texts.push_back(number_of(name, text_names_));
  }
  for (const auto& [name, value] : FiniteNumbersOf(user)) {
    profile.numbers.push_back({number_of(name, number_names_), value});
  }
  return profile;
}

ProfileIndex::ProfileIndex(const Catalog& catalog) {
  JoinedLists<int32_t> texts;
  JoinedLists<Number> numbers;
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    const Profile profile =
        ProfileOf(catalog, UserRow{static_cast<int32_t>(row)});
    texts.values.insert(texts.values.end(), profile.texts.begin(),
                        profile.texts.end());
    texts.EndList();
    numbers.values.insert(numbers.values.end(), profile.numbers.begin(),
                          profile.numbers.end());
    numbers.EndList();
  }
  const auto user_of = [](size_t row) {
    return UserRow{static_cast<int32_t>(row)};
  };
  having_ = ColumnOf(Inverted<UserRow>(
      texts, text_names_.size(),
      [](int32_t dimension) { return static_cast<size_t>(dimension); },
      [&](size_t row, int32_t) { return user_of(row); }));
  holding_ = ColumnOf(Inverted<Holder>(
      numbers, number_names_.size(),
      [](const Number& n) { return static_cast<size_t>(n.dimension); },
      [&](size_t row, const Number& n) {
        return Holder{user_of(row), n.value};
      }));
  texts_ = ColumnOf(std::move(texts));
  numbers_ = ColumnOf(std::move(numbers));
  ranges_.Resize(holding_.size());
  for (size_t d = 0; d < holding_.size(); ++d) ranges_.Mutable(d) = RangeOf(d);
  lengths_.Resize(catalog.num_users());
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    lengths_.Mutable(row) = LengthOf(user_of(row));
  }
}

ProfileIndex ProfileIndex::Share() {
  ProfileIndex shared;
  shared.texts_ = texts_.Share();
  shared.numbers_ = numbers_.Share();
  shared.lengths_ = lengths_.Share();
  shared.having_ = having_.Share();
  shared.holding_ = holding_.Share();
  shared.ranges_ = ranges_.Share();
  return shared;
}

void ProfileIndex::Update(const Catalog& catalog,
                          absl::Span<const UserRow> users) {
  texts_.Resize(catalog.num_users());
  numbers_.Resize(catalog.num_users());
  lengths_.Resize(catalog.num_users());
  absl::flat_hash_set<int32_t> touched;  // Dimensions of numbers.
  absl::flat_hash_set<UserRow> longer;   // Whose length is another one.
  for (const UserRow user : users) {
    const Profile profile = ProfileOf(catalog, user);
    const absl::Span<const Number> numbers = numbers_[Index(user)];
    if (texts_[Index(user)] == absl::MakeConstSpan(profile.texts) &&
        numbers == absl::MakeConstSpan(profile.numbers)) {
      continue;
    }
    longer.insert(user);
    if (numbers != absl::MakeConstSpan(profile.numbers)) {
      for (const Number& number : numbers) touched.insert(number.dimension);
      for (const Number& number : profile.numbers) {
        touched.insert(number.dimension);
      }
    }
    TakeOut(user);
    PutIn(user, profile);
  }
  ranges_.Resize(holding_.size());
  for (const int32_t dimension : touched) {
    const auto d = static_cast<size_t>(dimension);
    const Range range = RangeOf(d);
    if (range == ranges_[d]) continue;
    ranges_.Mutable(d) = range;
    for (const Holder& holder : holding_[d]) longer.insert(holder.user);
  }
  for (const UserRow user : longer) {
    lengths_.Mutable(Index(user)) = LengthOf(user);
  }
}

void ProfileIndex::TakeOut(UserRow user) {
  for (const int32_t dimension : texts_[Index(user)]) {
    const auto d = static_cast<size_t>(dimension);
    having_.Erase(d, PlaceOf(user, having_[d], [](UserRow u) { return u; }));
  }
  for (const Number& number : numbers_[Index(user)]) {
    const auto d = static_cast<size_t>(number.dimension);
    holding_.Erase(
        d, PlaceOf(user, holding_[d], [](const Holder& h) { return h.user; }));
  }
}

void ProfileIndex::PutIn(UserRow user, const Profile& profile) {
  having_.Resize(text_names_.size());
  holding_.Resize(number_names_.size());
  for (const int32_t dimension : profile.texts) {
    const auto d = static_cast<size_t>(dimension);
    InsertAt(PlaceOf(user, having_[d], [](UserRow u) { return u; }), user, d,
             having_);
  }
  for (const Number& number : profile.numbers) {
    const auto d = static_cast<size_t>(number.dimension);
    InsertAt(PlaceOf(user, holding_[d], [](const Holder& h) { return h.user; }),
             Holder{user, number.value}, d, holding_);
  }
  texts_.Assign(Index(user), profile.texts);
  numbers_.Assign(Index(user), profile.numbers);
}

ProfileIndex::Range ProfileIndex::RangeOf(size_t dimension) const {
  Range range;
  for (const Holder& holder : holding_[dimension]) range.Include(holder.value);
  return range;
}

float ProfileIndex::LengthOf(UserRow user) const {
  double squares = static_cast<double>(texts_[Index(user)].size());
  for (const Number& number : numbers_[Index(user)]) {
    const double scaled =
        ranges_[static_cast<size_t>(number.dimension)].Scaled(number.value);
    squares += scaled * scaled;
  }
  return static_cast<float>(std::sqrt(squares));
}

std::vector<float> ProfileIndex::Cosines(UserRow user) const {
  std::vector<float> cosines(num_users());
  for (const int32_t d : texts_[Index(user)]) {
    for (const UserRow other : having_[static_cast<size_t>(d)]) {
      cosines[Index(other)] += 1;
    }
  }
  for (const Number& number : numbers_[Index(user)]) {
    const auto d = static_cast<size_t>(number.dimension);
    const Range& range = ranges_[d];
    const float own = range.Scaled(number.value);
    if (own == 0) continue;
    for (const Holder& other : holding_[d]) {
      cosines[Index(other.user)] += own * range.Scaled(other.value);
    }
  }
  const float length = lengths_[Index(user)];
  for (size_t row = 0; row < cosines.size(); ++row) {
    if (cosines[row] != 0) cosines[row] /= length * lengths_[row];
  }
  return cosines;
}

}  // namespace usher
