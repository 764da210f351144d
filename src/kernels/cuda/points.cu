// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"
#include "kernels/point/cubicAxis.h"
#include "kernels/point/cubicSample.h"

#include <algorithm>

// Points are few, and travel in pieces through the memory for sums.

namespace gnr
{
namespace cuda
{
namespace
{

constexpr std::size_t
sumsOf(std::size_t numbersPerPoint)
{
  return CudaKernels::mostPartials * CudaKernels::partialBytes / (numbersPerPoint * sizeof(double));
}

constexpr int nodesInPlane = 16;
constexpr int planeBlock = 3 * nodesInPlane;

/** The q-th of four, without an array that would have to lie in memory. */
template <typename T>
__device__ __forceinline__ T
chosen(const T (&of)[4], int q)
{
  return q == 0 ? of[0] : q == 1 ? of[1] : q == 2 ? of[2] : of[3];
}

/** A block has one plane and goes through all points, so that every sum has their order; a thread has one of the nodes
 * and components that a point has there. Axes have at least four points, so that the nodes differ. */
__global__ void
__launch_bounds__(planeBlock)
  addAtPointsKernel(const double * positions, const double * values, int count, PeriodicSlab slab, VectorView v)
{
  const int thread = static_cast<int>(threadIdx.x), c = thread / nodesInPlane;
  const int i = thread % 4, j = thread / 4 % 4;
  const int plane = static_cast<int>(blockIdx.x);
  for (int n = 0; n < count; ++n)
  {
    const double * const   position = positions + 3 * n;
    const point::CubicAxis z = point::cubicAxis(position[2], slab.planes);
#pragma unroll
    for (int k = 0; k < 4; ++k)
    {
      if (z.node[k] - slab.firstPlane == plane) // for all threads of the block alike
      {
        const point::CubicAxis x = point::cubicAxis(position[0], slab.extents.nx),
                               y = point::cubicAxis(position[1], slab.extents.ny);
        Real * const node = v.data + c * v.stride +
                            (static_cast<std::size_t>(plane) * slab.extents.ny + chosen(y.node, j)) * slab.extents.nx +
                            chosen(x.node, i);
        const double value = z.weight[k] * chosen(y.weight, j) * values[3 * n + c];
        *node = static_cast<Real>(*node + value * chosen(x.weight, i));
        __syncthreads();
      }
    }
  }
}

} // namespace

void
CudaKernels::sampleAtPoints(const ConstVectorView & v,
                            const PeriodicSlab &    slab,
                            const double *          positions,
                            double *                values,
                            double *                slopes,
                            std::size_t             count)
{
  constexpr std::size_t most = sumsOf(3 + 3 + 9);
  double * const        at = partials<double>().device;
  double * const        value = at + 3 * most;
  double * const        slope = slopes == nullptr ? nullptr : value + 3 * most;
  for (std::size_t begin = 0; begin < count; begin += most)
  {
    const std::size_t n = std::min(most, count - begin);
    copyFromHost(positions + 3 * begin, at, 3 * n * sizeof(double));
    forEach(stream(), n, [=] __device__(std::size_t p) {
      point::cubicSample(v, slab, at + 3 * p, value + 3 * p, slope == nullptr ? nullptr : slope + 9 * p);
    });
    copyToHost(value, values + 3 * begin, 3 * n * sizeof(double));
    if (slopes != nullptr)
    {
      copyToHost(slope, slopes + 9 * begin, 9 * n * sizeof(double));
    }
  }
}

void
CudaKernels::addAtPoints(const double *       positions,
                         const double *       values,
                         std::size_t          count,
                         const PeriodicSlab & slab,
                         const VectorView &   v)
{
  constexpr std::size_t most = sumsOf(3 + 3);
  double * const        at = partials<double>().device;
  double * const        value = at + 3 * most;
  for (std::size_t begin = 0; begin < count && slab.extents.nz > 0; begin += most)
  {
    const std::size_t n = std::min(most, count - begin);
    copyFromHost(positions + 3 * begin, at, 3 * n * sizeof(double));
    copyFromHost(values + 3 * begin, value, 3 * n * sizeof(double));
    launch(addAtPointsKernel,
           dim3(static_cast<unsigned>(slab.extents.nz)),
           dim3(planeBlock),
           0,
           stream(),
           at,
           value,
           static_cast<int>(n),
           slab,
           v);
  }
}

} // namespace cuda
} // namespace gnr
