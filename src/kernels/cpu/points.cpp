// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/CpuKernels.h"
#include "kernels/point/cubicAxis.h"

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{
namespace
{

inline void
sampleAtPoint(const ConstVectorView & v,
              const PeriodicSlab &    slab,
              const double *          position,
              double *                value,
              double *                slope)
{
  const Extents &        e = slab.extents;
  const point::CubicAxis x = point::cubicAxis(position[0], e.nx), y = point::cubicAxis(position[1], e.ny),
                         z = point::cubicAxis(position[2], slab.planes);
  double dx[4], dy[4], dz[4];
  point::cubicSlopes(point::cubicCell(position[0]).t, dx);
  point::cubicSlopes(point::cubicCell(position[1]).t, dy);
  point::cubicSlopes(point::cubicCell(position[2]).t, dz);
  for (int c = 0; c < 3; ++c)
  {
    double sum = 0.0, alongX = 0.0, alongY = 0.0, alongZ = 0.0;
    for (int k = 0; k < 4; ++k)
    {
      const int plane = z.node[k] - slab.firstPlane;
      if (plane < 0 || plane >= e.nz)
      {
        continue;
      }
      double inPlane = 0.0, planeX = 0.0, planeY = 0.0;
      for (int j = 0; j < 4; ++j)
      {
        const Real * const row = v[c] + (static_cast<std::size_t>(plane) * e.ny + y.node[j]) * e.nx;
        double             inRow = 0.0, rowX = 0.0;
        for (int i = 0; i < 4; ++i)
        {
          const double node = row[x.node[i]];
          inRow += x.weight[i] * node;
          rowX += dx[i] * node;
        }
        inPlane += y.weight[j] * inRow;
        planeX += y.weight[j] * rowX;
        planeY += dy[j] * inRow;
      }
      sum += z.weight[k] * inPlane;
      alongX += z.weight[k] * planeX;
      alongY += z.weight[k] * planeY;
      alongZ += dz[k] * inPlane;
    }
    value[c] = sum;
    if (slope != nullptr)
    {
      slope[3 * c] = alongX;
      slope[3 * c + 1] = alongY;
      slope[3 * c + 2] = alongZ;
    }
  }
}

} // namespace

void
CpuKernels::sampleAtPoints(const ConstVectorView & v,
                           const PeriodicSlab &    slab,
                           const double *          positions,
                           double *                values,
                           double *                slopes,
                           std::size_t             count)
{
  const auto n = static_cast<std::ptrdiff_t>(count);
#pragma omp parallel for schedule(static) num_threads(threadsFor(3 * count, sharedInterpolations))
  for (std::ptrdiff_t i = 0; i < n; ++i)
  {
    sampleAtPoint(v, slab, positions + 3 * i, values + 3 * i, slopes == nullptr ? nullptr : slopes + 9 * i);
  }
}

void
CpuKernels::addAtPoints(const double *       positions,
                        const double *       values,
                        std::size_t          count,
                        const PeriodicSlab & slab,
                        const VectorView &   v)
{
  // Each thread has planes of its own and goes through all points, so that every sum has their order.
  const Extents & e = slab.extents;
  const int       parts = threadsFor(3 * count, sharedInterpolations);
#pragma omp parallel for schedule(static) num_threads(parts)
  for (int part = 0; part < parts; ++part)
  {
    const int begin = e.nz * part / parts, end = e.nz * (part + 1) / parts;
    for (std::size_t n = 0; n < count; ++n)
    {
      const double * const   position = positions + 3 * n;
      const point::CubicAxis z = point::cubicAxis(position[2], slab.planes);
      const auto             isOwn = [&](int k) {
        return z.node[k] - slab.firstPlane >= begin && z.node[k] - slab.firstPlane < end;
      };
      if (!isOwn(0) && !isOwn(1) && !isOwn(2) && !isOwn(3))
      {
        continue;
      }
      const point::CubicAxis x = point::cubicAxis(position[0], e.nx), y = point::cubicAxis(position[1], e.ny);
      for (int k = 0; k < 4; ++k)
      {
        if (!isOwn(k))
        {
          continue;
        }
        const std::size_t plane = static_cast<std::size_t>(z.node[k] - slab.firstPlane) * e.ny;
        for (int j = 0; j < 4; ++j)
        {
          for (int c = 0; c < 3; ++c)
          {
            Real * const row = v[c] + (plane + y.node[j]) * e.nx;
            const double value = z.weight[k] * y.weight[j] * values[3 * n + c];
            for (int i = 0; i < 4; ++i)
            {
              row[x.node[i]] = static_cast<Real>(row[x.node[i]] + value * x.weight[i]);
            }
          }
        }
      }
    }
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
