#include "index/catalog/codec.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace usher {
namespace {

class Encoder {
 public:
  template <class T>
  void operator()(const T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
      bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    } else {
      (*this)(static_cast<uint32_t>(value.size()));
      for (const auto& item : value) (*this)(item);
    }
  }
  void operator()(const GeoPoint& point) {
    (*this)(point.latitude);
    (*this)(point.longitude);
  }
  void operator()(const Group& group) {
    (*this)(group.id);
    (*this)(group.joined);
  }
  void operator()(
      const std::pair<std::string, std::variant<std::string, double>>& f) {
    (*this)(f.first);
    (*this)(static_cast<uint8_t>(f.second.index()));
    std::visit([this](const auto& value) { (*this)(value); }, f.second);
  }
  std::string Take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Decoder {
 public:
  explicit Decoder(absl::string_view bytes) : bytes_(bytes) {}

  template <class T>
  void operator()(T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
      if (!Has(sizeof(value))) return;
      std::memcpy(&value, bytes_.data(), sizeof(value));
      bytes_.remove_prefix(sizeof(value));
    } else {
      uint32_t size = 0;
      (*this)(size);
      // Every item takes a byte at least: a lying length ends here.
      if (!Has(size)) return;
      value.resize(size);
      for (auto& item : value) (*this)(item);
    }
  }
  void operator()(GeoPoint& point) {
    (*this)(point.latitude);
    (*this)(point.longitude);
  }
  void operator()(Group& group) {
    (*this)(group.id);
    (*this)(group.joined);
  }
  void operator()(
      std::pair<std::string, std::variant<std::string, double>>& f) {
    (*this)(f.first);
    uint8_t index = 0;
    (*this)(index);
    if (index > 1) ok_ = false;
    if (index == 0) {
      (*this)(f.second.emplace<std::string>());
    } else {
      (*this)(f.second.emplace<double>());
    }
  }
  bool done() const { return ok_ && bytes_.empty(); }

 private:
  bool Has(size_t size) { return ok_ = ok_ && bytes_.size() >= size; }

  absl::string_view bytes_;
  bool ok_ = true;
};

// One list of the fields for both directions.
template <class Visitor, class E>
void VisitEvent(Visitor& visit, E& event) {
  visit(event.id);
  visit(event.title);
  visit(event.description);
  visit(event.tags);
  visit(event.category);
  visit(event.organizer);
  visit(event.organizer_name);
  visit(event.venue);
  visit(event.city);
  visit(event.location);
  visit(event.start_time);
  visit(event.end_time);
  visit(event.announce_time);
  visit(event.price);
  visit(event.currency);
  visit(event.capacity);
  visit(event.status);
  visit(event.time_zone);
  visit(event.embedding);
}

template <class Visitor, class U>
void VisitUser(Visitor& visit, U& user) {
  visit(user.id);
  visit(user.location);
  visit(user.city);
  visit(user.tags);
  visit(user.groups);
  visit(user.joined_time);
  visit(user.features);
}

}  // namespace

std::string EncodeEvent(const Event& event) {
  Encoder encoder;
  VisitEvent(encoder, event);
  return std::move(encoder).Take();
}

std::string EncodeUser(const User& user) {
  Encoder encoder;
  VisitUser(encoder, user);
  return std::move(encoder).Take();
}

absl::StatusOr<Event> DecodeEvent(absl::string_view bytes) {
  Event event;
  Decoder decoder(bytes);
  VisitEvent(decoder, event);
  if (!decoder.done() || static_cast<int>(event.status) >= kNumEventStatuses) {
    return absl::DataLossError("an event's document is damaged");
  }
  return event;
}

absl::StatusOr<User> DecodeUser(absl::string_view bytes) {
  User user;
  Decoder decoder(bytes);
  VisitUser(decoder, user);
  if (!decoder.done()) {
    return absl::DataLossError("a user's document is damaged");
  }
  return user;
}

}  // namespace usher
