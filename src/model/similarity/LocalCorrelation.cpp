// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/LocalCorrelation.h"

#include <cstddef>

namespace gnr
{
namespace
{

constexpr double windowWidth = 2.0; // standard deviation in voxels
constexpr double noise = 0.03;      // e
constexpr double unit = 0.045;      // of D against squared differences
constexpr double leastWeight = 0.2; // of a window, to count
constexpr double share = 0.85;      // of the curvature that gain and offset leave, about

} // namespace

LocalCorrelation::LocalCorrelation(Domain & domain)
  : Similarity(domain)
  , window_(windowWidth)
  , curvature_(domain.scalar())
{}

void
LocalCorrelation::setWeight(const Real * weight)
{
  Similarity::setWeight(weight);
  if (weight != nullptr)
  {
    if (!omega_)
    {
      omega_ = domain_.scalar();
    }
    window_.apply(domain_, weight, omega_.data());
  }
}

LocalCorrelation::Moments
LocalCorrelation::momentsOf(const Real * m, const Real * f)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  Moments           sums;
  for (Buffer & sum : sums)
  {
    sum = domain_.scalar();
  }
  const auto weigh = [&](const Real * x, Real * out) {
    if (weight_ == nullptr)
    {
      kernels.copy(x, out, n);
    }
    else
    {
      kernels.multiply(Real(1), weight_, x, out, n);
    }
  };
  const LocalMoments s = view(sums);
  weigh(m, s.m);
  weigh(f, s.f);
  kernels.multiply(Real(1), s.m, m, s.mm, n);
  kernels.multiply(Real(1), s.m, f, s.mf, n);
  kernels.multiply(Real(1), s.f, f, s.ff, n);
  for (const Buffer & sum : sums)
  {
    window_.apply(domain_, sum.data(), sum.data());
  }
  return sums;
}

LocalMoments
LocalCorrelation::view(const Moments & sums) const
{
  const auto & [m, f, mm, ff, mf] = sums;
  return { m.data(), f.data(), mm.data(), ff.data(), mf.data(), omega_ ? omega_.data() : nullptr };
}

double
LocalCorrelation::value(const Real * m, const Real * f)
{
  const Moments sums = momentsOf(m, f);
  return domain_.average(domain_.kernels().localCorrelation(
    view(sums), Real(noise * noise), Real(unit), Real(leastWeight), domain_.points()));
}

void
LocalCorrelation::linearize(const Real * m, const Real * f, Real * lambda)
{
  Kernels &          kernels = domain_.kernels();
  const std::size_t  n = domain_.points();
  const Moments      sums = momentsOf(m, f);
  const LocalMoments s = view(sums);
  kernels.localCorrelationDerivatives(s, Real(noise * noise), Real(unit), Real(leastWeight), n);
  for (Real * factor : { s.f, s.ff, s.mf })
  {
    window_.apply(domain_, factor, factor);
  }
  kernels.correlationForce(f, m, weight_, s.f, s.ff, s.mf, lambda, n);
  if (weight_ == nullptr)
  {
    kernels.scaleAndShift(Real(share), s.ff, Real(0), curvature_.data(), n);
  }
  else
  {
    kernels.multiply(Real(share), weight_, s.ff, curvature_.data(), n);
  }
}

} // namespace gnr
