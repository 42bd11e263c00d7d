// Threads for what takes long beside the requests.
#ifndef USHER_SERVING_BACKGROUND_THREAD_H_
#define USHER_SERVING_BACKGROUND_THREAD_H_

#include <functional>
#include <thread>

namespace usher {

// Starts a thread that gets a processor when no request needs it, and a small
// share of one otherwise. What it starts is like it.
std::thread StartBackgroundThread(std::function<void()> work);

}  // namespace usher

#endif  // USHER_SERVING_BACKGROUND_THREAD_H_
