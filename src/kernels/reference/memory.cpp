// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include "gnr/Error.h"

#include <cstdlib>
#include <cstring>

namespace gnr
{

std::string
ReferenceKernels::description() const
{
  return "reference kernels (one thread, double arithmetic)";
}

void *
ReferenceKernels::allocate(std::size_t bytes)
{
  // malloc(0) may return null, which would look like a failure
  const std::size_t size = bytes == 0 ? 1 : bytes;
  void * const      memory = std::malloc(size);
  if (memory == nullptr)
  {
    throw Error(ErrorKind::OutOfResources,
                "cannot allocate " + std::to_string(bytes) +
                  " bytes of memory; use a smaller image or a machine with more memory");
  }
  std::memset(memory, 0xff, size); // every float and double is then a NaN
  return memory;
}

void
ReferenceKernels::deallocate(void * memory)
{
  std::free(memory);
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

std::unique_ptr<Kernels>
makeReferenceKernels()
{
  return std::make_unique<ReferenceKernels>();
}

} // namespace gnr
