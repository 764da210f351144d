// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include <algorithm>
#include <cmath>

namespace gnr
{

double
ReferenceKernels::squaredDistance(const Real * a, const Real * b, const Real * weight, std::size_t n)
{
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i)
  {
    const double difference = double(a[i]) - double(b[i]);
    const double w = weight == nullptr ? 1.0 : double(weight[i]);
    total += w * difference * difference;
  }
  return total;
}

void
ReferenceKernels::weightedDifference(const Real * a, const Real * b, const Real * weight, Real * out, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    const double w = weight == nullptr ? 1.0 : double(weight[i]);
    out[i] = static_cast<Real>(w * (double(a[i]) - double(b[i])));
  }
}

void
ReferenceKernels::gradientDyad(const ConstVectorView & g,
                               const Real *            weight,
                               const ConstVectorView & p,
                               const VectorView &      out,
                               std::size_t             n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    double s = weight == nullptr ? 1.0 : double(weight[i]);
    double dot = 0.0;
    for (int c = 0; c < 3; ++c)
    {
      dot += double(g[c][i]) * double(p[c][i]);
    }
    s *= dot;
    for (int c = 0; c < 3; ++c)
    {
      out[c][i] = static_cast<Real>(s * double(g[c][i]));
    }
  }
}

void
ReferenceKernels::tensorProduct(const SymmetricTensorView & t,
                                const ConstVectorView &     p,
                                Real                        a,
                                Real                        b,
                                const VectorView &          out,
                                std::size_t                 n)
{
  const int component[3][3] = { { 0, 1, 2 }, { 1, 3, 4 }, { 2, 4, 5 } };
  for (std::size_t i = 0; i < n; ++i)
  {
    double product[3] = { 0.0, 0.0, 0.0 };
    for (int row = 0; row < 3; ++row)
    {
      for (int column = 0; column < 3; ++column)
      {
        product[row] += double(t[component[row][column]][i]) * double(p[column][i]);
      }
    }
    for (int row = 0; row < 3; ++row)
    {
      const double before = b == 0 ? 0.0 : double(b) * double(out[row][i]);
      out[row][i] = static_cast<Real>(double(a) * product[row] + before);
    }
  }
}

void
ReferenceKernels::stiffen(const Real * squared, Real scale, Real cap, Real * weight, std::size_t n, double * penalty)
{
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i)
  {
    const double s = squared[i], free = double(scale) * std::pow(s, 4),
                 knee = std::pow(double(cap) / double(scale), 0.25);
    total += free <= double(cap) ? double(scale) * std::pow(s, 5) / 10
                                 : double(scale) * std::pow(knee, 5) / 10 + double(cap) * (s - knee) / 2;
    weight[i] = static_cast<Real>(std::min(free, double(cap)));
  }
  if (penalty != nullptr)
  {
    *penalty = total;
  }
}

void
ReferenceKernels::normalizedMean(const Real * sum, const Real * weight, Real epsilon, Real * out, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    out[i] = static_cast<Real>((double(sum[i]) + double(epsilon) * out[i]) / (double(weight[i]) + double(epsilon)));
  }
}

void
ReferenceKernels::replaceUnweighted(const Real * weight, const Real * fill, Real * image, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    const double w = weight[i];
    image[i] = static_cast<Real>(w * image[i] + (1.0 - w) * fill[i]);
  }
}

} // namespace gnr
