// Where a list goes on: a ranking frozen at its first page, signed.
#ifndef USHER_SERVING_PAGE_TOKEN_H_
#define USHER_SERVING_PAGE_TOKEN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/base/clock.h"
#include "index/catalog/id_map.h"

struct evp_mac_ctx_st;  // EVP_MAC_CTX of OpenSSL.

namespace usher {

// Events of the first page's ranking are frozen up to so many,
inline constexpr int kMaxPagedEvents = 500;
// and for so long.
inline constexpr Micros kPageLifetime = 30 * kMinute;

struct PageToken {
  Micros issued = 0;     // When the first page was made.
  uint64_t request = 0;  // Hash of what the list was asked with.
  int32_t shown = 0;     // Results on the pages so far.
  // IdKey() of the events to come, best first: a token is as long for long ids
  // as for short ones.
  std::vector<uint64_t> events;
};

// Writes and reads tokens that nobody without the key can make: an HMAC-SHA256
// (RFC 2104) over the bytes, all of it in web-safe Base64. Servers with the
// same key take each other's tokens. Immutable.
class PageTokenCodec {
 public:
  explicit PageTokenCodec(absl::string_view key);
  ~PageTokenCodec();
  PageTokenCodec(const PageTokenCodec&) = delete;
  PageTokenCodec& operator=(const PageTokenCodec&) = delete;

  std::string Encode(const PageToken& token) const;

  // InvalidArgument, beginning with "page_token: ", when it was not made with
  // this key, belongs to another request, or is older than kPageLifetime.
  absl::StatusOr<PageToken> Decode(absl::string_view text, uint64_t request,
                                   Micros now) const;

 private:
  std::string Signature(absl::string_view bytes) const;

  // Has the key, and is copied for each token: to look OpenSSL's HMAC up anew
  // takes longer than to sign.
  evp_mac_ctx_st* const keyed_;
};

}  // namespace usher

#endif  // USHER_SERVING_PAGE_TOKEN_H_
