// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_optimization_Preconditioner_h
#define gnr_optimization_Preconditioner_h

#include "model/ReducedProblem.h"

#include "gnr/Options.h"

#include <memory>

namespace gnr
{

/** An approximation of the inverse Hessian, symmetric and positive definite. */
class PreconditionerOperator
{
public:
  virtual ~PreconditionerOperator() = default;

  /** Called once per Newton step, when the problem's velocity has changed. Collective. */
  virtual void
  refresh() = 0;

  /** z = M r; r and z are vector fields that do not overlap. Collective. */
  virtual void
  apply(const Real * r, Real * z) = 0;
};

std::unique_ptr<PreconditionerOperator>
makePreconditioner(Preconditioner kind, ReducedProblem & problem);

} // namespace gnr

#endif
