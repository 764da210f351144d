// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/CpuKernels.h"
#include "kernels/point/cubicAxis.h"
#include "kernels/point/cubicSample.h"

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{
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
    point::cubicSample(v, slab, positions + 3 * i, values + 3 * i, slopes == nullptr ? nullptr : slopes + 9 * i);
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
