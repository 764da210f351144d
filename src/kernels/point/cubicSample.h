// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_cubicSample_h
#define gnr_kernels_point_cubicSample_h

#include "kernels/point/cubicAxis.h"
#include "kernels/types.h"

#include <cstddef>

namespace gnr
{
namespace point
{

/** What the planes of a slab add to the three components of v at a position, and to their derivatives [I1]; slope may
 * be null: Kernels::sampleAtPoints() for one point. */
GNR_POINT void
cubicSample(const ConstVectorView & v,
            const PeriodicSlab &    slab,
            const double *          position,
            double *                value,
            double *                slope)
{
  const Extents & e = slab.extents;
  const CubicAxis x = cubicAxis(position[0], e.nx), y = cubicAxis(position[1], e.ny),
                  z = cubicAxis(position[2], slab.planes);
  double dx[4], dy[4], dz[4];
  cubicSlopes(cubicCell(position[0]).t, dx);
  cubicSlopes(cubicCell(position[1]).t, dy);
  cubicSlopes(cubicCell(position[2]).t, dz);
  for (int c = 0; c < 3; ++c)
  {
    double sum = 0.0, alongX = 0.0, alongY = 0.0, alongZ = 0.0;
    GNR_UNROLL
    for (int k = 0; k < 4; ++k)
    {
      const int plane = z.node[k] - slab.firstPlane;
      if (plane < 0 || plane >= e.nz)
      {
        continue;
      }
      double inPlane = 0.0, planeX = 0.0, planeY = 0.0;
      GNR_UNROLL
      for (int j = 0; j < 4; ++j)
      {
        const Real * const row = v.data + c * v.stride + (static_cast<std::size_t>(plane) * e.ny + y.node[j]) * e.nx;
        double             inRow = 0.0, rowX = 0.0;
        GNR_UNROLL
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

} // namespace point
} // namespace gnr

#endif
