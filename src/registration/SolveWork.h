// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_SolveWork_h
#define gnr_registration_SolveWork_h

#include "optimization/Workload.h"

#include "gnr/ScalingModel.h"

namespace gnr
{

/** The work that is assumed for grid `level` of `levels`. */
LevelWork
workOfLevel(const SolveAssumptions & assumptions, int level, int levels);

/** The transport that is assumed. */
Motion
assumedMotion(const Options & options, const SolveAssumptions & assumptions);

/** Iterations of the inner solve in each application of the preconditioner: rounded, at most what it may do. */
int
innerIterationsOf(const Options & options, const LevelWork & work);

/** Everything between the images in the solver and the displacement, with the weight beta fixed and no initial
 * velocity. */
Workload
solveWork(const MemoryPlan & plan, const Options & options, const SolveAssumptions & assumptions);

} // namespace gnr

#endif
