// For functions that stand in front of those of a shared library, to tell
// ThreadSanitizer what a library that is not instrumented orders.
//
// They are linked into executables, whose symbols come before those of shared
// libraries: whoever calls one, the library itself included, calls the one
// here, and it calls the real one.
#ifndef USHER_TESTS_TSAN_REAL_H_
#define USHER_TESTS_TSAN_REAL_H_

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

// What happened before a release is seen after an acquire of the same address.
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}

namespace usher {

// What `symbol` is in the library. Aborts when it is not there.
template <class Function>
Function* Real(const char* symbol) {
  void* const found = dlsym(RTLD_NEXT, symbol);
  if (found == nullptr) {
    std::fprintf(stderr, "tsan: no library has %s; is this Debian 12?\n",
                 symbol);
    std::abort();
  }
  return reinterpret_cast<Function*>(found);
}

}  // namespace usher

#endif  // USHER_TESTS_TSAN_REAL_H_
