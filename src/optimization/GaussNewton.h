// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_optimization_GaussNewton_h
#define gnr_optimization_GaussNewton_h

#include "model/Objective.h"
#include "optimization/Control.h"

#include "gnr/Options.h"
#include "gnr/Report.h"

namespace gnr
{

/** Where the Newton iteration stands before a step. With the velocity it is all that another process needs to go on,
 * and to come to the same bits. */
struct NewtonState
{
  bool        isBegun = false;
  bool        isWarm = false; ///< the start is near the solution
  int         iteration = 1;  ///< the next
  int         timeSteps = 0;
  double      initialNorm = 0.0;     ///< ||g(v = 0)||, of the images if they have one
  double      initialDistance = 0.0; ///< D(v = 0)
  double      initialPenalty = 0.0;  ///< P(v = 0), of landmarks
  LevelRecord record;                ///< of the steps so far
};

/** Inexact Gauss-Newton-Krylov iteration on one grid.
 *
 * Minimises the reduced objective from the velocity in `v` (a vector field, overwritten by the result). Forcing term
 * eta = min(0.5, sqrt(||g||/||g0||)), from a warm start no less than the last step needs; Armijo line search by
 * halving, dual norms [N1]. Stops at ||g|| <= gradientTolerance ||g(v = 0)||, when the objective stalls, at the limits
 * or on request; the reason is in the record. A Newton step that a limit or a request cuts short is not lost: what the
 * Krylov solver has of it is taken, if that lowers the objective. Memory: 4 vector fields beside v, 5 with InvA. Throws
 * Error(NumericalFailure). Collective.
 *
 * \param level number of the grid, for the records.
 * \param leastIterations Newton steps that are taken even where `v` meets the gradient tolerance: 1 where it is a
 * solution for another beta, which may meet it without a step.
 * \param state is kept up to date; one that has begun is gone on with from the velocity that belongs to it. */
void
minimize(Objective &        objective,
         const Options &    options,
         Control &          control,
         int                level,
         const VectorView & v,
         int                leastIterations,
         NewtonState &      state);

} // namespace gnr

#endif
