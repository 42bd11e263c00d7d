#include "serving/user_exporter.h"

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

using Identity = std::tuple<std::string, InteractionKind, Micros>;

Identity IdentityOf(const Interaction& interaction) {
  return {interaction.event_id, interaction.kind, CountsAt(interaction)};
}

Interaction InteractionOf(const Catalog& catalog, UserRow user,
                          const Action& action) {
  Interaction interaction;
  interaction.user_id = std::string(catalog.UserId(user));
  interaction.event_id = std::string(catalog.EventId(action.event));
  interaction.kind = action.kind;
  interaction.value = action.value;
  interaction.occurred_at = action.time;
  return interaction;
}

}  // namespace

absl::StatusOr<UserExport> UserExporter::Export(
    absl::string_view user_id) const {
  const std::shared_ptr<const Served> served = holder_.Get();
  if (served == nullptr) return ErrorOfNoModel();
  const Catalog& catalog = served->snapshot().catalog;
  const UserRow row = catalog.FindUser(user_id);
  if (row == kNoUser) {
    return absl::NotFoundError(
        absl::StrCat("user_id: there is no user \"", user_id, "\""));
  }
  UserExport result{catalog.GetUser(row), {}, {}};
  // The state's rows say more than the history has of them.
  absl::flat_hash_set<Identity> known;
  RETURN_IF_ERROR(publisher_.ReadState([&](StateStore& state) {
    return state.ReadInteractionsOf(
        user_id, [&](const Interaction& interaction, int64_t) {
          known.insert(IdentityOf(interaction));
          result.interactions.push_back(interaction);
          return absl::OkStatus();
        });
  }));
  for (const Action& action : catalog.users.history[Index(row)]) {
    Interaction interaction = InteractionOf(catalog, row, action);
    if (!known.insert(IdentityOf(interaction)).second) continue;
    result.interactions.push_back(std::move(interaction));
  }
  std::stable_sort(result.interactions.begin(), result.interactions.end(),
                   [](const Interaction& a, const Interaction& b) {
                     return a.occurred_at < b.occurred_at;
                   });
  RETURN_IF_ERROR(exposures_.Read([&](ExposureStore& store) {
    return store.ReadLists(user_id, [&](const Exposure& exposure) {
      result.exposures.push_back(exposure);
      return absl::OkStatus();
    });
  }));
  return result;
}

}  // namespace usher
