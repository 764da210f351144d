// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/KernelTimer.h"

#include <algorithm>

namespace gnr
{
namespace cuda
{
namespace
{
constexpr std::size_t mostPairs = 1024; // before they are read and used again
}

KernelTimer::~KernelTimer()
{
  for (const Pair & pair : pairs_)
  {
    for (const cudaEvent_t event : pair.events)
    {
      if (event != nullptr)
      {
        cudaEventDestroy(event);
      }
    }
  }
}

void
KernelTimer::begin(const char * name, cudaStream_t stream)
{
  if (used_ == mostPairs)
  {
    collect();
  }
  if (used_ == pairs_.size())
  {
    pairs_.emplace_back();
    for (cudaEvent_t & event : pairs_.back().events)
    {
      GNR_CUDA(cudaEventCreate(&event));
    }
  }
  pairs_[used_].name = name;
  GNR_CUDA(cudaEventRecord(pairs_[used_].events[0], stream));
}

void
KernelTimer::end(cudaStream_t stream)
{
  GNR_CUDA(cudaEventRecord(pairs_[used_].events[1], stream));
  ++used_;
}

void
KernelTimer::collect()
{
  if (used_ == 0)
  {
    return;
  }
  GNR_CUDA(cudaEventSynchronize(pairs_[used_ - 1].events[1]));
  for (std::size_t i = 0; i < used_; ++i)
  {
    float milliseconds = 0.0F;
    GNR_CUDA(cudaEventElapsedTime(&milliseconds, pairs_[i].events[0], pairs_[i].events[1]));
    KernelTime & total = totals_[pairs_[i].name];
    ++total.calls;
    total.milliseconds += milliseconds;
  }
  used_ = 0;
}

std::vector<KernelTime>
KernelTimer::take()
{
  collect();
  std::vector<KernelTime> result;
  for (auto & [name, total] : totals_)
  {
    result.push_back({ name, total.calls, total.milliseconds });
  }
  totals_.clear();
  std::stable_sort(result.begin(), result.end(), [](const KernelTime & a, const KernelTime & b) {
    return a.milliseconds > b.milliseconds;
  });
  return result;
}

} // namespace cuda
} // namespace gnr
