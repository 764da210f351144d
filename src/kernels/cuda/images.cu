// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/reduce.h"
#include "kernels/point/blend.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace gnr
{
namespace cuda
{
namespace
{

using Count = unsigned long long;

/** What one block knows of the values of a region. */
struct Summary
{
  double minimum;
  double maximum;
  double sum;
  Count  notPositive;
  Count  notFinite;
};
static_assert(sizeof(Summary) <= CudaKernels::partialBytes);

inline __host__ __device__ Summary
merged(const Summary & a, const Summary & b)
{
  return { b.minimum < a.minimum ? b.minimum : a.minimum,
           b.maximum > a.maximum ? b.maximum : a.maximum,
           a.sum + b.sum,
           a.notPositive + b.notPositive,
           a.notFinite + b.notFinite };
}

/** `infinity` is passed because device code may not ask numeric_limits. */
__global__ void
__launch_bounds__(reduceBlock)
  statisticsKernel(const Real * x, Extents e, Region region, std::size_t count, double infinity, Summary * partial)
{
  __shared__ Summary summaries[reduceBlock];
  const int          nx = region.end[0] - region.begin[0], ny = region.end[1] - region.begin[1];
  const std::size_t  step = static_cast<std::size_t>(gridDim.x) * reduceBlock;
  Summary            own{ infinity, -infinity, 0.0, 0, 0 };
  for (std::size_t p = static_cast<std::size_t>(blockIdx.x) * reduceBlock + threadIdx.x; p < count; p += step)
  {
    const std::size_t row = p / nx;
    const int         i = region.begin[0] + static_cast<int>(p % nx);
    const int         j = region.begin[1] + static_cast<int>(row % ny);
    const int         k = region.begin[2] + static_cast<int>(row / ny);
    const double      value = x[(static_cast<std::size_t>(k) * e.ny + j) * e.nx + i];
    if (!(std::fabs(value) < infinity))
    {
      ++own.notFinite;
      continue;
    }
    own = merged(own, { value, value, value, value <= 0.0 ? Count(1) : Count(0), 0 });
  }
  summaries[threadIdx.x] = own;
  for (unsigned half = reduceBlock / 2; half > 0; half /= 2)
  {
    __syncthreads();
    if (threadIdx.x < half)
    {
      summaries[threadIdx.x] = merged(summaries[threadIdx.x], summaries[threadIdx.x + half]);
    }
  }
  if (threadIdx.x == 0)
  {
    partial[blockIdx.x] = summaries[0];
  }
}

constexpr int mostBins = 4096;

/** A block counts in shared memory: a background of one value would otherwise make everybody wait for one address. */
__global__ void
__launch_bounds__(reduceBlock)
  histogramKernel(const Real * x, std::size_t n, double lower, double scale, int bins, Count * counts)
{
  __shared__ unsigned own[mostBins];
  for (int bin = static_cast<int>(threadIdx.x); bin < bins; bin += reduceBlock)
  {
    own[bin] = 0;
  }
  __syncthreads();
  const std::size_t step = static_cast<std::size_t>(gridDim.x) * reduceBlock;
  for (std::size_t i = static_cast<std::size_t>(blockIdx.x) * reduceBlock + threadIdx.x; i < n; i += step)
  {
    const double position = (double(x[i]) - lower) * scale;
    atomicAdd(&own[position < 0.0 ? 0 : (position >= bins ? bins - 1 : static_cast<int>(position))], 1u);
  }
  __syncthreads();
  for (int bin = static_cast<int>(threadIdx.x); bin < bins; bin += reduceBlock)
  {
    if (own[bin] != 0)
    {
      atomicAdd(&counts[bin], Count(own[bin]));
    }
  }
}

} // namespace

Statistics
CudaKernels::statistics(const Real * x, const Extents & e, const Region & region)
{
  Statistics result;
  result.count = 1;
  for (int a = 0; a < 3; ++a)
  {
    result.count *= static_cast<std::size_t>(std::max(0, region.end[a] - region.begin[a]));
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Summary          all{ infinity, -infinity, 0.0, 0, 0 };
  if (result.count > 0)
  {
    constexpr std::size_t valuesPerThread = 16;
    const unsigned        blocks =
      std::min(blocksFor(result.count, reduceBlock * valuesPerThread), static_cast<unsigned>(mostPartials));
    const Partials<Summary> partial = partials<Summary>();
    launch(statisticsKernel,
           dim3(blocks),
           dim3(reduceBlock),
           0,
           stream(),
           x,
           e,
           region,
           result.count,
           infinity,
           partial.device);
    fetch(partial, blocks);
    for (unsigned b = 0; b < blocks; ++b)
    {
      all = merged(all, partial.host[b]);
    }
  }
  result.minimum = all.minimum;
  result.maximum = all.maximum;
  result.sum = all.sum;
  result.notPositive = all.notPositive;
  result.notFinite = all.notFinite;
  return result;
}

void
CudaKernels::histogram(const Real * x, std::size_t n, double lower, double upper, std::uint64_t * counts, int bins)
{
  static_assert(sizeof(Count) == sizeof(std::uint64_t));
  if (bins > mostBins)
  {
    throw std::logic_error("CudaKernels::histogram: at most 4096 bins");
  }
  const Queue  s = stream();
  void * const onDevice = equipment_->partialsDevice.atLeast(DeviceSizes::sums);
  static_assert(mostBins * sizeof(Count) <= mostPartials * partialBytes);
  GNR_CUDA(cudaMemsetAsync(onDevice, 0, bins * sizeof(Count), s));
  if (n > 0)
  {
    constexpr std::size_t valuesPerThread = 64;
    launch(histogramKernel,
           dim3(std::min(blocksFor(n, reduceBlock * valuesPerThread), static_cast<unsigned>(mostPartials))),
           dim3(reduceBlock),
           0,
           s,
           x,
           n,
           lower,
           bins / (upper - lower),
           bins,
           static_cast<Count *>(onDevice));
  }
  fetchBytes(onDevice, counts, bins * sizeof(Count));
}

void
CudaKernels::extendPeriodically(const Real * image, const Extents & imageExtents, const Extents & box, Real * out)
{
  const Extents in = imageExtents, e = box;
  forEachPoint(stream(), box, [=] __device__(int i, int j, int k) {
    int  low[3], high[3];
    Real t[3];
    point::blendWeights(i, in.nx, e.nx, low[0], high[0], t[0]);
    point::blendWeights(j, in.ny, e.ny, low[1], high[1], t[1]);
    point::blendWeights(k, in.nz, e.nz, low[2], high[2], t[2]);
    const auto at = [&](int x, int y, int z) { return image[(static_cast<std::size_t>(z) * in.ny + y) * in.nx + x]; };
    Real       value;
    if (i < in.nx && j < in.ny && k < in.nz)
    {
      value = at(i, j, k);
    }
    else
    {
      const Real w00 = (1 - t[1]) * (1 - t[2]), w10 = t[1] * (1 - t[2]), w01 = (1 - t[1]) * t[2], w11 = t[1] * t[2];
      const auto column = [&](int x) {
        return w00 * at(x, low[1], low[2]) + w10 * at(x, high[1], low[2]) + w01 * at(x, low[1], high[2]) +
               w11 * at(x, high[1], high[2]);
      };
      value = (1 - t[0]) * column(low[0]) + t[0] * column(high[0]);
    }
    out[(static_cast<std::size_t>(k) * e.ny + j) * e.nx + i] = value;
  });
}

void
CudaKernels::extendByConstant(const Real *    image,
                              const Extents & imageExtents,
                              const Extents & box,
                              Real            value,
                              Real *          out)
{
  const Extents in = imageExtents, e = box;
  forEachPoint(stream(), box, [=] __device__(int i, int j, int k) {
    out[(static_cast<std::size_t>(k) * e.ny + j) * e.nx + i] =
      i < in.nx && j < in.ny && k < in.nz ? image[(static_cast<std::size_t>(k) * in.ny + j) * in.nx + i] : value;
  });
}

void
CudaKernels::crop(const Real * box, const Extents & boxExtents, const Extents & imageExtents, Real * out)
{
  const Extents from = boxExtents, e = imageExtents;
  forEachPoint(stream(), imageExtents, [=] __device__(int i, int j, int k) {
    out[(static_cast<std::size_t>(k) * e.ny + j) * e.nx + i] =
      box[(static_cast<std::size_t>(k) * from.ny + j) * from.nx + i];
  });
}

} // namespace cuda
} // namespace gnr
