// SPDX-License-Identifier: Apache-2.0
#include "model/ReducedProblem.h"

#include "model/Characteristics.h"

#include <algorithm>
#include <array>

namespace gnr
{

ReducedProblem::ReducedProblem(Domain &           domain,
                               FourierTransform & transform,
                               const Options &    options,
                               const Real *       fixed,
                               const Real *       moving,
                               const Real *       fixedWeight,
                               const Real *       movingWeight,
                               double             intensityRange)
  : domain_(domain)
  , options_(options)
  , regularizer_(transform, options)
  , transport_(domain, options.interpolation)
  , similarity_(domain, fixed)
  , limit_(domain, options, intensityRange)
  , moving_(moving)
  , fixedWeight_(fixedWeight)
  , movingWeight_(movingWeight)
{
  if (movingWeight_ != nullptr)
  {
    weight_ = domain.scalar();
  }
  similarity_.setWeight(fixedWeight_);
}

int
ReducedProblem::steps(const ConstVectorView & v) const
{
  return requiredSteps(domain_, v, options_.timeSteps);
}

std::optional<int>
ReducedProblem::trialSteps(const ConstVectorView & v) const
{
  const std::array<int, 3> & size = domain_.grid().size;
  const double               speed = largestSpeed(domain_, v);
  return 2.0 * speed < *std::max_element(size.begin(), size.end())
           ? std::optional<int>(requiredSteps(speed, options_.timeSteps))
           : std::nullopt;
}

void
ReducedProblem::setVelocity(const ConstVectorView & v, int steps, const VectorView & scratch)
{
  transport_.setVelocity(v, steps, scratch);
  transport_.solveState(moving_);
}

double
ReducedProblem::distance()
{
  return similarity_.value(transport_.finalState());
}

double
ReducedProblem::limitPenalty(const ConstVectorView & v)
{
  return limit_.value(v);
}

double
ReducedProblem::initialDistance()
{
  return similarity_.value(moving_);
}

void
ReducedProblem::refreshWeight()
{
  if (movingWeight_ == nullptr)
  {
    return;
  }
  Kernels & kernels = domain_.kernels();
  transport_.advect(movingWeight_, weight_.data());
  // Cubic interpolation of a mask overshoots.
  kernels.clamp(Real(0), Real(1), weight_.data(), domain_.points());
  if (fixedWeight_ != nullptr)
  {
    kernels.multiply(Real(1), fixedWeight_, weight_.data(), weight_.data(), domain_.points());
  }
  similarity_.setWeight(weight_.data());
}

void
ReducedProblem::dataGradient(const ConstVectorView & v, const VectorView & b)
{
  transport_.prepareAdjoint(v, b);
  {
    Buffer adjoint = domain_.scalar();
    similarity_.adjointEnd(transport_.finalState(), adjoint.data());
    transport_.integrateAdjoint(adjoint.data(), false, b);
  }
  if (transport_.isMoving())
  {
    limit_.refresh(v);
    limit_.addGradient(v, b);
  }
  else
  {
    limit_.refreshAtRest();
  }
  domain_.releaseScratch();
  regularizer_.project(b.data);
}

void
ReducedProblem::dataHessian(const ConstVectorView & p, const VectorView & q)
{
  addDataHessian(p, false, q);
  regularizer_.project(q.data);
}

void
ReducedProblem::hessian(const ConstVectorView & p, const VectorView & hp)
{
  regularizer_.apply(p.data, hp.data);
  addDataHessian(p, true, hp);
  regularizer_.project(hp.data);
}

void
ReducedProblem::addDataHessian(const ConstVectorView & p, bool accumulate, const VectorView & q)
{
  {
    Buffer incremental = domain_.scalar();
    transport_.incrementalState(p, incremental.data());
    similarity_.incrementalAdjointEnd(incremental.data());
    transport_.integrateAdjoint(incremental.data(), accumulate, q);
  }
  limit_.addHessian(p, q);
  domain_.releaseScratch(); // to whoever comes next: transforms, preconditioner
}

} // namespace gnr
