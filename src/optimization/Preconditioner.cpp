// SPDX-License-Identifier: Apache-2.0
#include "optimization/Preconditioner.h"

#include "optimization/ZeroVelocityHessian.h"

#include <cstdlib>
#include <utility>

namespace gnr
{
namespace
{

// Of the inner solve: iterations, and its relative residual as a share of the outer one.
static int    mostInnerIterations = getenv("GI") ? atoi(getenv("GI")) : 10;
static double innerShare = getenv("GS") ? atof(getenv("GS")) : 0.1;

/** M = A^-1: 3 + 3 FFTs. */
class InverseRegularization : public PreconditionerOperator
{
public:
  explicit InverseRegularization(ReducedProblem & problem)
    : problem_(problem)
  {}
  bool
  isInverseRegularization() const override
  {
    return true;
  }
  void
  refresh(double) override
  {}
  void
  apply(const Real * r, Real * z) override
  {
    problem_.regularizer().applyInverse(r, z);
  }

private:
  ReducedProblem & problem_;
};

/** M ~ H0^-1 on the grid of the problem. */
class InverseZeroVelocityHessian : public PreconditionerOperator
{
public:
  explicit InverseZeroVelocityHessian(ReducedProblem & problem)
    : problem_(problem)
    , hessian_(problem.domain(), problem.regularizer())
  {}
  void
  refresh(double eta) override
  {
    eta_ = eta;
    hessian_.refresh(problem_.deformedMoving(), problem_.hessianWeight());
  }
  void
  apply(const Real * r, Real * z) override
  {
    innerIterations_ += hessian_.solve(r, 0.0, innerShare * eta_, mostInnerIterations, z);
  }
  int
  takeInnerIterations() override
  {
    return std::exchange(innerIterations_, 0);
  }

private:
  ReducedProblem &    problem_;
  ZeroVelocityHessian hessian_;
  double              eta_ = 0.5;
  int                 innerIterations_ = 0;
};

} // namespace

std::unique_ptr<PreconditionerOperator>
makePreconditioner(Preconditioner kind, ReducedProblem & problem)
{
  switch (kind)
  {
    case Preconditioner::InvA:
      break;
    case Preconditioner::InvH0:
      return std::make_unique<InverseZeroVelocityHessian>(problem);
    case Preconditioner::TwoLevelInvH0:
      return makeTwoLevelPreconditioner(problem);
  }
  return std::make_unique<InverseRegularization>(problem);
}

} // namespace gnr
