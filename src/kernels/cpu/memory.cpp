// SPDX-License-Identifier: Apache-2.0
#include "kernels/SystemMemory.h"
#include "kernels/cpu/CpuKernels.h"

#include "gnr/Error.h"

#include <cstdlib>
#include <cstring>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

CpuKernels::CpuKernels(int threads)
  : Kernels(systemMemory())
  , threads_(threads)
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

void
CpuKernels::fromHost(const float * host, std::size_t stride, double scale, Real * x, std::size_t n)
{
#pragma omp parallel for schedule(static) num_threads(threadsFor(n, sharedElements))
  for (std::size_t i = 0; i < n; ++i)
  {
    x[i] = static_cast<Real>(scale * host[stride * i]);
  }
}

void
CpuKernels::toHost(const Real * x, double scale, float * host, std::size_t stride, std::size_t n)
{
#pragma omp parallel for schedule(static) num_threads(threadsFor(n, sharedElements))
  for (std::size_t i = 0; i < n; ++i)
  {
    host[stride * i] = static_cast<float>(scale * x[i]);
  }
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
