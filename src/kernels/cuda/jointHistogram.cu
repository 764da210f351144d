// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/reduce.h"
#include "kernels/point/jointHistogram.h"

#include <algorithm>
#include <stdexcept>

namespace gnr
{
namespace cuda
{
namespace
{

using Quanta = unsigned long long;
using Nodes = point::IntensityNodes<Real>;
constexpr int mostBins = 64;

/** A block counts in shared memory, as a background of one value would otherwise make everybody wait for few
 * addresses. Sums of integers do not depend on their order. */
__global__ void
__launch_bounds__(reduceBlock)
  jointHistogramKernel(const Real * m, const Real * f, const Real * weight, std::size_t n, Nodes nodes, Quanta * counts)
{
  __shared__ Quanta own[mostBins * mostBins];
  const int         bins = nodes.bins(), cells = bins * bins;
  for (int cell = static_cast<int>(threadIdx.x); cell < cells; cell += reduceBlock)
  {
    own[cell] = 0;
  }
  __syncthreads();
  const std::size_t step = static_cast<std::size_t>(gridDim.x) * reduceBlock;
  for (std::size_t i = static_cast<std::size_t>(blockIdx.x) * reduceBlock + threadIdx.x; i < n; i += step)
  {
    const auto u = nodes.splines(m[i]);
    const auto v = nodes.linear(f[i]);
    const Real w = weight == nullptr ? Real(1) : weight[i];
    Quanta *   row = own + u.first * bins + v.first;
    for (int a = 0; a < 4; ++a, row += bins)
    {
      const Real part = w * u.values[a];
      atomicAdd(row, Quanta(point::quantaOf(part * v.values[0])));
      atomicAdd(row + 1, Quanta(point::quantaOf(part * v.values[1])));
    }
  }
  __syncthreads();
  for (int cell = static_cast<int>(threadIdx.x); cell < cells; cell += reduceBlock)
  {
    if (own[cell] != 0)
    {
      atomicAdd(&counts[cell], own[cell]);
    }
  }
}

} // namespace

void
CudaKernels::jointHistogram(const Real *    m,
                            const Real *    f,
                            const Real *    weight,
                            std::size_t     n,
                            double          lower,
                            double          upper,
                            std::uint64_t * counts,
                            int             bins)
{
  static_assert(sizeof(Quanta) == sizeof(std::uint64_t));
  if (bins > mostBins)
  {
    throw std::logic_error("CudaKernels::jointHistogram: at most 64 bins");
  }
  const Queue       s = stream();
  const std::size_t bytes = static_cast<std::size_t>(bins) * bins * sizeof(Quanta);
  void * const      onDevice = equipment_->partialsDevice.atLeast(DeviceSizes::sums);
  static_assert(mostBins * mostBins * sizeof(Quanta) <= mostPartials * partialBytes);
  GNR_CUDA(cudaMemsetAsync(onDevice, 0, bytes, s));
  if (n > 0)
  {
    constexpr std::size_t valuesPerThread = 64;
    launch(jointHistogramKernel,
           dim3(std::min(blocksFor(n, reduceBlock * valuesPerThread), static_cast<unsigned>(mostPartials))),
           dim3(reduceBlock),
           0,
           s,
           m,
           f,
           weight,
           n,
           Nodes(lower, upper, bins),
           static_cast<Quanta *>(onDevice));
  }
  fetchBytes(onDevice, counts, bytes);
}

void
CudaKernels::lookUp(const Real * m,
                    const Real * f,
                    const Real * table,
                    double       lower,
                    double       upper,
                    int          bins,
                    bool         isDerivative,
                    Real *       out,
                    std::size_t  n)
{
  const Nodes nodes(lower, upper, bins);
  forEach(stream(), n, [=] __device__(std::size_t i) {
    const auto v = nodes.linear(f[i]);
    const auto u = isDerivative ? nodes.splineSlopes(m[i]) : nodes.splines(m[i]);
    out[i] = point::lookUp(table, bins, u, v);
  });
}

} // namespace cuda
} // namespace gnr
