// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_optimization_RegularizedSystem_h
#define gnr_optimization_RegularizedSystem_h

#include "model/Regularizer.h"

#include "gnr/Report.h"

#include <functional>
#include <optional>

namespace gnr
{

/** Vector fields that a Krylov solver works on; 3 points() values each. */
struct KrylovVectors
{
  Real * x;  ///< out: the solution
  Real * r;  ///< in: the right-hand side; overwritten by the residual
  Real * z;  ///< preconditioned residual
  Real * p;  ///< direction
  Real * ap; ///< A p, for A^-1 as the preconditioner only
};

struct RegularizedSolve
{
  int                       iterations = 0; ///< applications of Q
  double                    slope = 0.0;    ///< -<r_0, x>, negative
  std::optional<StopReason> interruption;   ///< the solve is not finished then
};

/** Solves (A + Q) x = r by conjugate gradients with the preconditioner A^-1, Q symmetric and positive semi-definite, to
 * ||r|| <= eta ||r_0|| in the dual norm ||r||^2 = <r, A^-1 r> or for at most maximumIterations applications of Q [K1].
 *
 * With z = A^-1 r the product A p obeys the recurrence of p, because A z = r up to the mean (A is zero at k = 0): no
 * FFT is spent on A. \param q q = Q p for two vector fields that do not overlap. \param interruption a reason to give
 * up, asked for in every iteration. \param squaredNorm <r, A^-1 r>. \param vectors with z = A^-1 r on entry.
 * Collective. */
RegularizedSolve
solveRegularized(Regularizer &                                      regularizer,
                 const std::function<void(const Real *, Real *)> &  q,
                 const std::function<std::optional<StopReason>()> & interruption,
                 double                                             squaredNorm,
                 double                                             eta,
                 int                                                maximumIterations,
                 const KrylovVectors &                              vectors);

} // namespace gnr

#endif
