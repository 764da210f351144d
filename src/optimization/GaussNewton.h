// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_optimization_GaussNewton_h
#define gnr_optimization_GaussNewton_h

#include "model/Objective.h"
#include "optimization/Control.h"

#include "gnr/Options.h"
#include "gnr/Report.h"

namespace gnr
{

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
 * solution for another beta, which may meet it without a step. */
LevelRecord
minimize(Objective &        objective,
         const Options &    options,
         Control &          control,
         int                level,
         const VectorView & v,
         int                leastIterations = 0);

} // namespace gnr

#endif
