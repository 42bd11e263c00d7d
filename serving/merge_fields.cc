#include "serving/merge_fields.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_join.h"

namespace usher {
namespace {

template <class T>
struct Field {
  absl::string_view name;
  void (*copy)(const T& from, T& into);
};

template <class T, auto kMember>
void Copy(const T& from, T& into) {
  into.*kMember = from.*kMember;
}

constexpr Field<Event> kEventFields[] = {
    {"title", &Copy<Event, &Event::title>},
    {"description", &Copy<Event, &Event::description>},
    {"tags", &Copy<Event, &Event::tags>},
    {"category", &Copy<Event, &Event::category>},
    {"organizer", &Copy<Event, &Event::organizer>},
    {"organizer_name", &Copy<Event, &Event::organizer_name>},
    {"venue", &Copy<Event, &Event::venue>},
    {"city", &Copy<Event, &Event::city>},
    {"location", &Copy<Event, &Event::location>},
    {"start_time", &Copy<Event, &Event::start_time>},
    {"end_time", &Copy<Event, &Event::end_time>},
    {"announce_time", &Copy<Event, &Event::announce_time>},
    {"price", &Copy<Event, &Event::price>},
    {"currency", &Copy<Event, &Event::currency>},
    {"capacity", &Copy<Event, &Event::capacity>},
    {"status", &Copy<Event, &Event::status>},
    {"time_zone", &Copy<Event, &Event::time_zone>},
    {"embedding", &Copy<Event, &Event::embedding>},
};

constexpr Field<User> kUserFields[] = {
    {"location", &Copy<User, &User::location>},
    {"city", &Copy<User, &User::city>},
    {"tags", &Copy<User, &User::tags>},
    {"groups", &Copy<User, &User::groups>},
    {"joined_time", &Copy<User, &User::joined_time>},
    {"features", &Copy<User, &User::features>},
};

template <class Table>
bool Has(const Table& table, absl::string_view name) {
  return std::any_of(std::begin(table), std::end(table),
                     [&](const auto& field) { return field.name == name; });
}

template <class Table>
std::string Names(const Table& table) {
  return absl::StrJoin(table, ", ", [](std::string* out, const auto& field) {
    out->append(field.name.data(), field.name.size());
  });
}

template <class T, class Table>
void Merge(const Table& table, const T& from, const FieldMask& mask, T* into) {
  if (mask.empty()) {
    *into = from;
    return;
  }
  into->id = from.id;
  for (const auto& field : table) {
    if (std::find(mask.begin(), mask.end(), field.name) != mask.end()) {
      field.copy(from, *into);
    }
  }
}

}  // namespace

bool IsEventField(absl::string_view name) { return Has(kEventFields, name); }
bool IsUserField(absl::string_view name) { return Has(kUserFields, name); }
std::string EventFieldNames() { return Names(kEventFields); }
std::string UserFieldNames() { return Names(kUserFields); }

void MergeFields(const Event& from, const FieldMask& mask, Event* into) {
  Merge(kEventFields, from, mask, into);
}

void MergeFields(const User& from, const FieldMask& mask, User* into) {
  Merge(kUserFields, from, mask, into);
}

}  // namespace usher
