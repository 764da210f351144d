// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cuda_Memory_h
#define gnr_kernels_cuda_Memory_h

#include "kernels/FieldMemory.h"

#include <cstddef>

namespace gnr
{
namespace cuda
{

/** Memory of the current device, for fields; the block of all of them is kept (Equipment.h). */
MemorySource
deviceMemory();
/** Says what there is where it is not enough; what is kept for later goes first. */
void *
acquireForFields(std::size_t bytes);

/** Memory that grows when more is asked for; what it held is lost then. */
template <void * (*acquire)(std::size_t), void (*release)(void *)>
class Growing
{
public:
  Growing() = default;
  ~Growing() { release(data_); }
  Growing(const Growing &) = delete;
  Growing &
  operator=(const Growing &) = delete;

  void *
  atLeast(std::size_t bytes)
  {
    if (bytes > bytes_)
    {
      release(data_);
      data_ = nullptr;
      bytes_ = 0;
      data_ = acquire(bytes);
      bytes_ = bytes;
    }
    return data_;
  }

  std::size_t
  bytes() const
  {
    return bytes_;
  }

private:
  void *      data_ = nullptr;
  std::size_t bytes_ = 0;
};

/** These throw Error(OutOfResources); null is allowed where memory is given back. */
void *
acquireDevice(std::size_t bytes);
void
releaseDevice(void * memory);
/** Host memory that copies can run to and from while the host goes on. */
void *
acquirePinned(std::size_t bytes);
void
releasePinned(void * memory);

using DeviceScratch = Growing<acquireDevice, releaseDevice>;
using PinnedScratch = Growing<acquirePinned, releasePinned>;

} // namespace cuda
} // namespace gnr

#endif
