// SPDX-License-Identifier: Apache-2.0
#include "optimization/Preconditioner.h"

#include "optimization/ZeroVelocityHessian.h"

#include <utility>

namespace gnr
{
namespace
{

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
    const std::size_t values = 3 * problem_.domain().points();
    const Buffer      scratch(problem_.domain().kernels(), 4 * values);
    problem_.domain().kernels().copy(r, z, values);
    innerIterations_ += hessian_.solve(z, innerTolerance * eta_, mostInnerIterations, scratch.data());
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
