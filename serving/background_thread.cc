#include "serving/background_thread.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace usher {
namespace {

// A tenth of the share of a thread that answers.
constexpr int kNice = 10;

}  // namespace

std::thread StartBackgroundThread(std::function<void()> work) {
  return std::thread([work = std::move(work)] {
    // Of this thread alone; where that is not allowed, it is one like others.
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNice);
    work();
  });
}

}  // namespace usher
