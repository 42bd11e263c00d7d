// Events and users as vectors of one space, from what they are and from what
// was done.
#ifndef USHER_INDEX_MODEL_HYBRID_MODEL_H_
#define USHER_INDEX_MODEL_HYBRID_MODEL_H_

#include <vector>

#include "absl/types/span.h"
#include "index/catalog/catalog.h"
#include "index/catalog/event.h"
#include "index/catalog/rows.h"
#include "index/model/content_encoder.h"
#include "index/model/factor_space.h"
#include "index/model/item_tastes.h"
#include "index/model/neighbour_model.h"
#include "index/model/place_features.h"
#include "index/model/ridge_map.h"
#include "index/model/taste_model.h"

namespace usher {

// What training learned, all of it immutable and safe for concurrent use.
//
// A hybrid vector is [event part, organizer part], of by_event.dim() +
// by_organizer.dim() floats. Each part of an event is its own factors, shrunk
// by how much was seen of it, and for the rest what the ridge map says of its
// content and place (unshrunk where there is no map); so an event that is one
// second old, of an organizer never seen, has a vector. A user's parts are
// folded in from their history. The inner product of the two is the sum of both
// factorizations' scores.
struct HybridModel {
  ContentEncoder content;
  PlaceFeatures places;
  FactorSpace by_event;      // User x event.
  FactorSpace by_organizer;  // User x organizer; empty without organizers.
  // From [content, place] to factors; without data they map to nothing.
  RidgeMap event_map;
  RidgeMap organizer_map;
  // What actions say of taste, in training and since.
  Feedback feedback;
  // What a single algorithm learned, instead of all of the above but content.
  // A vector then is its vector, whole.
  TasteModel taste;
  // Instead of vectors.
  NeighbourModel neighbours;

  size_t dim() const {
    return taste.empty() ? by_event.dim() + by_organizer.dim() : taste.dim();
  }
  // Where the organizer part of a vector begins.
  size_t split() const { return taste.empty() ? by_event.dim() : taste.dim(); }

  // The input of the ridge maps: [content embedding, place features].
  std::vector<float> Describe(absl::Span<const float> embedding,
                              const GeoPoint& place) const;

  // The hybrid vector of an event of the catalogue; `embedding` is its content.
  std::vector<float> EventVector(const Catalog& catalog, EventRow row,
                                 absl::Span<const float> embedding) const;

  // The hybrid vector of a user: what a history, followed organizers and seeds
  // say. Zeros when they say nothing.
  std::vector<float> UserVector(const Catalog& catalog,
                                absl::Span<const Action> history,
                                absl::Span<const Follow> follows,
                                absl::Span<const TasteSeed> seeds) const;
};

}  // namespace usher

#endif  // USHER_INDEX_MODEL_HYBRID_MODEL_H_
