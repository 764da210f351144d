// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include <algorithm>
#include <cmath>

namespace gnr
{

void
ReferenceKernels::fill(Real * x, std::size_t n, Real value)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    x[i] = value;
  }
}

void
ReferenceKernels::copy(const Real * x, Real * y, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    y[i] = x[i];
  }
}

void
ReferenceKernels::axpby(Real a, const Real * x, Real b, Real * y, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    // 0 * NaN is NaN: y may be memory that nobody has written yet
    const double old = b == 0 ? 0.0 : double(b) * double(y[i]);
    y[i] = static_cast<Real>(double(a) * double(x[i]) + old);
  }
}

void
ReferenceKernels::combine(Real a, const Real * x, Real b, const Real * y, Real * out, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    out[i] = static_cast<Real>(double(a) * double(x[i]) + double(b) * double(y[i]));
  }
}

void
ReferenceKernels::scaleAndShift(Real a, const Real * x, Real b, Real * y, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    y[i] = static_cast<Real>(double(a) * double(x[i]) + double(b));
  }
}

void
ReferenceKernels::clamp(Real lower, Real upper, Real * x, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    x[i] = std::min(std::max(x[i], lower), upper);
  }
}

void
ReferenceKernels::saturate(Real lower, Real upper, Real reach, Real * x, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    const double nearest = std::min(std::max(x[i], lower), upper);
    const double beyond = std::abs(double(x[i]) - nearest);
    if (beyond > 0.0)
    {
      const double share = std::isinf(beyond) ? 1.0 : beyond / (double(reach) + beyond);
      x[i] = static_cast<Real>(nearest + std::copysign(double(reach) * share, double(x[i]) - nearest));
    }
  }
}

void
ReferenceKernels::multiply(Real a, const Real * x, const Real * y, Real * out, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    out[i] = static_cast<Real>(double(a) * double(x[i]) * double(y[i]));
  }
}

void
ReferenceKernels::multiplyAdd(Real a, const Real * x, const Real * y, Real b, Real * out, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    const double old = b == Real(0) ? 0.0 : double(b) * double(out[i]);
    out[i] = static_cast<Real>(double(a) * double(x[i]) * double(y[i]) + old);
  }
}

void
ReferenceKernels::power(Real exponent, Real * x, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    x[i] = static_cast<Real>(x[i] > Real(0) ? std::pow(double(x[i]), double(exponent)) : 0.0);
  }
}

double
ReferenceKernels::sum(const Real * x, std::size_t n)
{
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i)
  {
    total += double(x[i]);
  }
  return total;
}

double
ReferenceKernels::dot(const Real * x, const Real * y, std::size_t n)
{
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i)
  {
    total += double(x[i]) * double(y[i]);
  }
  return total;
}

double
ReferenceKernels::maximumAbsolute(const Real * x, std::size_t n)
{
  double largest = 0.0;
  for (std::size_t i = 0; i < n; ++i)
  {
    largest = std::max(largest, std::abs(double(x[i])));
  }
  return largest;
}

double
ReferenceKernels::dotSum(const Real * p, const Real * q, const Real * s, std::size_t n)
{
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i)
  {
    total += double(p[i]) * (double(q[i]) + double(s[i]));
  }
  return total;
}

void
ReferenceKernels::descend(Real alpha, const Real * p, const Real * hp, Real * x, Real * r, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    x[i] = static_cast<Real>(double(x[i]) + double(alpha) * double(p[i]));
    r[i] = static_cast<Real>(double(r[i]) - double(alpha) * double(hp[i]));
  }
}

void
ReferenceKernels::krylovUpdate(Real         alpha,
                               const Real * p,
                               const Real * ap,
                               const Real * q,
                               Real *       x,
                               Real *       r,
                               std::size_t  n)
{
  const double a = alpha;
  for (std::size_t i = 0; i < n; ++i)
  {
    x[i] = static_cast<Real>(double(x[i]) + a * double(p[i]));
    r[i] = static_cast<Real>(double(r[i]) - a * (double(q[i]) + double(ap[i])));
  }
}

void
ReferenceKernels::krylovDirection(Real         beta,
                                  const Real * z,
                                  const Real * r,
                                  Real         mean,
                                  Real *       p,
                                  Real *       ap,
                                  std::size_t  n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    p[i] = static_cast<Real>(double(z[i]) + double(beta) * double(p[i]));
    ap[i] = static_cast<Real>(double(r[i]) - double(mean) + double(beta) * double(ap[i]));
  }
}

} // namespace gnr
