// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cuda_status_h
#define gnr_kernels_cuda_status_h

#include <cuda_runtime.h>
#include <cufft.h>

#include <cstddef>

namespace gnr
{
namespace cuda
{

/** A line of the source, for messages. */
struct Place
{
  const char * file;
  int          line;
};

/** Throw Error(OutOfResources) with the call, its place, the reason and the remedy, unless the call succeeded. */
void
check(cudaError_t status, const char * call, Place place);
void
check(cufftResult status, const char * call, Place place);

/** Of this process, so far: after one that failed nobody can be sure of what is kept. */
std::size_t
failedCalls();
void
noteFailedCall();

} // namespace cuda
} // namespace gnr

#define GNR_CUDA_HERE                                                                                                  \
  ::gnr::cuda::Place                                                                                                   \
  {                                                                                                                    \
    __FILE__, __LINE__                                                                                                 \
  }
#define GNR_CUDA(call) ::gnr::cuda::check((call), #call, GNR_CUDA_HERE)

#endif
