// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_difference_h
#define gnr_kernels_point_difference_h

#include "kernels/point/decorations.h"

#include <cstddef>

namespace gnr
{
namespace point
{

/** Points on each side that the 8th-order central difference reads. */
constexpr int differenceReach = 4;

/** First derivative along a stride s, in units of 1/spacing; error O(h^8) [D1]. `at(o)` is the value o places away: a
 * number or a vector of neighbours. */
template <typename T, typename At>
GNR_POINT auto
difference8Of(At at, std::ptrdiff_t s)
{
  return T(4.0 / 5.0) * (at(s) - at(-s)) + T(-1.0 / 5.0) * (at(2 * s) - at(-2 * s)) +
         T(4.0 / 105.0) * (at(3 * s) - at(-3 * s)) + T(-1.0 / 280.0) * (at(4 * s) - at(-4 * s));
}

/** The same at p[0]. */
template <typename T>
GNR_POINT T
difference8(const T * p, std::ptrdiff_t s)
{
  return difference8Of<T>([p](std::ptrdiff_t o) { return p[o]; }, s);
}

/** The same to second order, as ITK's filters compute it. */
template <typename T>
GNR_POINT T
difference2(const T * p, std::ptrdiff_t s)
{
  return T(0.5) * (p[s] - p[-s]);
}

/** det(I + g), g[a][b] = du_a/dx_b [M3]. */
template <typename T>
GNR_POINT T
determinantOfIdentityPlus(const T g[3][3])
{
  const T a00 = T(1) + g[0][0], a11 = T(1) + g[1][1], a22 = T(1) + g[2][2];
  return a00 * (a11 * a22 - g[1][2] * g[2][1]) - g[0][1] * (g[1][0] * a22 - g[1][2] * g[2][0]) +
         g[0][2] * (g[1][0] * g[2][1] - a11 * g[2][0]);
}

} // namespace point
} // namespace gnr

#endif
