// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_optimization_Preconditioner_h
#define gnr_optimization_Preconditioner_h

#include "model/Objective.h"

#include "gnr/Options.h"

#include <array>
#include <memory>

namespace gnr
{

/** An approximation of the inverse Hessian, symmetric and positive definite as far as its inner solve is exact [K2]. */
class PreconditionerOperator
{
public:
  virtual ~PreconditionerOperator() = default;

  /** A^-1, for which the Krylov solver knows a shorter way. */
  virtual bool
  isInverseRegularization() const
  {
    return false;
  }

  /** Called once per Newton step, when the velocity of the objective has changed. \param eta the relative residual to
   * which the Newton system will be solved. Collective. */
  virtual void
  refresh(double eta) = 0;

  /** z = M r; r and z are vector fields that do not overlap. Collective. */
  virtual void
  apply(const Real * r, Real * z) = 0;

  /** Iterations inside apply() since the last call. */
  virtual int
  takeInnerIterations()
  {
    return 0;
  }
};

/** Points of the grid of half the size on which TwoLevelInvH0 works. */
std::array<int, 3>
halfSize(const std::array<int, 3> & fine);

/** TwoLevelInvH0 is InvH0 where the velocity has a coarser grid than the images: that is its coarser level. */
std::unique_ptr<PreconditionerOperator>
makePreconditioner(Preconditioner kind, Objective & objective);

/** A^-1 for the high frequencies, H0^-1 on the grid of half the size for the low ones. */
std::unique_ptr<PreconditionerOperator>
makeTwoLevelPreconditioner(Objective & objective);

} // namespace gnr

#endif
