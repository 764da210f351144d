// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cuda_KernelTimer_h
#define gnr_kernels_cuda_KernelTimer_h

#include "kernels/cuda/status.h"

#include "gnr/Report.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gnr
{
namespace cuda
{

/** Measures what a stream does by events before and behind it. */
class KernelTimer
{
public:
  KernelTimer() = default;
  ~KernelTimer();
  KernelTimer(const KernelTimer &) = delete;
  KernelTimer &
  operator=(const KernelTimer &) = delete;

  /** \param name is not copied. */
  void
  begin(const char * name, cudaStream_t stream);
  void
  end(cudaStream_t stream);

  /** Since the last call, what took longest first. Waits. */
  std::vector<KernelTime>
  take();

private:
  struct Pair
  {
    const char * name = nullptr;
    cudaEvent_t  events[2] = { nullptr, nullptr };
  };

  /** Waits for all pairs in use, and adds them up. */
  void
  collect();

  std::vector<Pair>                 pairs_;
  std::size_t                       used_ = 0;
  std::map<std::string, KernelTime> totals_;
};

/** A stream, and what measures its kernels, if anything does. */
struct Queue
{
  cudaStream_t  stream;
  KernelTimer * timer;

  operator cudaStream_t() const { return stream; }
};

/** Calls put(), which puts something into the queue, and has it measured under this name. */
template <typename Put>
void
measured(const Queue & queue, const char * name, Put put)
{
  if (queue.timer == nullptr)
  {
    put();
    return;
  }
  queue.timer->begin(name, queue.stream);
  put();
  queue.timer->end(queue.stream);
}

} // namespace cuda
} // namespace gnr

#endif
