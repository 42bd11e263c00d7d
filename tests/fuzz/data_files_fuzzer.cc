// Data files that people send: whatever the bytes, an answer and no crash. The
// first byte chooses the reader.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "trainer/data/events_jsonl.h"
#include "trainer/data/interactions_csv.h"
#include "trainer/data/split_csv.h"
#include "trainer/data/users_jsonl.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string base =
      absl::StrCat("/dev/shm/usher_fuzz_", ::getpid());
  if (size == 0) return 0;
  const bool gzip = (data[0] & 4) != 0;
  const std::string path = absl::StrCat(base, gzip ? ".gz" : ".txt");
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data) + 1,
             static_cast<std::streamsize>(size - 1));
  usher::ReadOptions options;
  options.max_bad_fraction = 1;
  usher::ReadReport report;
  switch (data[0] & 3) {
    case 0:
      usher::ReadInteractions(
          path, options, [](const usher::InteractionRow&) {}, &report)
          .IgnoreError();
      break;
    case 1:
      usher::ReadEvents(path, options, &report).IgnoreError();
      break;
    case 2:
      usher::ReadUsers(path, options, &report).IgnoreError();
      break;
    default:
      usher::ReadSplit(
          path, options, [](const usher::SplitRow&) {}, &report)
          .IgnoreError();
  }
  ::unlink(path.c_str());
  return 0;
}
