// Lists of Redis: what decodes encodes to a list that decodes to the same
// bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "serving/lists/list_codec.h"
#include "serving/precompute/batch_journal.h"

namespace {

template <class List>
void Check(const absl::StatusOr<List>& list,
           absl::StatusOr<List> (*decode)(absl::string_view)) {
  if (!list.ok()) return;
  const std::string bytes = usher::EncodeList(*list);
  const absl::StatusOr<List> again = decode(bytes);
  if (!again.ok() || usher::EncodeList(*again) != bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  Check(usher::DecodeRankedList(bytes), &usher::DecodeRankedList);
  Check(usher::DecodeNeighbourList(bytes), &usher::DecodeNeighbourList);
  const auto journal = usher::ParseBatchJournal(bytes);
  if (journal.has_value() &&
      !usher::ParseBatchJournal(usher::BatchJournalText(*journal))) {
    std::abort();
  }
  return 0;
}
