// Options of the algorithms that rank by themselves.
#ifndef USHER_TRAINER_ALGORITHM_OPTIONS_H_
#define USHER_TRAINER_ALGORITHM_OPTIONS_H_

#include <cstdint>
#include <optional>

#include "index/model/item_tastes.h"
#include "trainer/algorithms/als.h"
#include "trainer/algorithms/content.h"
#include "trainer/algorithms/gru.h"
#include "trainer/algorithms/knn.h"
#include "trainer/algorithms/logistic_mf.h"
#include "trainer/algorithms/ncf.h"
#include "trainer/algorithms/svd.h"

namespace usher {

// With defaults that work. Seeds and threads are those of the training.
struct AlgorithmOptions {
  AlgorithmOptions();

  // The columns of the taste matrix. By default organizers, which come again,
  // where at least half of the events have one; else events.
  std::optional<ItemKind> items;
  // A `dim` of 0 goes by the matrix (AlsDimFor).
  AlsOptions als;
  KnnOptions item_knn;
  KnnOptions user_knn;
  LogisticMfOptions logistic_mf;
  SvdOptions svd;
  int tag_svd_dim = 16;  // 1 to 512.
  ContentOptions tfidf;
  NcfOptions ncf;  // Without `hide`, which follows from the items.
  GruOptions gru;
};

// As many factors as a matrix of so many entries and columns feeds: what people
// do not share with enough others is no direction of its own.
int AlsDimFor(int64_t entries, int64_t columns);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHM_OPTIONS_H_
