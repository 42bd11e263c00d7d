#include <cstdio>

#include "index/artifact/model_directory.h"
#include "index/artifact/version.h"
#include "index/base/status_macros.h"
#include "trainer/command.h"

namespace usher {
namespace {

constexpr FlagSpec kInspectFlags[] = {
    {"model_dir", "DIR", "where versions are published"},
    {"version", "N", "which one; the current one when left out"},
};

absl::Status RunInspect(const Flags& flags) {
  RETURN_IF_ERROR(flags.Require({"model_dir"}));
  const std::string dir = flags.Text("model_dir");
  int64_t version = 0;
  if (flags.Has("version")) {
    ASSIGN_OR_RETURN(version, flags.Integer("version", 1, INT64_MAX));
  } else {
    ASSIGN_OR_RETURN(version, CurrentVersion(dir));
  }
  ASSIGN_OR_RETURN(const std::string description,
                   DescribeVersion(dir, version));
  RETURN_IF_ERROR(OpenVersion(dir, version).status());
  std::printf("%schecked: every file is as it was written\n",
              description.c_str());
  return absl::OkStatus();
}

}  // namespace

const Command kInspectCommand = {
    "inspect", "says what a published version holds, and checks every byte",
    "usher-train inspect --model_dir=models", kInspectFlags, &RunInspect};

}  // namespace usher
