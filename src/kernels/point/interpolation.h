// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_interpolation_h
#define gnr_kernels_point_interpolation_h

#include "kernels/point/decorations.h"

namespace gnr
{
namespace point
{

/** Weights of the cubic Lagrange interpolant on the nodes -1, 0, 1, 2 at t in [0, 1) [I1]. T may be a vector of S. */
template <typename T, typename S = T>
GNR_POINT void
cubicWeights(T t, T w[4])
{
  const T a = t + S(1), b = t, c = t - S(1), d = t - S(2);
  w[0] = b * c * d * S(-1.0 / 6.0);
  w[1] = a * c * d * S(0.5);
  w[2] = a * b * d * S(-0.5);
  w[3] = a * b * c * S(1.0 / 6.0);
}

/** Their derivatives by t. */
template <typename T>
GNR_POINT void
cubicSlopes(T t, T w[4])
{
  w[0] = (T(3) * t * (T(2) - t) - T(2)) * T(1.0 / 6.0);
  w[1] = (t * (T(3) * t - T(4)) - T(1)) * T(0.5);
  w[2] = (t * (T(2) - T(3) * t) + T(2)) * T(0.5);
  w[3] = (T(3) * t * t - T(1)) * T(1.0 / 6.0);
}

/** Weights of linear interpolation on the nodes 0, 1. */
template <typename T>
GNR_POINT void
linearWeights(T t, T w[2])
{
  w[0] = T(1) - t;
  w[1] = t;
}

/** Growth over one step of length h, second-order Runge-Kutta on the source div v [T4], [T5]. */
template <typename T>
GNR_POINT T
growth(T here, T departed, T h)
{
  return T(1) + T(0.5) * h * (here + departed + h * here * departed);
}

} // namespace point
} // namespace gnr

#endif
