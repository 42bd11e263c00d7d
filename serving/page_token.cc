#include "serving/page_token.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace usher {
namespace {

constexpr char kFormat = 2;  // 1: with whole ids.
constexpr size_t kSignatureBytes = 16;

template <class T>
void Append(T value, std::string* out) {
  static_assert(std::is_trivially_copyable_v<T>);
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Takes values from the front of what was signed, so that its form is ours.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T Take() {
    T value{};
    if (bytes_.size() < sizeof(value)) {
      ok_ = false;
      return value;
    }
    std::memcpy(&value, bytes_.data(), sizeof(value));
    bytes_.remove_prefix(sizeof(value));
    return value;
  }
  bool empty() const { return bytes_.empty(); }
  bool ok() const { return ok_; }

 private:
  absl::string_view bytes_;
  bool ok_ = true;
};

absl::Status Refused(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("page_token: ", why, "; ask for the first page again"));
}

// Without OpenSSL's default provider, or memory, there is no signature, and no
// token goes out without one.
void OrAbort(bool done) {
  if (!done) std::abort();
}

EVP_MAC_CTX* NewHmac(absl::string_view key) {
  EVP_MAC* const mac = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
  OrAbort(mac != nullptr);
  EVP_MAC_CTX* const context = EVP_MAC_CTX_new(mac);
  EVP_MAC_free(mac);
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  OrAbort(context != nullptr &&
          EVP_MAC_init(context,
                       reinterpret_cast<const unsigned char*>(
                           key.empty() ? "" : key.data()),
                       key.size(), params) == 1);
  return context;
}

}  // namespace

PageTokenCodec::PageTokenCodec(absl::string_view key) : keyed_(NewHmac(key)) {}

PageTokenCodec::~PageTokenCodec() { EVP_MAC_CTX_free(keyed_); }

std::string PageTokenCodec::Signature(absl::string_view bytes) const {
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> hmac(
      EVP_MAC_CTX_dup(keyed_), &EVP_MAC_CTX_free);
  unsigned char digest[EVP_MAX_MD_SIZE];
  size_t size = 0;
  OrAbort(hmac != nullptr &&
          EVP_MAC_update(hmac.get(),
                         reinterpret_cast<const unsigned char*>(bytes.data()),
                         bytes.size()) == 1 &&
          EVP_MAC_final(hmac.get(), digest, &size, sizeof(digest)) == 1);
  return std::string(reinterpret_cast<const char*>(digest), kSignatureBytes);
}

std::string PageTokenCodec::Encode(const PageToken& token) const {
  std::string bytes(1, kFormat);
  Append(token.issued, &bytes);
  Append(token.request, &bytes);
  Append(token.shown, &bytes);
  const size_t head = bytes.size();
  bytes.resize(head + token.events.size() * kIdKeyBytes);
  char* out = bytes.data() + head;
  for (const uint64_t event : token.events) {
    for (int i = 0; i < kIdKeyBytes; ++i) {
      *out++ = static_cast<char>(event >> (8 * i));
    }
  }
  return absl::WebSafeBase64Escape(absl::StrCat(Signature(bytes), bytes));
}

absl::StatusOr<PageToken> PageTokenCodec::Decode(absl::string_view text,
                                                 uint64_t request,
                                                 Micros now) const {
  std::string decoded;
  // The last digit may have bits that say nothing: they are part of a token
  // too.
  if (!absl::WebSafeBase64Unescape(text, &decoded) ||
      decoded.size() <= kSignatureBytes ||
      absl::WebSafeBase64Escape(decoded) != text) {
    return Refused("is not one of this service");
  }
  const absl::string_view signature =
      absl::string_view(decoded).substr(0, kSignatureBytes);
  const absl::string_view bytes =
      absl::string_view(decoded).substr(kSignatureBytes);
  const std::string expected = Signature(bytes);
  if (CRYPTO_memcmp(signature.data(), expected.data(), kSignatureBytes) != 0 ||
      bytes[0] != kFormat) {
    return Refused("is not one of this service");
  }
  Reader reader(bytes.substr(1));
  PageToken token;
  token.issued = reader.Take<Micros>();
  token.request = reader.Take<uint64_t>();
  token.shown = reader.Take<int32_t>();
  while (reader.ok() && !reader.empty()) {
    uint64_t event = 0;
    for (int i = 0; i < kIdKeyBytes; ++i) {
      event |= uint64_t{reader.Take<uint8_t>()} << (8 * i);
    }
    token.events.push_back(event);
  }
  if (!reader.ok()) return Refused("is damaged");
  if (token.request != request) {
    return Refused(
        "belongs to another request: only limit, detail and now may "
        "differ between pages");
  }
  if (now - token.issued > kPageLifetime) {
    return Refused("is older than 30 minutes");
  }
  return token;
}

}  // namespace usher
