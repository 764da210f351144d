// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_blend_h
#define gnr_kernels_point_blend_h

#include "kernels/point/decorations.h"

namespace gnr
{
namespace point
{

/** Index i of a box axis of n points whose first `image` points hold the image: the value there is
 * (1 - t) image[low] + t image[high]. In the padding t is 0 over the first and 1 over the last quarter, so that
 * looking a little beyond the edge shows the edge, and rises by smoothstep between them; it is antisymmetric about the
 * middle, so reversing the axis reverses the result [P1]. */
template <typename T>
GNR_POINT void
blendWeights(int i, int image, int n, int & low, int & high, T & t)
{
  if (i < image)
  {
    low = high = i;
    t = T(0);
    return;
  }
  low = image - 1;
  high = 0;
  T s = T(2) * T(i - image + 1) / T(n - image + 1) - T(0.5);
  s = s < T(0) ? T(0) : (s > T(1) ? T(1) : s);
  t = s * s * (T(3) - T(2) * s);
}

} // namespace point
} // namespace gnr

#endif
