// SPDX-License-Identifier: Apache-2.0
#include "optimization/Preconditioner.h"

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
  void
  refresh() override
  {}
  void
  apply(const Real * r, Real * z) override
  {
    problem_.regularizer().applyInverse(r, z);
  }

private:
  ReducedProblem & problem_;
};

} // namespace

std::unique_ptr<PreconditionerOperator>
makePreconditioner(Preconditioner kind, ReducedProblem & problem)
{
  switch (kind)
  {
    case Preconditioner::InvA:
      break;
  }
  return std::make_unique<InverseRegularization>(problem);
}

} // namespace gnr
