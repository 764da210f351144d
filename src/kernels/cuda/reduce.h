// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cuda_reduce_h
#define gnr_kernels_cuda_reduce_h

#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"

#include <algorithm>

namespace gnr
{
namespace cuda
{

struct Sum
{
  static constexpr double identity = 0.0;
  __host__ __device__ double
  operator()(double a, double b) const
  {
    return a + b;
  }
};

/** What is not a number never wins. */
struct Maximum
{
  static constexpr double identity = 0.0;
  __host__ __device__ double
  operator()(double a, double b) const
  {
    return b > a ? b : a;
  }
};

namespace
{

constexpr int      reduceBlock = 256;
constexpr int      warpLanes = 32;
constexpr unsigned allLanes = 0xffffffffu;

/** Combines term(i) of one block after another: the terms of a thread, of a warp, of the block, each in an order that
 * depends on n alone. */
template <typename Combine, typename Term>
__global__ void
__launch_bounds__(reduceBlock) reduceKernel(std::size_t n, Term term, double * partial)
{
  __shared__ double warps[reduceBlock / warpLanes];
  const Combine     combine{};
  const std::size_t step = static_cast<std::size_t>(gridDim.x) * reduceBlock;
  double            value = Combine::identity;
  for (std::size_t i = static_cast<std::size_t>(blockIdx.x) * reduceBlock + threadIdx.x; i < n; i += step)
  {
    value = combine(value, term(i));
  }
  for (unsigned distance = warpLanes / 2; distance > 0; distance /= 2)
  {
    value = combine(value, __shfl_down_sync(allLanes, value, distance));
  }
  if (threadIdx.x % warpLanes == 0)
  {
    warps[threadIdx.x / warpLanes] = value;
  }
  __syncthreads();
  if (threadIdx.x == 0)
  {
    for (int w = 1; w < reduceBlock / warpLanes; ++w)
    {
      value = combine(value, warps[w]);
    }
    partial[blockIdx.x] = value;
  }
}

/** The sum, or maximum, of term(i) for 0 <= i < n, in double precision. The host combines what the blocks give. */
template <typename Combine, typename Term>
double
reduce(CudaKernels & kernels, StreamHere here, std::size_t n, Term term)
{
  if (n == 0)
  {
    return Combine::identity;
  }
  constexpr std::size_t termsPerThread = 16;
  const unsigned        blocks =
    std::min(blocksFor(n, reduceBlock * termsPerThread), static_cast<unsigned>(CudaKernels::mostPartials));
  Partials<double> partial = kernels.partials<double>();
  launch(reduceKernel<Combine, Term>, dim3(blocks), dim3(reduceBlock), 0, here, n, term, partial.device);
  kernels.fetch(partial, blocks);
  double total = Combine::identity;
  for (unsigned b = 0; b < blocks; ++b)
  {
    total = Combine{}(total, partial.host[b]);
  }
  return total;
}

} // namespace
} // namespace cuda
} // namespace gnr

#endif
