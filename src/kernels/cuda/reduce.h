// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cuda_reduce_h
#define gnr_kernels_cuda_reduce_h

#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"

#include <algorithm>
#include <array>

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
 * depends on n alone. A row of blocks (blockIdx.y) for each of several results. */
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
    partial[blockIdx.y * gridDim.x + blockIdx.x] = value;
  }
}

/** The sums, or maxima, of term(i) for 0 <= i < n, in double precision, for blockIdx.y = 0 ... results - 1, with one
 * wait. The host combines what the blocks give. */
template <typename Combine, std::size_t results, typename Term>
std::array<double, results>
reduceEach(CudaKernels & kernels, StreamHere here, std::size_t n, Term term)
{
  std::array<double, results> totals;
  totals.fill(Combine::identity);
  if (n == 0)
  {
    return totals;
  }
  constexpr std::size_t termsPerThread = 16;
  const unsigned        blocks =
    std::min(blocksFor(n, reduceBlock * termsPerThread), static_cast<unsigned>(CudaKernels::mostPartials / results));
  Partials<double> partial = kernels.partials<double>();
  launch(reduceKernel<Combine, Term>, dim3(blocks, results), dim3(reduceBlock), 0, here, n, term, partial.device);
  kernels.fetch(partial, results * blocks);
  for (std::size_t r = 0; r < results; ++r)
  {
    for (unsigned b = 0; b < blocks; ++b)
    {
      totals[r] = Combine{}(totals[r], partial.host[r * blocks + b]);
    }
  }
  return totals;
}

/** Of one. */
template <typename Combine, typename Term>
double
reduce(CudaKernels & kernels, StreamHere here, std::size_t n, Term term)
{
  return reduceEach<Combine, 1>(kernels, here, n, term)[0];
}

} // namespace
} // namespace cuda
} // namespace gnr

#endif
