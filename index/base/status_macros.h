// The two control-flow macros and the one assertion of the project. Not for
// use in headers.
#ifndef USHER_INDEX_BASE_STATUS_MACROS_H_
#define USHER_INDEX_BASE_STATUS_MACROS_H_

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function when `expr` is not OK.
#define RETURN_IF_ERROR(expr)                                     \
  do {                                                            \
    if (absl::Status usher_status = (expr); !usher_status.ok()) { \
      return usher_status;                                        \
    }                                                             \
  } while (false)

// ASSIGN_OR_RETURN(auto x, F()): binds the value of a StatusOr, or returns.
#define ASSIGN_OR_RETURN(lhs, expr) \
  USHER_ASSIGN_OR_RETURN(USHER_CONCAT(usher_or_, __LINE__), lhs, expr)
#define USHER_ASSIGN_OR_RETURN(tmp, lhs, expr)   \
  auto tmp = (expr);                             \
  if (!tmp.ok()) return std::move(tmp).status(); \
  lhs = *std::move(tmp)
#define USHER_CONCAT(a, b) USHER_CONCAT_INNER(a, b)
#define USHER_CONCAT_INNER(a, b) a##b

// Aborts when a promise between parts of the program is broken. Never for
// input: files, requests and replies get a Status.
#define USHER_CHECK(condition)                                                \
  do {                                                                        \
    if (!(condition)) {                                                       \
      std::fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, \
                   #condition);                                               \
      std::abort();                                                           \
    }                                                                         \
  } while (false)

#endif  // USHER_INDEX_BASE_STATUS_MACROS_H_
