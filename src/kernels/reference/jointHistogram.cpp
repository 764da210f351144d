// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include <algorithm>
#include <cmath>

namespace gnr
{
namespace
{

/** The cubic B-spline about 0 with nodes at the integers, and its derivative. */
double
spline(double x)
{
  const double r = std::abs(x);
  return r >= 2.0 ? 0.0 : r >= 1.0 ? std::pow(2.0 - r, 3) / 6.0 : 2.0 / 3.0 - r * r + r * r * r / 2.0;
}

double
splineSlope(double x)
{
  const double r = std::abs(x), sign = x < 0.0 ? -1.0 : 1.0;
  return r >= 2.0 ? 0.0 : sign * (r >= 1.0 ? -std::pow(2.0 - r, 2) / 2.0 : -2.0 * r + 1.5 * r * r);
}

double
hat(double x)
{
  return std::max(0.0, 1.0 - std::abs(x));
}

} // namespace

void
ReferenceKernels::jointHistogram(const Real *    m,
                                 const Real *    f,
                                 const Real *    weight,
                                 std::size_t     n,
                                 double          lower,
                                 double          upper,
                                 std::uint64_t * counts,
                                 int             bins)
{
  std::fill_n(counts, bins * bins, std::uint64_t(0));
  for (std::size_t p = 0; p < n; ++p)
  {
    const double u = 1.0 + (std::clamp<double>(m[p], lower, upper) - lower) / (upper - lower) * (bins - 3);
    const double v = (std::clamp<double>(f[p], lower, upper) - lower) / (upper - lower) * (bins - 1);
    const double w = weight == nullptr ? 1.0 : double(weight[p]);
    for (int i = 0; i < bins; ++i)
    {
      for (int j = 0; j < bins; ++j)
      {
        const double share = w * spline(u - i) * hat(v - j);
        counts[i * bins + j] += static_cast<std::uint64_t>(std::llround(std::ldexp(share, 24)));
      }
    }
  }
}

void
ReferenceKernels::lookUp(const Real * m,
                         const Real * f,
                         const Real * table,
                         double       lower,
                         double       upper,
                         int          bins,
                         bool         isDerivative,
                         Real *       out,
                         std::size_t  n)
{
  for (std::size_t p = 0; p < n; ++p)
  {
    const double scale = (bins - 3) / (upper - lower);
    const double u = 1.0 + (std::clamp<double>(m[p], lower, upper) - lower) * scale;
    const double v = (std::clamp<double>(f[p], lower, upper) - lower) / (upper - lower) * (bins - 1);
    const bool   isClamped = m[p] < lower || m[p] > upper;
    double       sum = 0.0;
    for (int i = 0; i < bins; ++i)
    {
      for (int j = 0; j < bins; ++j)
      {
        const double b = !isDerivative ? spline(u - i) : isClamped ? 0.0 : scale * splineSlope(u - i);
        sum += table[i * bins + j] * b * hat(v - j);
      }
    }
    out[p] = static_cast<Real>(sum);
  }
}

} // namespace gnr
