// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_cubicAxis_h
#define gnr_kernels_point_cubicAxis_h

#include "kernels/point/interpolation.h"
#include "kernels/point/wrap.h"

#include <cmath>

namespace gnr
{
namespace point
{

/** The cell of a coordinate along an axis, in units of the spacing, and where in it. */
struct CubicCell
{
  int    first; ///< of its four nodes; the grid is periodic
  double t;
};

GNR_POINT CubicCell
cubicCell(double x)
{
  const double below = std::floor(x);
  return { static_cast<int>(below) - 1, x - below };
}

/** The four nodes of a periodic axis of n points that a coordinate is interpolated from [I1]. */
struct CubicAxis
{
  int    node[4];
  double weight[4];
};

GNR_POINT CubicAxis
cubicAxis(double x, int n)
{
  const CubicCell cell = cubicCell(x);
  CubicAxis       axis;
  cubicWeights(cell.t, axis.weight);
  for (int q = 0; q < 4; ++q)
  {
    axis.node[q] = wrap(cell.first + q, n);
  }
  return axis;
}

} // namespace point
} // namespace gnr

#endif
