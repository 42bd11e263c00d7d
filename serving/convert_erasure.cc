#include "serving/convert_erasure.h"

#include "serving/convert_resources.h"

namespace usher {
namespace {

v1::ExposedFigures FiguresOf(const ExposureSample& sample) {
  v1::ExposedFigures figures;
  if (sample.location.known()) {
    *figures.mutable_location() = ToProto(sample.location);
  }
  figures.set_device(std::string(DeviceName(sample.device)));
  figures.mutable_feature_names()->Add(sample.feature_names.begin(),
                                       sample.feature_names.end());
  figures.mutable_features()->Add(sample.features.begin(),
                                  sample.features.end());
  for (const ExposedSeed& seed : sample.seeds) {
    figures.add_seed_event_ids(seed.event_id);
  }
  return figures;
}

}  // namespace

void ToProto(const ErasureReceipt& receipt, v1::ForgetReceipt* out) {
  out->set_tombstone(receipt.tombstone.hash);
  *out->mutable_forgotten_at() = ToProto(receipt.tombstone.forgotten_at);
  out->set_users(receipt.users);
  out->set_interactions(receipt.interactions);
  out->set_exposures(receipt.exposures);
  for (const std::string& part : receipt.incomplete) {
    out->add_incomplete(part);
  }
  for (const std::string& place : receipt.remaining) {
    out->add_remaining(place);
  }
}

std::vector<v1::ExportUserResponse> ToProto(const UserExport& all) {
  std::vector<v1::ExportUserResponse> messages(1);
  *messages.front().mutable_user() = ToProto(all.user);
  for (const Interaction& interaction : all.interactions) {
    *messages.emplace_back().mutable_interaction() = ToProto(interaction);
  }
  for (const Exposure& exposure : all.exposures) {
    v1::ExportedExposure& shown = *messages.emplace_back().mutable_exposure();
    shown.set_recommendation_id(exposure.recommendation_id);
    *shown.mutable_shown_at() = ToProto(exposure.served_at);
    shown.mutable_event_ids()->Add(exposure.event_ids.begin(),
                                   exposure.event_ids.end());
    shown.set_model_version(exposure.model_version);
    if (exposure.sample.has_value()) {
      *shown.mutable_figures() = FiguresOf(*exposure.sample);
    }
  }
  return messages;
}

}  // namespace usher
