// SPDX-License-Identifier: Apache-2.0
#include "model/Objective.h"

#include "model/Characteristics.h"
#include "model/Structure.h"

#include <algorithm>
#include <array>

namespace gnr
{

Objective::Objective(FourierTransform & transform, const Options & options, const ImageSet & images)
  : Objective(transform, transform, options, images)
{}

Objective::Objective(FourierTransform & velocity,
                     FourierTransform & images,
                     const Options &    options,
                     const ImageSet &   set)
  : domain_(velocity.domain())
  , imageTransform_(images)
  , images_(images.domain())
  , prolongation_(velocity, images)
  , fine_(prolongation_.isIdentity() ? Buffer() : images_.vector())
  , options_(options)
  , regularizer_(velocity, options, images_.grid())
  , trajectory_(images_, options.interpolation, options.symmetric)
  , data_(makeDataTerms(trajectory_, images_, options, set))
  , limit_(domain_, options, set.intensityRange)
  , volume_(velocity,
            images,
            options.incompressibilityForm == IncompressibilityForm::Static ? set.incompressibility : nullptr,
            set)
  , landmarks_(domain_, options, set.intensityRange, set.landmarks)
{}

int
Objective::leastSteps() const
{
  return trajectory_.isSymmetric() ? (options_.timeSteps + 1) / 2 : options_.timeSteps;
}

int
Objective::steps(const ConstVectorView & v) const
{
  return requiredSteps(trajectory_.duration() * largestSpeed(domain_, v, images_.grid()), leastSteps());
}

std::optional<int>
Objective::trialSteps(const ConstVectorView & v) const
{
  const std::array<int, 3> & size = images_.grid().size;
  const double               speed = largestSpeed(domain_, v, images_.grid());
  return 2.0 * speed < *std::max_element(size.begin(), size.end())
           ? std::optional<int>(requiredSteps(trajectory_.duration() * speed, leastSteps()))
           : std::nullopt;
}

void
Objective::setVelocity(const ConstVectorView & v, int steps, const VectorView & scratch)
{
  if (prolongation_.isIdentity())
  {
    trajectory_.setVelocity(v, steps, scratch);
  }
  else
  {
    trajectory_.setVelocity(prolonged(v), steps);
  }
  if (trajectory_.isSymmetric())
  {
    prepareBackward(v, scratch);
  }
  follow();
}

void
Objective::rest()
{
  trajectory_.rest(leastSteps());
  follow();
}

void
Objective::follow()
{
  for (const auto & term : data_)
  {
    term->follow();
  }
}

void
Objective::prepareBackward(const ConstVectorView & v, const VectorView & scratch)
{
  if (prolongation_.isIdentity())
  {
    trajectory_.prepareBackward(v, scratch);
  }
  else if (trajectory_.isMoving())
  {
    trajectory_.prepareBackward(prolonged(v));
  }
}

double
Objective::distance()
{
  double sum = 0.0;
  for (const auto & term : data_)
  {
    sum += term->value({});
  }
  return sum;
}

double
Objective::massDrift()
{
  double most = 0.0;
  for (const auto & term : data_)
  {
    most = std::max(most, term->massDrift());
  }
  return most;
}

double
Objective::onVelocityGrid(const std::function<double()> & value)
{
  if (prolongation_.isIdentity())
  {
    return value();
  }
  // Each grid finds the memory as it would without the other.
  images_.releaseScratch();
  const double result = value();
  domain_.releaseScratch();
  return result;
}

double
Objective::velocityPenalty(const ConstVectorView & v)
{
  return onVelocityGrid([&] { return limit_.value(v) + volume_.value(v) + landmarks_.value(v); });
}

double
Objective::penaltyAtRest(const ConstVectorView & zero)
{
  return onVelocityGrid([&] { return volume_.value(zero) + landmarks_.value(zero); });
}

void
Objective::refreshWeight()
{
  for (const auto & term : data_)
  {
    term->refreshWeight();
  }
}

void
Objective::addImageGradient(const ConstVectorView & v, const VectorView & b)
{
  const VectorView force = prolongation_.isIdentity() ? b : images_.view(fine_);
  for (const auto & term : data_)
  {
    term->addGradient(v, term != data_.front(), force);
  }
  if (!prolongation_.isIdentity())
  {
    restrictForce(force, false, b);
  }
}

VectorView
Objective::prolonged(const ConstVectorView & v)
{
  images_.releaseScratch(); // to the transforms, which always find the memory alike
  const VectorView fine = images_.view(fine_);
  prolongation_.prolong(v, fine);
  return fine;
}

void
Objective::restrictForce(const VectorView & b, bool accumulate, const VectorView & out)
{
  images_.releaseScratch();
  if (!accumulate)
  {
    prolongation_.adjoint(b, out);
    return;
  }
  // In place: a component of the coarser grid ends before the next one of the finer begins.
  const VectorView own{ b.data, domain_.points() };
  prolongation_.adjoint(b, own);
  domain_.kernels().axpby(Real(1), own.data, Real(1), out.data, 3 * domain_.points());
}

void
Objective::gradientOfTerms(const ConstVectorView & v, const VectorView & b)
{
  takeGradient(v, b);
  landmarks_.addGradient(v, true, b);
  regularizer_.project(b.data);
}

void
Objective::gradientWithoutLandmarks(const ConstVectorView & v, const VectorView & b)
{
  takeGradient(v, b);
  regularizer_.project(b.data);
}

void
Objective::takeGradient(const ConstVectorView & v, const VectorView & b)
{
  if (data_.empty())
  {
    domain_.kernels().fill(b.data, 3 * domain_.points(), Real(0));
  }
  else
  {
    if (!trajectory_.isSymmetric())
    {
      prepareBackward(v, b);
    }
    addImageGradient(v, b);
  }
  if (trajectory_.isMoving())
  {
    limit_.addGradient(v, true, b);
  }
  else
  {
    limit_.rest();
  }
  volume_.addGradient(v, true, b);
  domain_.releaseScratch();
}

void
Objective::hessianOfTerms(const ConstVectorView & p, const VectorView & q)
{
  addHessian(p, false, q);
  regularizer_.project(q.data);
}

void
Objective::hessian(const ConstVectorView & p, const VectorView & hp)
{
  regularizer_.apply(p.data, hp.data);
  addHessian(p, true, hp);
  regularizer_.project(hp.data);
}

void
Objective::addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q)
{
  if (data_.empty())
  {
    if (!accumulate)
    {
      domain_.kernels().fill(q.data, 3 * domain_.points(), Real(0));
    }
  }
  else if (prolongation_.isIdentity())
  {
    for (const auto & term : data_)
    {
      term->addHessian(p, accumulate || term != data_.front(), q);
    }
  }
  else
  {
    const VectorView fine = prolonged(p);
    if (data_.size() == 1 && data_.front()->isInPlace())
    {
      data_.front()->addHessian(fine, false, fine);
      restrictForce(fine, accumulate, q);
    }
    else
    {
      const Buffer     force = images_.vector();
      const VectorView all = images_.view(force);
      for (const auto & term : data_)
      {
        term->addHessian(fine, term != data_.front(), all);
      }
      restrictForce(all, accumulate, q);
    }
  }
  limit_.addHessian(p, true, q);
  volume_.addHessian(p, true, q);
  landmarks_.addHessian(p, true, q);
  domain_.releaseScratch(); // to whoever comes next: transforms, preconditioner
}

void
Objective::structure(Structure & structure)
{
  structure.clear();
  for (const auto & term : data_)
  {
    term->addStructure(structure);
  }
  limit_.addStructure(structure);
  volume_.addStructure(structure);
  landmarks_.addStructure(structure);
}

} // namespace gnr
