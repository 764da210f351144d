// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_correlation_h
#define gnr_kernels_point_correlation_h

#include "kernels/point/decorations.h"

namespace gnr
{
namespace point
{

/** Local statistics of the moving image m and the fixed image f; variances and covariance plus epsilon^2. T is a number
 * or a vector of numbers of type S. */
template <typename T>
struct LocalStatistics
{
  T meanM, meanF;
  T varianceM;
  T varianceF;
  T covariance;
};

/** Of sums over a window of weight 1/inverseWeight [L2]. Equal images have three equal numbers. Variances that rounding
 * has made negative stay above -epsilon^2. */
template <typename T, typename S>
GNR_POINT LocalStatistics<T>
          localStatistics(T m, T f, T mm, T ff, T mf, T inverseWeight, S epsilonSquared)
{
  const T            least = T{} - S(0.5) * epsilonSquared;
  LocalStatistics<T> s;
  s.meanM = inverseWeight * m;
  s.meanF = inverseWeight * f;
  const T excessM = inverseWeight * mm - s.meanM * s.meanM;
  const T excessF = inverseWeight * ff - s.meanF * s.meanF;
  s.varianceM = (excessM > least ? excessM : least) + epsilonSquared;
  s.varianceF = (excessF > least ? excessF : least) + epsilonSquared;
  s.covariance = inverseWeight * mf - s.meanM * s.meanF + epsilonSquared;
  return s;
}

/** 1 - c^2/(V F) from s = c/V [L2]. */
template <typename T>
GNR_POINT T
localMismatch(const LocalStatistics<T> & s, T slope)
{
  return (s.varianceF - s.covariance * slope) / s.varianceF;
}

} // namespace point
} // namespace gnr

#endif
