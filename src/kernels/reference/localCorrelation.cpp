// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include <algorithm>

namespace gnr
{
namespace
{

double
weightAt(const Real * weight, std::size_t i)
{
  return weight == nullptr ? 1.0 : double(weight[i]);
}

/** Means, variances and covariance (with epsilon^2) at a point. */
struct PointStatistics
{
  double mu, phi, v, f, c;

  PointStatistics(const LocalMoments & sums, std::size_t i, double omega, double epsilonSquared)
    : mu(sums.m[i] / omega)
    , phi(sums.f[i] / omega)
    , v(std::max(sums.mm[i] / omega - mu * mu, -0.5 * epsilonSquared) + epsilonSquared)
    , f(std::max(sums.ff[i] / omega - phi * phi, -0.5 * epsilonSquared) + epsilonSquared)
    , c(sums.mf[i] / omega - mu * phi + epsilonSquared)
  {}

  double
  mismatch() const
  {
    return 1.0 - c * c / (v * f);
  }
};

} // namespace

double
ReferenceKernels::localCorrelation(const LocalMoments & sums,
                                   Real                 epsilonSquared,
                                   Real                 scale,
                                   Real                 leastWeight,
                                   std::size_t          n)
{
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i)
  {
    const double omega = weightAt(sums.weight, i);
    if (omega >= leastWeight)
    {
      total += 0.5 * scale * omega * PointStatistics(sums, i, omega, epsilonSquared).mismatch();
    }
  }
  return total;
}

double
ReferenceKernels::localCorrelationDerivatives(const LocalMoments & sums,
                                              Real                 epsilonSquared,
                                              Real                 scale,
                                              Real                 leastWeight,
                                              Real *               kappa,
                                              std::size_t          n)
{
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i)
  {
    const double omega = weightAt(sums.weight, i);
    if (omega < leastWeight)
    {
      sums.m[i] = sums.f[i] = sums.ff[i] = sums.mf[i] = kappa[i] = Real(0);
      sums.mm[i] = Real(1);
      continue;
    }
    const PointStatistics s(sums, i, omega, epsilonSquared);
    total += 0.5 * scale * omega * s.mismatch();
    const double u = scale * s.c / (s.v * s.f), slope = s.c / s.v, squaredCorrelation = s.c * s.c / (s.v * s.f);
    sums.m[i] = static_cast<Real>(s.mu);
    sums.mm[i] = static_cast<Real>(s.v);
    sums.f[i] = static_cast<Real>(u);
    sums.ff[i] = static_cast<Real>(u * slope);
    sums.mf[i] = static_cast<Real>(u * (slope * s.mu - s.phi));
    kappa[i] = static_cast<Real>(scale * squaredCorrelation / s.v);
  }
  return total;
}

void
ReferenceKernels::correlationForce(const Real * f,
                                   const Real * m,
                                   const Real * weight,
                                   const Real * gu,
                                   const Real * gus,
                                   const Real * gt,
                                   Real *       out,
                                   std::size_t  n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    out[i] = static_cast<Real>(weightAt(weight, i) *
                               (double(f[i]) * double(gu[i]) - double(m[i]) * double(gus[i]) + double(gt[i])));
  }
}

void
ReferenceKernels::correlationMoments(const Real * mu,
                                     const Real * variance,
                                     const Real * kappa,
                                     const Real * omega,
                                     Real *       a,
                                     Real *       b,
                                     std::size_t  n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    if (kappa[i] == Real(0))
    {
      a[i] = b[i] = Real(0);
      continue;
    }
    const double meanA = a[i] / weightAt(omega, i), meanB = b[i] / weightAt(omega, i);
    const double covariance = meanB - mu[i] * meanA;
    const double resultB = double(kappa[i]) * covariance / double(variance[i]);
    a[i] = static_cast<Real>(kappa[i] * meanA - mu[i] * resultB);
    b[i] = static_cast<Real>(resultB);
  }
}

void
ReferenceKernels::correlationCurvature(const Real * m,
                                       const Real * weight,
                                       const Real * K,
                                       const Real * ga,
                                       const Real * gb,
                                       Real *       mt,
                                       std::size_t  n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    mt[i] = static_cast<Real>(-weightAt(weight, i) *
                              (double(mt[i]) * double(K[i]) - double(ga[i]) - double(m[i]) * double(gb[i])));
  }
}

} // namespace gnr
