// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/reduce.h"
#include "kernels/point/correlation.h"

namespace gnr
{
namespace cuda
{
namespace
{

__device__ __forceinline__ point::LocalStatistics<Real>
                           statisticsAt(const LocalMoments & sums, std::size_t i, Real omega, Real epsilonSquared)
{
  return point::localStatistics(
    sums.m[i], sums.f[i], sums.mm[i], sums.ff[i], sums.mf[i], Real(1) / omega, epsilonSquared);
}

} // namespace

double
CudaKernels::localCorrelation(const LocalMoments & sums,
                              Real                 epsilonSquared,
                              Real                 scale,
                              Real                 leastWeight,
                              std::size_t          n)
{
  const LocalMoments moments = sums;
  return reduce<Sum>(*this, stream(), n, [=] __device__(std::size_t i) {
    const Real omega = moments.weight == nullptr ? Real(1) : moments.weight[i];
    if (omega < leastWeight)
    {
      return 0.0;
    }
    const auto s = statisticsAt(moments, i, omega, epsilonSquared);
    return double(Real(0.5) * scale * omega * point::localMismatch(s, s.covariance / s.varianceM));
  });
}

double
CudaKernels::localCorrelationDerivatives(const LocalMoments & sums,
                                         Real                 epsilonSquared,
                                         Real                 scale,
                                         Real                 leastWeight,
                                         std::size_t          n)
{
  const LocalMoments moments = sums;
  return reduce<Sum>(*this, stream(), n, [=] __device__(std::size_t i) {
    const Real omega = moments.weight == nullptr ? Real(1) : moments.weight[i];
    if (omega < leastWeight)
    {
      moments.f[i] = moments.ff[i] = moments.mf[i] = Real(0);
      return 0.0;
    }
    const auto s = statisticsAt(moments, i, omega, epsilonSquared);
    const Real slope = s.covariance / s.varianceM, u = scale * slope / s.varianceF, us = u * slope;
    moments.f[i] = u;
    moments.ff[i] = us;
    moments.mf[i] = us * s.meanM - u * s.meanF;
    return double(Real(0.5) * scale * omega * point::localMismatch(s, slope));
  });
}

void
CudaKernels::correlationForce(const Real * f,
                              const Real * m,
                              const Real * weight,
                              const Real * gu,
                              const Real * gus,
                              const Real * gt,
                              Real *       out,
                              std::size_t  n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) {
    const Real value = f[i] * gu[i] - m[i] * gus[i] + gt[i];
    out[i] = weight == nullptr ? value : weight[i] * value;
  });
}

} // namespace cuda
} // namespace gnr
