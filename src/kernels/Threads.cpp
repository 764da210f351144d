// SPDX-License-Identifier: Apache-2.0
#include "kernels/Threads.h"

#include "gnr/Error.h"
#include "gnr/Threads.h"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace gnr
{

bool
canStartThreads(int threads)
{
  std::mutex               mutex;
  std::condition_variable  changed;
  bool                     isOver = false;
  bool                     isDone = true;
  std::vector<std::thread> started;
  try
  {
    for (int i = 0; i < threads; ++i)
    {
      started.emplace_back([&] {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [&isOver] { return isOver; });
      });
    }
  }
  catch (const std::exception &) // std::system_error of the system, std::bad_alloc of the vector
  {
    isDone = false;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex);
    isOver = true;
  }
  changed.notify_all();
  for (std::thread & thread : started)
  {
    thread.join();
  }
  return isDone;
}

void
startLoopThreads(int threads)
{
  thread_local int started = 1;
  if (threads <= started)
  {
    return;
  }
  if (!canStartThreads(threads - 1))
  {
    throw Error(ErrorKind::OutOfResources,
                "the system gives no " + std::to_string(threads) +
                  " threads; use fewer (--threads), or raise the limit of memory or processes");
  }
  std::atomic<int> count{ 0 };
#pragma omp parallel num_threads(threads)
  {
    ++count;
  }
  started = threads;
}

} // namespace gnr
