// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_correlation_h
#define gnr_kernels_point_correlation_h

#include "kernels/point/decorations.h"

namespace gnr
{
namespace point
{

/** Local statistics of the moving image m and the fixed image f. T is a number or a vector of numbers of type S. */
template <typename T>
struct LocalStatistics
{
  T meanM, meanF;
  T varianceM; ///< plus epsilon^2
  T varianceF; ///< likewise
  T excessF;   ///< without it
  T covariance;
};

/** Of sums over a window of weight 1/inverseWeight; variances that rounding has made negative count as zero [L2]. */
template <typename T, typename S>
GNR_POINT LocalStatistics<T>
          localStatistics(T m, T f, T mm, T ff, T mf, T inverseWeight, S epsilonSquared)
{
  const T            zero{};
  LocalStatistics<T> s;
  s.meanM = inverseWeight * m;
  s.meanF = inverseWeight * f;
  const T excessM = inverseWeight * mm - s.meanM * s.meanM;
  const T excessF = inverseWeight * ff - s.meanF * s.meanF;
  s.varianceM = (excessM > zero ? excessM : zero) + epsilonSquared;
  s.excessF = excessF > zero ? excessF : zero;
  s.varianceF = s.excessF + epsilonSquared;
  s.covariance = inverseWeight * mf - s.meanM * s.meanF;
  return s;
}

/** (F - epsilon^2)/F - c^2/(V F) from s = c/V [L2]. */
template <typename T>
GNR_POINT T
localMismatch(const LocalStatistics<T> & s, T slope)
{
  return (s.excessF - s.covariance * slope) / s.varianceF;
}

/** b = kappa c/V with c = b/omega - mu a/omega, a = kappa a/omega - mu b; zero where kappa is, whatever omega is [L4].
 */
template <typename T>
GNR_POINT void
correlationMoments(T mu, T variance, T kappa, T omega, T & a, T & b)
{
  const bool isInside = kappa != T(0);
  const T    factor = kappa / (isInside ? omega : T(1));
  const T    weightedA = factor * a;
  const T    product = (factor * b - mu * weightedA) / variance;
  b = isInside ? product : T(0);
  a = isInside ? weightedA - mu * product : T(0);
}

} // namespace point
} // namespace gnr

#endif
