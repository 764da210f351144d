// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_optimization_KrylovSolver_h
#define gnr_optimization_KrylovSolver_h

#include "model/Objective.h"
#include "optimization/Control.h"
#include "optimization/Preconditioner.h"
#include "optimization/RegularizedSystem.h"

#include <optional>

namespace gnr
{

struct KrylovResult
{
  int                       iterations = 0;      ///< Hessian products
  int                       innerIterations = 0; ///< inside the preconditioner
  double                    slope = 0.0;         ///< <g, s>, negative
  std::optional<StopReason> interruption;        ///< the step is not finished then
};

/** Solves H s = -g by preconditioned conjugate gradients to <r, M r> <= eta^2 <g, M g>, M the preconditioner, or for at
 * most maximumIterations Hessian products [K1]. For M = A^-1 that is ||r|| <= eta ||g|| in the dual norm.
 *
 * \param squaredNorm <g, A^-1 g>. \param vectors r = -g, z = A^-1 r on entry; x is the step s on return. Collective. */
KrylovResult
solveNewtonSystem(Objective &              objective,
                  PreconditionerOperator & preconditioner,
                  Control &                control,
                  double                   squaredNorm,
                  double                   eta,
                  int                      maximumIterations,
                  const KrylovVectors &    vectors);

} // namespace gnr

#endif
