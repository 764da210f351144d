// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/LocalCorrelation.h"

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
  , m_(domain.scalar())
  , mm_(domain.scalar())
  , f_(domain.scalar())
  , ff_(domain.scalar())
  , mf_(domain.scalar())
  , kappa_(domain.scalar())
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
      weighted_ = domain_.scalar();
    }
    window_.apply(domain_, weight, omega_.data());
  }
}

void
LocalCorrelation::weigh(const Real * x, Real * out)
{
  if (weight_ == nullptr)
  {
    domain_.kernels().copy(x, out, domain_.points());
  }
  else
  {
    domain_.kernels().multiply(Real(1), weight_, x, out, domain_.points());
  }
}

LocalMoments
LocalCorrelation::moments(const Real * m)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  weigh(m, m_.data());
  weigh(fixed_, f_.data());
  kernels.multiply(Real(1), m_.data(), m, mm_.data(), n);
  kernels.multiply(Real(1), m_.data(), fixed_, mf_.data(), n);
  kernels.multiply(Real(1), f_.data(), fixed_, ff_.data(), n);
  for (const Buffer * sum : { &m_, &f_, &mm_, &ff_, &mf_ })
  {
    window_.apply(domain_, sum->data(), sum->data());
  }
  return { m_.data(), f_.data(), mm_.data(), ff_.data(), mf_.data(), omega_ ? omega_.data() : nullptr };
}

double
LocalCorrelation::value(const Real * m)
{
  const LocalMoments s = moments(m);
  return domain_.average(
    domain_.kernels().localCorrelation(s, Real(noise * noise), Real(unit), Real(leastWeight), domain_.points()));
}

void
LocalCorrelation::linearize(const Real * m, Real * lambda)
{
  Kernels &          kernels = domain_.kernels();
  const std::size_t  n = domain_.points();
  const LocalMoments s = moments(m);
  moving_ = m;
  kernels.localCorrelationDerivatives(s, Real(noise * noise), Real(unit), Real(leastWeight), kappa_.data(), n);
  for (Real * factor : { s.f, s.ff, s.mf })
  {
    window_.apply(domain_, factor, factor);
  }
  kernels.correlationForce(fixed_, m, weight_, s.f, s.ff, s.mf, lambda, n);
  if (weight_ != nullptr)
  {
    kernels.multiply(Real(1), weight_, ff_.data(), weighted_.data(), n);
  }
}

void
LocalCorrelation::gaussNewton(Real * mt)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  Real *const a = f_.data(), *const b = mf_.data();
  weigh(mt, a);
  kernels.multiply(Real(1), a, moving_, b, n);
  window_.apply(domain_, a, a);
  window_.apply(domain_, b, b);
  kernels.correlationMoments(m_.data(), mm_.data(), kappa_.data(), omega_ ? omega_.data() : nullptr, a, b, n);
  window_.apply(domain_, a, a);
  window_.apply(domain_, b, b);
  kernels.correlationCurvature(moving_, weight_, ff_.data(), a, b, mt, n);
}

const Real *
LocalCorrelation::curvature() const
{
  return weight_ == nullptr ? ff_.data() : weighted_.data();
}

} // namespace gnr
