// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"
#include "kernels/point/wrap.h"

namespace gnr
{
namespace cuda
{
namespace
{

constexpr int walkX = 32;
constexpr int walkY = 8;
constexpr int ringLength = 64; ///< a power of two, not below walkX + 2 Window::mostRadius
static_assert(ringLength >= walkX + 2 * Window::mostRadius, "what the points of a step see");

/** The window along x (axis 0) or y (axis 1), periodic [L1].
 *
 * A block has whole lines along the axis, 8 rows or 32 columns of one plane, and walks along them in steps of 32 or 8
 * points. What a window sees lies in a ring in shared memory; a step reads the points that its windows see and the step
 * before did not, and then writes its own, so that the result may overwrite f. The first points of a line are kept,
 * because the last windows see them again behind its end. */
template <int axis>
__global__ void
__launch_bounds__(walkX * walkY)
  walkKernel(const Real * f, Extents e, const __grid_constant__ Window window, Real * out)
{
  constexpr int   step = axis == 0 ? walkX : walkY;
  constexpr int   lines = axis == 0 ? walkY : walkX;
  __shared__ Real ring[lines * ringLength];
  __shared__ Real kept[lines * Window::mostRadius];

  // Neighbours in memory are neighbours in threadIdx.x whatever the axis.
  constexpr int lineStride = axis == 0 ? ringLength : 1, pointStride = axis == 0 ? 1 : lines;
  const int     along = static_cast<int>(axis == 0 ? threadIdx.x : threadIdx.y);
  const int     line = static_cast<int>(axis == 0 ? threadIdx.y : threadIdx.x);
  const int     n = axis == 0 ? e.nx : e.ny, count = axis == 0 ? e.ny : e.nx;
  const int     lineOfPlane = static_cast<int>(blockIdx.x) * lines + line;
  const bool    hasLine = lineOfPlane < count;
  Real * const  ringOfLine = ring + line * lineStride;
  Real * const  keptOfLine = kept + line * (axis == 0 ? Window::mostRadius : 1);

  const std::ptrdiff_t stride = axis == 0 ? 1 : e.nx;
  const std::ptrdiff_t begin = static_cast<std::ptrdiff_t>(blockIdx.y) * e.nx * e.ny +
                               static_cast<std::ptrdiff_t>(lineOfPlane) * (axis == 0 ? e.nx : 1);
  const int radius = window.radius, keptPoints = radius < n ? radius : n;

  const auto slot = [=](int i) { return ((i + Window::mostRadius) & (ringLength - 1)) * pointStride; };
  const auto keep = [=](int i, Real value) { ringOfLine[slot(i)] = value; };

  if (hasLine)
  {
    for (int i = -radius + along; i < radius; i += step)
    {
      const Real value = f[begin + point::wrap(i, n) * stride];
      keep(i, value);
      if (i >= 0 && i < keptPoints)
      {
        keptOfLine[i * pointStride] = value;
      }
    }
  }
  for (int first = 0; first < n; first += step)
  {
    const int next = first + radius + along;
    if (hasLine && next < n + radius)
    {
      const bool mayBeOverwritten = next >= n && first > 0;
      keep(next,
           mayBeOverwritten ? keptOfLine[point::wrap(next, n) * pointStride]
                            : f[begin + point::wrap(next, n) * stride]);
    }
    __syncthreads();
    const int i = first + along;
    if (hasLine && i < n)
    {
      Real sum = window.weight[0] * ringOfLine[slot(i)];
      for (int q = 1; q <= radius; ++q)
      {
        sum += window.weight[q] * (ringOfLine[slot(i - q)] + ringOfLine[slot(i + q)]);
      }
      out[begin + i * stride] = sum;
    }
    __syncthreads();
  }
}

constexpr int columnY = 4;
constexpr int planesPerBlock = 64;

/** The window along z. A block walks along z over a tile of (x, y); every thread has what its window sees in a ring of
 * its own. Reads: 1 + 2 radius planes in 64. */
__global__ void
__launch_bounds__(walkX * columnY) acrossKernel(Padded f, const __grid_constant__ Window window, Real * out)
{
  constexpr int   threads = walkX * columnY;
  __shared__ Real rings[(2 * Window::mostRadius + 1) * threads];

  const Extents e = f.interior;
  const int     i = static_cast<int>(blockIdx.x) * walkX + static_cast<int>(threadIdx.x);
  const int     j = static_cast<int>(blockIdx.y) * columnY + static_cast<int>(threadIdx.y);
  if (i >= e.nx || j >= e.ny)
  {
    return;
  }
  const int          kBegin = static_cast<int>(blockIdx.z) * planesPerBlock;
  const int          kEnd = kBegin + planesPerBlock < e.nz ? kBegin + planesPerBlock : e.nz;
  const int          radius = window.radius, span = 2 * radius + 1;
  Real * const       ring = rings + threadIdx.y * walkX + threadIdx.x;
  const Real * const column = f.origin + i + j * f.rowStride;
  const auto         value = [&](int k) { return column[(f.isPeriodic ? point::wrap(k, e.nz) : k) * f.planeStride]; };
  for (int s = 0; s < span - 1; ++s)
  {
    ring[s * threads] = value(kBegin - radius + s);
  }
  int middle = radius; // where plane k lies in the ring
  for (int k = kBegin; k < kEnd; ++k)
  {
    const int last = middle + radius < span ? middle + radius : middle + radius - span;
    ring[last * threads] = value(k + radius);
    Real sum = window.weight[0] * ring[middle * threads];
    for (int q = 1; q <= radius; ++q)
    {
      const int before = middle >= q ? middle - q : middle - q + span;
      const int after = middle + q < span ? middle + q : middle + q - span;
      sum += window.weight[q] * (ring[before * threads] + ring[after * threads]);
    }
    out[(static_cast<std::size_t>(k) * e.ny + j) * e.nx + i] = sum;
    middle = middle + 1 < span ? middle + 1 : 0;
  }
}

} // namespace

void
CudaKernels::convolvePlanes(const Real * f, const Extents & extents, const Window & x, const Window & y, Real * out)
{
  const dim3 block(walkX, walkY);
  const auto planes = static_cast<unsigned>(extents.nz);
  launch(walkKernel<0>, dim3(blocksFor(extents.ny, walkY), planes), block, 0, stream(), f, extents, x, out);
  launch(walkKernel<1>, dim3(blocksFor(extents.nx, walkX), planes), block, 0, stream(), out, extents, y, out);
}

void
CudaKernels::convolveAcross(const Padded & f, const Window & z, Real * out)
{
  const Extents & e = f.interior;
  launch(acrossKernel,
         dim3(blocksFor(e.nx, walkX), blocksFor(e.ny, columnY), blocksFor(e.nz, planesPerBlock)),
         dim3(walkX, columnY),
         0,
         stream(),
         f,
         z,
         out);
}

} // namespace cuda
} // namespace gnr
