// Two threads add to one number, and one of them forgets the lock: the report
// that ThreadSanitizer has to make, whatever else the files here tell it.
#include <thread>

#include "absl/synchronization/mutex.h"

int main() {
  absl::Mutex mu;
  int number = 0;
  std::thread careful([&] {
    absl::MutexLock lock(&mu);
    ++number;
  });
  std::thread careless([&] { ++number; });
  careful.join();
  careless.join();
}
