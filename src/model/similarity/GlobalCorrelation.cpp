// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/GlobalCorrelation.h"

#include <algorithm>
#include <cstddef>

namespace gnr
{
namespace
{

constexpr double noise = 0.005; // e, of intensities from 0 to 1: the gain of a constant image is one

} // namespace

GlobalCorrelation::GlobalCorrelation(Domain & domain, const Real * fixed)
  : Similarity(domain, fixed)
  , curvature_(domain.scalar())
{}

void
GlobalCorrelation::setWeight(const Real * weight)
{
  Similarity::setWeight(weight);
  mass_ = weight == nullptr ? 1.0 : domain_.average(domain_.kernels().sum(weight, domain_.points()));
  fixedMean_ = mean(fixed_) / mass_;
  fixedVariance_ = std::max(inner(fixed_, fixed_) / mass_ - fixedMean_ * fixedMean_, 0.0) + noise * noise;
}

void
GlobalCorrelation::weigh(Real * x)
{
  if (weight_ != nullptr)
  {
    domain_.kernels().multiply(Real(1), weight_, x, x, domain_.points());
  }
}

double
GlobalCorrelation::mean(const Real * x)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  return domain_.average(weight_ == nullptr ? kernels.sum(x, n) : kernels.dot(weight_, x, n));
}

double
GlobalCorrelation::inner(const Real * x, const Real * y)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  if (weight_ == nullptr)
  {
    return domain_.average(kernels.dot(x, y, n));
  }
  const Buffer weighted = domain_.scalar();
  kernels.multiply(Real(1), weight_, x, weighted.data(), n);
  return domain_.average(kernels.dot(weighted.data(), y, n));
}

GlobalCorrelation::Moments
GlobalCorrelation::momentsOf(const Real * m)
{
  Moments s{};
  s.mean = mean(m) / mass_;
  s.variance = std::max(inner(m, m) / mass_ - s.mean * s.mean, 0.0) + noise * noise;
  s.covariance = inner(m, fixed_) / mass_ - s.mean * fixedMean_ + noise * noise;
  return s;
}

double
GlobalCorrelation::value(const Real * m)
{
  const Moments s = momentsOf(m);
  return 0.5 * mass_ * std::max(fixedVariance_ - s.covariance * (s.covariance / s.variance), 0.0);
}

void
GlobalCorrelation::linearize(const Real * m, Real * lambda)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  const Moments     at = momentsOf(m);
  const double      gain = at.covariance / at.variance, offset = fixedMean_ - gain * at.mean;
  kernels.combine(Real(gain), fixed_, Real(-gain * gain), m, lambda, n);
  kernels.scaleAndShift(Real(1), lambda, Real(-gain * offset), lambda, n);
  weigh(lambda);
  kernels.fill(curvature_.data(), n, Real(gain * gain));
  weigh(curvature_.data());
}

} // namespace gnr
