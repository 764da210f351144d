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
                                              std::size_t          n)
{
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i)
  {
    const double omega = weightAt(sums.weight, i);
    if (omega < leastWeight)
    {
      sums.f[i] = sums.ff[i] = sums.mf[i] = Real(0);
      continue;
    }
    const PointStatistics s(sums, i, omega, epsilonSquared);
    total += 0.5 * scale * omega * s.mismatch();
    const double u = scale * s.c / (s.v * s.f), slope = s.c / s.v;
    sums.f[i] = static_cast<Real>(u);
    sums.ff[i] = static_cast<Real>(u * slope);
    sums.mf[i] = static_cast<Real>(u * (slope * s.mu - s.phi));
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

} // namespace gnr
