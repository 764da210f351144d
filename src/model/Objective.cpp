// SPDX-License-Identifier: Apache-2.0
#include "model/Objective.h"

#include "model/Characteristics.h"
#include "model/Structure.h"

#include <algorithm>
#include <array>

namespace gnr
{

Objective::Objective(Domain & domain, FourierTransform & transform, const Options & options, const ImageSet & images)
  : domain_(domain)
  , options_(options)
  , regularizer_(transform, options)
  , trajectory_(domain, options.interpolation)
  , data_(makeDataTerms(trajectory_, domain, options, images))
  , limit_(domain, options, images.intensityRange)
{}

int
Objective::steps(const ConstVectorView & v) const
{
  return requiredSteps(domain_, v, options_.timeSteps);
}

std::optional<int>
Objective::trialSteps(const ConstVectorView & v) const
{
  const std::array<int, 3> & size = domain_.grid().size;
  const double               speed = largestSpeed(domain_, v);
  return 2.0 * speed < *std::max_element(size.begin(), size.end())
           ? std::optional<int>(requiredSteps(speed, options_.timeSteps))
           : std::nullopt;
}

void
Objective::setVelocity(const ConstVectorView & v, int steps, const VectorView & scratch)
{
  trajectory_.setVelocity(v, steps, scratch);
  for (const auto & term : data_)
  {
    term->follow();
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
Objective::limitPenalty(const ConstVectorView & v)
{
  return limit_.value(v);
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
Objective::gradientOfTerms(const ConstVectorView & v, const VectorView & b)
{
  trajectory_.prepareAdjoint(v, b);
  for (const auto & term : data_)
  {
    term->addGradient(v, term != data_.front(), b);
  }
  if (trajectory_.isMoving())
  {
    limit_.addGradient(v, true, b);
  }
  else
  {
    limit_.rest();
  }
  domain_.releaseScratch();
  regularizer_.project(b.data);
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
  for (const auto & term : data_)
  {
    term->addHessian(p, accumulate || term != data_.front(), q);
  }
  limit_.addHessian(p, true, q);
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
}

} // namespace gnr
