// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/Custom.h"

#include "gnr/Error.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace gnr
{
namespace
{

void
checkResult(bool isRight, const char * what)
{
  if (!isRight)
  {
    throw Error(ErrorKind::NumericalFailure, std::string("custom measure: ") + what + "; correct its compare()");
  }
}

bool
areFinite(const std::vector<float> & values)
{
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

} // namespace

Custom::Custom(CustomMeasure * measure, Domain & domain)
  : Similarity(domain)
  , measure_(measure)
  , curvature_(domain.scalar())
{}

Custom::Host
Custom::hostCopy(const Real * field) const
{
  Host copy(domain_.points());
  domain_.kernels().toHost(field, 1.0, copy.data(), 1, copy.size());
  return copy;
}

double
Custom::compare(const Real * m, const Real * f, Host * force, Host * curvature)
{
  if (measure_ == nullptr)
  {
    return domain_.average(1.0);
  }
  const Host            fixed = hostCopy(f), moving = hostCopy(m), weight = weight_ ? hostCopy(weight_) : Host();
  CustomMeasure::Images images;
  images.grid = domain_.grid();
  images.box = planesOf(domain_.grid(), domain_.slab().begin, domain_.slab().end);
  images.fixed = fixed.data();
  images.moving = moving.data();
  images.weight = weight_ ? weight.data() : nullptr;
  if (force != nullptr)
  {
    force->assign(fixed.size(), 0.0F);
    *curvature = weight_ ? weight : Host(fixed.size(), 1.0F);
  }
  const double sum =
    measure_->compare(images, force ? force->data() : nullptr, curvature ? curvature->data() : nullptr);
  checkResult(std::isfinite(sum), "the value is not finite");
  return domain_.average(sum);
}

double
Custom::value(const Real * m, const Real * f)
{
  return compare(m, f, nullptr, nullptr);
}

void
Custom::linearize(const Real * m, const Real * f, Real * lambda)
{
  Host force, curvature;
  compare(m, f, &force, &curvature);
  checkResult(areFinite(force) && areFinite(curvature), "the force or the curvature is not finite");
  checkResult(std::all_of(curvature.begin(), curvature.end(), [](float c) { return c >= 0.0F; }),
              "the curvature is negative");
  Kernels & kernels = domain_.kernels();
  kernels.fromHost(force.data(), 1, 1.0, lambda, domain_.points());
  kernels.fromHost(curvature.data(), 1, 1.0, curvature_.data(), domain_.points());
}

} // namespace gnr
