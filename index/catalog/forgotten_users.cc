#include "index/catalog/forgotten_users.h"

#include <openssl/evp.h>

#include <array>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace usher {
namespace {

constexpr size_t kHashBytes = 16;

std::string DigestOf(absl::string_view salt, absl::string_view user_id) {
  const std::string salted = absl::StrCat(salt, ":", user_id);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(salted.data(), salted.size(), digest.data(), &size, EVP_sha256(),
             nullptr);
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(digest.data()), kHashBytes));
}

}  // namespace

Tombstone TombstoneOf(absl::string_view user_id, absl::string_view salt,
                      Micros forgotten_at) {
  return {std::string(salt), DigestOf(salt, user_id), forgotten_at};
}

std::string NewSalt() {
  std::random_device device;
  std::string salt;
  for (int i = 0; i < 4; ++i) {
    absl::StrAppend(&salt, absl::Hex(uint32_t{device()}, absl::kZeroPad8));
  }
  return salt;
}

size_t ForgottenUsers::size() const {
  size_t size = 0;
  for (const auto& [salt, hashes] : hashes_) size += hashes.size();
  return size;
}

bool ForgottenUsers::Contains(absl::string_view user_id) const {
  for (const auto& [salt, hashes] : hashes_) {
    if (hashes.contains(DigestOf(salt, user_id))) return true;
  }
  return false;
}

bool ForgottenUsers::Add(const Tombstone& tombstone) {
  return hashes_[tombstone.salt].insert(tombstone.hash).second;
}

void ForgottenUsers::Merge(const ForgottenUsers& others) {
  for (const auto& [salt, hashes] : others.hashes_) {
    hashes_[salt].insert(hashes.begin(), hashes.end());
  }
}

std::string ForgottenUsers::Salt() const {
  return hashes_.empty() ? NewSalt() : hashes_.begin()->first;
}

}  // namespace usher
