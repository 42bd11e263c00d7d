#include "serving/user_eraser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/artifact/forgotten_file.h"
#include "index/artifact/model_directory.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

// Rows that one transaction deletes: others wait for it.
constexpr size_t kSlice = 1000;

}  // namespace

absl::StatusOr<ErasureReceipt> UserEraser::Erase(absl::string_view user_id) {
  ErasureReceipt receipt;
  receipt.tombstone =
      TombstoneOf(user_id, publisher_.forgotten()->Salt(), clock_.Now());
  if (!publisher_.forgotten()->Contains(user_id)) {
    RETURN_IF_ERROR(AddForgotten(model_dir_, receipt.tombstone));
  }
  ASSIGN_OR_RETURN(
      const WriteReceipt hidden,
      publisher_.Write(UserErasure{std::string(user_id), receipt.tombstone}));
  receipt.users = hidden.accepted;
  ASSIGN_OR_RETURN(receipt.interactions, EraseInteractions(user_id));
  ASSIGN_OR_RETURN(receipt.exposures,
                   exposures_.ForgetUser(std::string(user_id)));
  if (lists_ != nullptr) {
    if (const absl::Status gone = lists_->Forget(user_id); !gone.ok()) {
      receipt.incomplete.push_back(absl::StrCat("lists: ", gone.message()));
    }
  }
  if (const absl::Status dropped = publisher_.DropOldPages(); !dropped.ok()) {
    receipt.incomplete.push_back(
        absl::StrCat("state log: ", dropped.message()));
  }
  receipt.remaining = Remaining();
  return receipt;
}

std::vector<std::string> UserEraser::Remaining() const {
  std::vector<std::string> remaining;
  const absl::StatusOr<std::vector<int64_t>> versions =
      ListVersions(model_dir_);
  if (versions.ok() && !versions->empty()) {
    remaining.push_back(absl::StrCat(
        "model versions up to ", versions->back(),
        " may hold rows of theirs, which are masked when they are loaded: "
        "until ",
        model_dir_, "/1 to ", versions->back(), " are deleted"));
  }
  if (lists_ != nullptr && lists_->uses_redis()) {
    remaining.emplace_back(
        "others' lists of similar users in Redis may name them: until the "
        "lists expire or usher-precompute --what=users makes new ones");
  }
  return remaining;
}

absl::StatusOr<int64_t> UserEraser::EraseInteractions(
    absl::string_view user_id) {
  std::vector<int64_t> positions;
  RETURN_IF_ERROR(publisher_.ReadState([&](StateStore& state) {
    return state.ReadInteractionsOf(user_id,
                                    [&](const Interaction&, int64_t position) {
                                      positions.push_back(position);
                                      return absl::OkStatus();
                                    });
  }));
  for (size_t begin = 0; begin < positions.size(); begin += kSlice) {
    const size_t end = std::min(positions.size(), begin + kSlice);
    RETURN_IF_ERROR(publisher_
                        .Write(InteractionErasure{{positions.begin() + begin,
                                                   positions.begin() + end}})
                        .status());
  }
  return static_cast<int64_t>(positions.size());
}

}  // namespace usher
