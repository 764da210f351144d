// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_saturation_h
#define gnr_kernels_point_saturation_h

#include "kernels/point/decorations.h"

namespace gnr
{
namespace point
{

/** t > 0 becomes r t / (r + t), written so that infinity becomes r. */
template <typename T>
GNR_POINT T
saturated(T t, T r)
{
  return r - r * (r / (r + t));
}

/** x within [lower, upper] as it is; what lies beyond stays less than `reach` beyond. */
template <typename T>
GNR_POINT T
saturate(T x, T lower, T upper, T reach)
{
  return x < lower ? lower - saturated(lower - x, reach) : (x > upper ? upper + saturated(x - upper, reach) : x);
}

} // namespace point
} // namespace gnr

#endif
