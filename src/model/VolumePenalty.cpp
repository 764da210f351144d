// SPDX-License-Identifier: Apache-2.0
#include "model/VolumePenalty.h"

#include "model/Differences.h"
#include "model/Structure.h"
#include "model/similarity/SumOfSquares.h"

#include <cmath>
#include <utility>

namespace gnr
{
namespace
{

constexpr double half = 0.5; // the exponent of half densities

/** The weights alone, which those of the images do not touch. */
ImageSet
weightsOf(const ImageSet & images)
{
  ImageSet result;
  result.movingWeight = images.incompressibility;
  return result;
}

} // namespace

std::unique_ptr<MovingVolumePenalty>
MovingVolumePenalty::make(Trajectory & trajectory, Domain & domain, const ImageSet & images)
{
  Densities densities{ domain.scalar(), domain.scalar() };
  domain.kernels().fill(densities.initial.data(), domain.points(), Real(std::pow(images.movingVolumeChange, half)));
  domain.kernels().fill(densities.one.data(), domain.points(), Real(1));
  return std::unique_ptr<MovingVolumePenalty>(
    new MovingVolumePenalty(trajectory, domain, images, std::move(densities)));
}

MovingVolumePenalty::MovingVolumePenalty(Trajectory &     trajectory,
                                         Domain &         domain,
                                         const ImageSet & images,
                                         Densities        densities)
  : ChannelwiseTerm(trajectory,
                    domain,
                    weightsOf(images),
                    { std::make_shared<SumOfSquaresMeasure>(),
                      { { densities.one.data(), densities.initial.data(), images.incompressibilityScale, half } } })
  , densities_(std::move(densities))
{}

StaticVolumePenalty::StaticVolumePenalty(FourierTransform & velocity,
                                         FourierTransform & images,
                                         const Real *       weight,
                                         const ImageSet &   set)
  : domain_(velocity.domain())
  , ofImages_(weight)
  , weight_(weight)
  , scale_(0.25 * set.incompressibilityScale)
  , changeRate_(std::log(set.movingVolumeChange))
{
  if (isActive() && &velocity != &images)
  {
    ownWeight_ = domain_.scalar();
    images.resample(weight, velocity, ownWeight_.data(), 1);
    // A truncated spectrum overshoots.
    domain_.kernels().clamp(Real(0), Real(1), ownWeight_.data(), domain_.points());
    weight_ = ownWeight_.data();
  }
}

double
StaticVolumePenalty::value(const ConstVectorView & v)
{
  if (!isActive())
  {
    return 0.0;
  }
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  const Buffer      rate = domain_.scalar(), weighted = domain_.scalar();
  divergence(domain_, v, rate.data());
  kernels.scaleAndShift(Real(1), rate.data(), Real(-changeRate_), rate.data(), n);
  kernels.multiply(Real(1), weight_, rate.data(), weighted.data(), n);
  return 0.5 * scale_ * domain_.inner(rate.data(), weighted.data(), n);
}

void
StaticVolumePenalty::add(const ConstVectorView & p, double rate, bool accumulate, const VectorView & out)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  if (!accumulate)
  {
    kernels.fill(out.data, 3 * n, Real(0));
  }
  if (!isActive())
  {
    return;
  }
  const Buffer stress = domain_.scalar();
  divergence(domain_, p, stress.data());
  if (rate != 0.0)
  {
    kernels.scaleAndShift(Real(1), stress.data(), Real(-rate), stress.data(), n);
  }
  subtractGradient(domain_, Real(scale_), weight_, stress.data(), out);
}

void
StaticVolumePenalty::addGradient(const ConstVectorView & v, bool accumulate, const VectorView & b)
{
  add(v, changeRate_, accumulate, b);
}

void
StaticVolumePenalty::addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q)
{
  add(p, 0.0, accumulate, q);
}

void
StaticVolumePenalty::addStructure(Structure & structure)
{
  if (isActive())
  {
    structure.addDivergence(ofImages_, scale_);
  }
}

} // namespace gnr
