// From a dataset to the catalogue that a version carries.
#ifndef USHER_TRAINER_BUILD_CATALOG_H_
#define USHER_TRAINER_BUILD_CATALOG_H_

#include "index/catalog/catalog.h"
#include "trainer/data/dataset.h"

namespace usher {

// Events and users in the dataset's order, so that the row of each is its index
// there; then the interactions in theirs. Events that nothing describes have a
// row without content, as a live write gives them: absent. On `threads` threads
// (0: all that the machine has), with the same result on any number.
Catalog BuildCatalog(const Dataset& dataset, int threads = 0);

}  // namespace usher

#endif  // USHER_TRAINER_BUILD_CATALOG_H_
