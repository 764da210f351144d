// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/CpuKernels.h"

#include "gnr/Error.h"

#include <cstdlib>
#include <cstring>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

CpuKernels::CpuKernels(int threads)
  : threads_(threads)
{}

CpuKernels::~CpuKernels()
{
  std::free(partials_);
}

#define GNR_CPU_STRING2(x) #x
#define GNR_CPU_STRING(x) GNR_CPU_STRING2(x)

std::string
CpuKernels::description() const
{
  return "CPU (" GNR_CPU_STRING(GNR_CPU_VARIANT) ")";
}

void *
CpuKernels::allocate(std::size_t bytes)
{
  // Whole cache lines: FFTW and the vector loops want 64-byte alignment.
  void * memory = std::aligned_alloc(64, (bytes / 64 + 1) * 64);
  if (memory == nullptr)
  {
    throw Error(ErrorKind::OutOfResources,
                "out of memory: " + std::to_string(bytes >> 20) +
                  " MiB could not be allocated; use a smaller image, fewer levels in memory or more processes");
  }
  return memory;
}

void
CpuKernels::deallocate(void * memory)
{
  std::free(memory);
}

void
CpuKernels::copyFromHost(const void * host, void * memory, std::size_t bytes)
{
  std::memcpy(memory, host, bytes);
}

void
CpuKernels::copyToHost(const void * memory, void * host, std::size_t bytes)
{
  std::memcpy(host, memory, bytes);
}

double *
CpuKernels::partials(std::size_t count)
{
  if (count > partialsCapacity_)
  {
    std::free(partials_);
    partials_ = static_cast<double *>(std::malloc(count * sizeof(double)));
    partialsCapacity_ = partials_ == nullptr ? 0 : count;
    if (partials_ == nullptr)
    {
      throw Error(ErrorKind::OutOfResources, "out of memory for the partial sums of a reduction");
    }
  }
  return partials_;
}

std::unique_ptr<Kernels>
makeKernels(int threads)
{
  return std::unique_ptr<Kernels>(new CpuKernels(threads));
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
