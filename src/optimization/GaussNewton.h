// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_optimization_GaussNewton_h
#define gnr_optimization_GaussNewton_h

#include "model/ReducedProblem.h"
#include "optimization/Control.h"

#include "gnr/Options.h"
#include "gnr/Report.h"

namespace gnr
{

/** Inexact Gauss-Newton-Krylov iteration on one grid.
 *
 * Minimises the reduced objective from the velocity in `v` (a vector field, overwritten by the result). Forcing term
 * eta = min(0.5, sqrt(||g||/||g0||)), Armijo line search by halving, dual norms [N1]. Stops at ||g|| <=
 * gradientTolerance ||g(v = 0)||, when the objective stalls, at the limits or on request; the reason is in the record.
 * Memory: 4 vector fields beside v, 5 with InvA. Throws Error(NumericalFailure). Collective.
 *
 * \param level number of the grid, for the records. */
LevelRecord
minimize(ReducedProblem & problem, const Options & options, Control & control, int level, const VectorView & v);

} // namespace gnr

#endif
