// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include "kernels/SystemMemory.h"

#include <cstring>

namespace gnr
{
namespace
{

/** Every float and double in it is then a NaN. */
void
fillWithNan(void * memory, std::size_t bytes)
{
  std::memset(memory, 0xff, bytes);
}

MemorySource
memorySource()
{
  MemorySource source = systemMemory();
  source.initialize = fillWithNan;
  return source;
}

} // namespace

ReferenceKernels::ReferenceKernels()
  : Kernels(memorySource())
{}

std::string
ReferenceKernels::description() const
{
  return "reference kernels (one thread, double arithmetic)";
}

void
ReferenceKernels::copyFromHost(const void * host, void * memory, std::size_t bytes)
{
  std::memcpy(memory, host, bytes);
}

void
ReferenceKernels::copyToHost(const void * memory, void * host, std::size_t bytes)
{
  std::memcpy(host, memory, bytes);
}

void
ReferenceKernels::fromHost(const float * host, std::size_t stride, double scale, Real * x, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    x[i] = static_cast<Real>(scale * host[stride * i]);
  }
}

void
ReferenceKernels::toHost(const Real * x, double scale, float * host, std::size_t stride, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    host[stride * i] = static_cast<float>(scale * x[i]);
  }
}

std::unique_ptr<Kernels>
makeReferenceKernels()
{
  return std::make_unique<ReferenceKernels>();
}

} // namespace gnr
