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

GlobalCorrelation::GlobalCorrelation(Domain & domain)
  : Similarity(domain)
  , curvature_(domain.scalar())
{}

void
GlobalCorrelation::setWeight(const Real * weight)
{
  Similarity::setWeight(weight);
  mass_ = weight == nullptr ? 1.0 : domain_.average(domain_.kernels().sum(weight, domain_.points()));
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
GlobalCorrelation::momentsOf(const Real * m, const Real * f)
{
  Moments s{};
  s.mean = mean(m) / mass_;
  s.variance = std::max(inner(m, m) / mass_ - s.mean * s.mean, 0.0) + noise * noise;
  s.fixedMean = mean(f) / mass_;
  s.fixedVariance = std::max(inner(f, f) / mass_ - s.fixedMean * s.fixedMean, 0.0) + noise * noise;
  s.covariance = inner(m, f) / mass_ - s.mean * s.fixedMean + noise * noise;
  return s;
}

double
GlobalCorrelation::value(const Real * m, const Real * f)
{
  const Moments s = momentsOf(m, f);
  return 0.5 * mass_ * std::max(s.fixedVariance - s.covariance * (s.covariance / s.variance), 0.0);
}

void
GlobalCorrelation::linearize(const Real * m, const Real * f, Real * lambda)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  const Moments     at = momentsOf(m, f);
  const double      gain = at.covariance / at.variance, offset = at.fixedMean - gain * at.mean;
  kernels.combine(Real(gain), f, Real(-gain * gain), m, lambda, n);
  kernels.scaleAndShift(Real(1), lambda, Real(-gain * offset), lambda, n);
  weigh(lambda);
  kernels.fill(curvature_.data(), n, Real(gain * gain));
  weigh(curvature_.data());
}

} // namespace gnr
