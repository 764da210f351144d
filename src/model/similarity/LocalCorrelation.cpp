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

} // namespace

LocalCorrelation::LocalCorrelation(Domain & domain, const Real * fixed)
  : Similarity(domain, fixed)
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
LocalCorrelation::momentsOf(const Real * m)
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
  weigh(fixed_, s.f);
  kernels.multiply(Real(1), s.m, m, s.mm, n);
  kernels.multiply(Real(1), s.m, fixed_, s.mf, n);
  kernels.multiply(Real(1), s.f, fixed_, s.ff, n);
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
LocalCorrelation::value(const Real * m)
{
  const Moments sums = momentsOf(m);
  return domain_.average(domain_.kernels().localCorrelation(
    view(sums), Real(noise * noise), Real(unit), Real(leastWeight), domain_.points()));
}

void
LocalCorrelation::linearize(const Real * m, Real * lambda)
{
  Kernels &          kernels = domain_.kernels();
  const std::size_t  n = domain_.points();
  const Moments      sums = momentsOf(m);
  const LocalMoments s = view(sums);
  kernels.localCorrelationDerivatives(s, Real(noise * noise), Real(unit), Real(leastWeight), n);
  for (Real * factor : { s.f, s.ff, s.mf })
  {
    window_.apply(domain_, factor, factor);
  }
  kernels.correlationForce(fixed_, m, weight_, s.f, s.ff, s.mf, lambda, n);
  if (weight_ == nullptr)
  {
    kernels.copy(s.ff, curvature_.data(), n);
  }
  else
  {
    kernels.multiply(Real(1), weight_, s.ff, curvature_.data(), n);
  }
}

} // namespace gnr
