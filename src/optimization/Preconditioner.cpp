// SPDX-License-Identifier: Apache-2.0
#include "optimization/Preconditioner.h"

#include "optimization/ZeroVelocityHessian.h"


namespace gnr
{
namespace
{

/** M = A^-1: 3 + 3 FFTs. */
class InverseRegularization : public PreconditionerOperator
{
public:
  explicit InverseRegularization(Objective & objective)
    : objective_(objective)
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
    objective_.regularizer().applyInverse(r, z);
  }

private:
  Objective & objective_;
};

/** On the grid of the velocity. */
Structure
structureFor(Objective & objective)
{
  return objective.hasCoarserVelocity()
           ? Structure(objective.imageTransform(), objective.regularizer().transform(), objective.domain())
           : Structure(objective.domain());
}

/** M ~ H0^-1 on the grid of the velocity. */
class InverseZeroVelocityHessian : public PreconditionerOperator
{
public:
  explicit InverseZeroVelocityHessian(Objective & objective)
    : objective_(objective)
    , structure_(structureFor(objective))
    , hessian_(objective.domain(), objective.regularizer(), structure_)
  {}
  void
  refresh(double eta) override
  {
    eta_ = eta;
    objective_.structure(structure_);
  }
  void
  apply(const Real * r, Real * z) override
  {
    const std::size_t values = 3 * objective_.domain().points();
    const Buffer &    spare = objective_.spare();
    Buffer            own;
    if (spare.size() < 4 * values)
    {
      own = Buffer(objective_.domain().kernels(), 4 * values);
    }
    objective_.domain().kernels().copy(r, z, values);
    hessian_.solve(z, innerTolerance * eta_, mostInnerIterations, own ? own.data() : spare.data());
  }
  int
  takeInnerIterations() override
  {
    return hessian_.takeIterations();
  }

private:
  Objective &         objective_;
  Structure           structure_;
  ZeroVelocityHessian hessian_;
  double              eta_ = 0.5;
};

} // namespace

std::unique_ptr<PreconditionerOperator>
makePreconditioner(Preconditioner kind, Objective & objective)
{
  switch (kind)
  {
    case Preconditioner::InvA:
      break;
    case Preconditioner::InvH0:
      return std::make_unique<InverseZeroVelocityHessian>(objective);
    case Preconditioner::TwoLevelInvH0:
      if (objective.hasCoarserVelocity())
      {
        return std::make_unique<InverseZeroVelocityHessian>(objective);
      }
      return makeTwoLevelPreconditioner(objective);
  }
  return std::make_unique<InverseRegularization>(objective);
}

} // namespace gnr
