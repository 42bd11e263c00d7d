// Takes the forgotten out of what is learned from.
#ifndef USHER_TRAINER_DATA_DROP_FORGOTTEN_H_
#define USHER_TRAINER_DATA_DROP_FORGOTTEN_H_

#include <cstdint>

#include "index/catalog/forgotten_users.h"
#include "trainer/data/dataset.h"

namespace usher {

// Without these users and what they did; everything else keeps its order.
// Returns how many users were taken out.
int64_t DropForgotten(const ForgottenUsers& forgotten, Dataset* dataset);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_DROP_FORGOTTEN_H_
