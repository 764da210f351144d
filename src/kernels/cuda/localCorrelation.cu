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
                                         Real *               kappa,
                                         std::size_t          n)
{
  const LocalMoments moments = sums;
  return reduce<Sum>(*this, stream(), n, [=] __device__(std::size_t i) {
    const Real omega = moments.weight == nullptr ? Real(1) : moments.weight[i];
    if (omega < leastWeight)
    {
      moments.m[i] = moments.f[i] = moments.ff[i] = moments.mf[i] = kappa[i] = Real(0);
      moments.mm[i] = Real(1);
      return 0.0;
    }
    const auto s = statisticsAt(moments, i, omega, epsilonSquared);
    const Real slope = s.covariance / s.varianceM, u = scale * slope / s.varianceF, us = u * slope;
    moments.m[i] = s.meanM;
    moments.mm[i] = s.varianceM;
    moments.f[i] = u;
    moments.ff[i] = us;
    moments.mf[i] = us * s.meanM - u * s.meanF;
    kappa[i] = us;
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

void
CudaKernels::correlationMoments(const Real * mu,
                                const Real * variance,
                                const Real * kappa,
                                const Real * omega,
                                Real *       a,
                                Real *       b,
                                std::size_t  n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) {
    point::correlationMoments(mu[i], variance[i], kappa[i], omega == nullptr ? Real(1) : omega[i], a[i], b[i]);
  });
}

void
CudaKernels::correlationCurvature(const Real * m,
                                  const Real * weight,
                                  const Real * K,
                                  const Real * ga,
                                  const Real * gb,
                                  Real *       mt,
                                  std::size_t  n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) {
    const Real value = ga[i] + m[i] * gb[i] - mt[i] * K[i];
    mt[i] = weight == nullptr ? value : weight[i] * value;
  });
}

} // namespace cuda
} // namespace gnr
