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

/** Solves (A + Q) x = r by conjugate gradients with the preconditioner A^-1, Q symmetric and positive semi-definite, to
 * ||r|| <= eta ||r_0|| in the dual norm ||r||^2 = <r, A^-1 r> or for at most maximumIterations applications of Q [K1].
 *
 * With z = A^-1 r the product A p obeys the recurrence of p, because A z = r up to the mean (A is zero at k = 0): no
 * FFT is spent on A. Nobody waits for numbers that are not at hand, unless there may be an interruption: all iterations
 * are then asked for, and those behind the end change nothing.
 *
 * \param numbers of the domain; tell iterations and slope, and are for finished() to check. \param q q = Q p for two
 * vector fields that do not overlap. \param interruption a reason to give up, asked for in every iteration; may be
 * empty. \param squaredNorm <r, A^-1 r>, where that is known. \param vectors with z = A^-1 r on entry. Collective.
 * \returns the reason to give up, if there was one. */
std::optional<StopReason>
solveRegularized(Regularizer &                                      regularizer,
                 KrylovNumbers &                                    numbers,
                 const std::function<void(const Real *, Real *)> &  q,
                 const std::function<std::optional<StopReason>()> & interruption,
                 std::optional<double>                              squaredNorm,
                 double                                             eta,
                 int                                                maximumIterations,
                 const KrylovVectors &                              vectors);

/** The state behind a loop. Throws Error(NumericalFailure) where a product was not finite. */
const KrylovState &
finished(KrylovNumbers & numbers);

} // namespace gnr

#endif
