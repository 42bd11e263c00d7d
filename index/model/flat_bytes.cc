#include "index/model/flat_bytes.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

static_assert(std::endian::native == std::endian::little,
              "flat blocks are used in place");

constexpr size_t kAlignment = 8;

// True when no element has the exponent of infinities and NaNs.
bool AllFinite(absl::Span<const float> values) {
  constexpr uint32_t kExponent = 0x7F800000;
  uint32_t bad = 0;
  for (const float value : values) {
    bad |= (std::bit_cast<uint32_t>(value) & kExponent) == kExponent;
  }
  return bad == 0;
}

}  // namespace

void FlatWriter::Bytes(absl::string_view bytes) {
  bytes_.append(bytes.data(), bytes.size());
  bytes_.resize((bytes_.size() + kAlignment - 1) / kAlignment * kAlignment);
}

void FlatWriter::Count(uint64_t count) {
  Bytes({reinterpret_cast<const char*>(&count), sizeof(count)});
}

void FlatWriter::Floats(absl::Span<const float> values) {
  Bytes({reinterpret_cast<const char*>(values.data()),
         values.size() * sizeof(float)});
}

void FlatWriter::Numbers(absl::Span<const uint32_t> values) {
  Bytes({reinterpret_cast<const char*>(values.data()),
         values.size() * sizeof(uint32_t)});
}

FlatReader::FlatReader(absl::string_view name, absl::string_view magic,
                       absl::string_view bytes)
    : name_(name), rest_(bytes) {
  USHER_CHECK(reinterpret_cast<uintptr_t>(bytes.data()) % kAlignment == 0);
  Require(Bytes(magic.size()) == magic, "another format or version");
}

void FlatReader::Require(bool holds, absl::string_view what) {
  if (holds || !status_.ok()) return;
  status_ = absl::DataLossError(absl::StrCat(
      name_, ": ", what, "; restore the file or publish the model again"));
}

const char* FlatReader::Take(uint64_t count, uint64_t size) {
  const uint64_t available = rest_.size() / size;
  Require(count <= available, "ends too early");
  if (!ok()) return nullptr;
  const uint64_t padded =
      (count * size + kAlignment - 1) / kAlignment * kAlignment;
  Require(padded <= rest_.size(), "ends too early");
  if (!ok()) return nullptr;
  const char* begin = rest_.data();
  Require(std::all_of(begin + count * size, begin + padded,
                      [](char c) { return c == '\0'; }),
          "bytes between the values");
  rest_.remove_prefix(padded);
  return begin;
}

uint64_t FlatReader::Count(uint64_t limit) {
  uint64_t count = 0;
  const char* begin = Take(1, sizeof(count));
  if (begin != nullptr) std::memcpy(&count, begin, sizeof(count));
  Require(count <= limit, absl::StrCat("a count of ", count, " above ", limit));
  return ok() ? count : 0;
}

absl::Span<const float> FlatReader::Floats(uint64_t count) {
  const char* begin = Take(count, sizeof(float));
  if (begin == nullptr) return {};
  const absl::Span<const float> values(reinterpret_cast<const float*>(begin),
                                       count);
  Require(AllFinite(values), "a number that is not finite");
  return ok() ? values : absl::Span<const float>();
}

absl::Span<const uint32_t> FlatReader::Numbers(uint64_t count) {
  const char* begin = Take(count, sizeof(uint32_t));
  if (begin == nullptr) return {};
  return {reinterpret_cast<const uint32_t*>(begin), static_cast<size_t>(count)};
}

absl::string_view FlatReader::Bytes(uint64_t count) {
  const char* begin = Take(count, 1);
  return begin == nullptr ? absl::string_view()
                          : absl::string_view(begin, count);
}

absl::Status FlatReader::Finish() {
  Require(rest_.empty(), absl::StrCat(rest_.size(), " bytes too many"));
  return status_;
}

KeptBytes AlignedBytes(absl::string_view bytes,
                       std::shared_ptr<const void> keep) {
  if (reinterpret_cast<uintptr_t>(bytes.data()) % kAlignment == 0) {
    return {bytes, std::move(keep)};
  }
  return OwnedBytes(std::string(bytes));
}

KeptBytes OwnedBytes(std::string bytes) {
  auto words = std::make_shared<std::vector<uint64_t>>(
      bytes.size() / sizeof(uint64_t) + 1);
  std::memcpy(words->data(), bytes.data(), bytes.size());
  return {{reinterpret_cast<const char*>(words->data()), bytes.size()}, words};
}

}  // namespace usher
