// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/GlobalCorrelation.h"

#include <algorithm>
#include <cstddef>

namespace gnr
{
namespace
{

constexpr double noise = 0.005; // e, of intensities from 0 to 1: a constant image has no correlation

} // namespace

GlobalCorrelation::GlobalCorrelation(Domain & domain, const Real * fixed)
  : domain_(domain)
  , fixed_(fixed)
  , work_(domain.scalar())
  , curvature_(domain.scalar())
{}

void
GlobalCorrelation::setWeight(const Real * weight)
{
  weight_ = weight;
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
  kernels.multiply(Real(1), weight_, x, work_.data(), n);
  return domain_.average(kernels.dot(work_.data(), y, n));
}

GlobalCorrelation::Moments
GlobalCorrelation::momentsOf(const Real * m)
{
  Moments s{};
  s.mass = weight_ == nullptr ? 1.0 : domain_.average(domain_.kernels().sum(weight_, domain_.points()));
  s.fixed = mean(fixed_) / s.mass;
  s.moving = mean(m) / s.mass;
  s.varianceOfFixed = std::max(inner(fixed_, fixed_) / s.mass - s.fixed * s.fixed, 0.0);
  s.variance = std::max(inner(m, m) / s.mass - s.moving * s.moving, 0.0) + noise * noise;
  s.covariance = inner(m, fixed_) / s.mass - s.moving * s.fixed;
  return s;
}

double
GlobalCorrelation::value(const Real * m)
{
  const Moments s = momentsOf(m);
  return 0.5 * s.mass * std::max(s.varianceOfFixed - s.covariance * s.covariance / s.variance, 0.0);
}

void
GlobalCorrelation::linearize(const Real * m, Real * lambda)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  moving_ = m;
  at_ = momentsOf(m);
  const double gain = at_.covariance / at_.variance, offset = at_.fixed - gain * at_.moving;
  kernels.combine(Real(gain), fixed_, Real(-gain * gain), m, lambda, n);
  kernels.scaleAndShift(Real(1), lambda, Real(-gain * offset), lambda, n);
  weigh(lambda);
  kernels.fill(curvature_.data(), n, Real(gain * gain));
  weigh(curvature_.data());
}

void
GlobalCorrelation::gaussNewton(Real * mt)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  const double      shift = mean(mt) / at_.mass;
  const double      slope = (inner(moving_, mt) / at_.mass - at_.moving * shift) / at_.variance;
  kernels.axpby(Real(-slope), moving_, Real(1), mt, n);
  kernels.scaleAndShift(Real(-1), mt, Real(shift - slope * at_.moving), mt, n);
  kernels.multiply(Real(1), curvature_.data(), mt, mt, n);
}

} // namespace gnr
