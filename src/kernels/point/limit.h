// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_limit_h
#define gnr_kernels_point_limit_h

#include "kernels/point/decorations.h"

#include <cmath>

namespace gnr
{
namespace point
{

/** Weight min(scale s^4, cap) of the wall that keeps s = g^2 small, and half of its integral from 0 to s [S1]. */
template <typename T>
GNR_POINT T
wall(T s, T scale, T cap, T & weight)
{
  const T s2 = s * s;
  const T free = scale * s2 * s2;
  if (free <= cap)
  {
    weight = free;
    return T(0.1) * free * s;
  }
  // Beyond s1 = (cap / scale)^{1/4}: cap (s - s1) / 2 + cap s1 / 10.
  weight = cap;
  return cap * (T(0.5) * s - T(0.4) * std::sqrt(std::sqrt(cap / scale)));
}

} // namespace point
} // namespace gnr

#endif
