// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_optimization_KrylovSolver_h
#define gnr_optimization_KrylovSolver_h

#include "model/ReducedProblem.h"
#include "optimization/Control.h"
#include "optimization/Preconditioner.h"

#include <optional>

namespace gnr
{

/** Vector fields that the Krylov solver works on; 3 points() values each. */
struct KrylovVectors
{
  Real * x;  ///< out: the Newton step s
  Real * r;  ///< in: -g; overwritten by the residual
  Real * z;  ///< in: A^-1 r; overwritten (also holds H p)
  Real * p;  ///< scratch
  Real * ap; ///< scratch
};

struct KrylovResult
{
  int                       iterations = 0; ///< Hessian products
  double                    slope = 0.0;    ///< <g, s>, negative
  std::optional<StopReason> interruption;   ///< the step is not finished then
};

/** Solves H s = -g by preconditioned conjugate gradients to ||r|| <= eta ||g|| in the dual norm ||r||^2 = <r, A^-1 r>,
 * or for at most maximumIterations Hessian products [K1].
 *
 * H = A + Q. With z = A^-1 r the product A p obeys the recurrence of p, because A z = r up to the mean (A is zero at
 * k = 0): no FFT is spent on A. \param squaredNorm <r, z> at the start. Collective. */
KrylovResult
solveNewtonSystem(ReducedProblem &         problem,
                  PreconditionerOperator & preconditioner,
                  Control &                control,
                  double                   squaredNorm,
                  double                   eta,
                  int                      maximumIterations,
                  const KrylovVectors &    vectors);

} // namespace gnr

#endif
