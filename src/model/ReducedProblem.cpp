// SPDX-License-Identifier: Apache-2.0
#include "model/ReducedProblem.h"

#include "model/Characteristics.h"

namespace gnr
{

ReducedProblem::ReducedProblem(Domain &           domain,
                               FourierTransform & transform,
                               const Options &    options,
                               const Real *       fixed,
                               const Real *       moving,
                               const Real *       fixedWeight,
                               const Real *       movingWeight)
  : domain_(domain)
  , options_(options)
  , regularizer_(transform, options)
  , transport_(domain, options.interpolation)
  , similarity_(domain, fixed)
  , moving_(moving)
  , fixedWeight_(fixedWeight)
  , movingWeight_(movingWeight)
  , work_(domain.scalar())
{
  if (options.strainLimit)
  {
    strain_.emplace(domain, options.beta, *options.strainLimit);
  }
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
ReducedProblem::strain(const ConstVectorView & v)
{
  return strain_ ? strain_->value(v) : 0.0;
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
  similarity_.adjointEnd(transport_.finalState(), work_.data());
  transport_.integrateAdjoint(work_.data(), false, b);
  if (strain_)
  {
    strain_->refresh(v);
    strain_->addGradient(v, b);
  }
  regularizer_.project(b.data);
}

void
ReducedProblem::dataHessian(const ConstVectorView & p, const VectorView & q)
{
  transport_.incrementalState(p, work_.data());
  similarity_.incrementalAdjointEnd(work_.data());
  transport_.integrateAdjoint(work_.data(), false, q);
  if (strain_)
  {
    strain_->addHessian(p, q);
  }
  regularizer_.project(q.data);
}

void
ReducedProblem::hessian(const ConstVectorView & p, const VectorView & hp)
{
  regularizer_.apply(p.data, hp.data);
  transport_.incrementalState(p, work_.data());
  similarity_.incrementalAdjointEnd(work_.data());
  transport_.integrateAdjoint(work_.data(), true, hp);
  if (strain_)
  {
    strain_->addHessian(p, hp);
  }
  regularizer_.project(hp.data);
}

} // namespace gnr
