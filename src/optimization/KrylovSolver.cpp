// SPDX-License-Identifier: Apache-2.0
#include "optimization/KrylovSolver.h"

#include <memory>
#include <optional>

namespace gnr
{
namespace
{

/** PCG with a general preconditioner. z and H p share their memory: the Fletcher-Reeves form needs neither with the
 * other. */
KrylovResult
solveByProducts(Objective &              objective,
                PreconditionerOperator & preconditioner,
                Control &                control,
                double                   eta,
                int                      maximumIterations,
                const KrylovVectors &    k)
{
  Domain &          domain = objective.domain();
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  const std::size_t values = 3 * n;
  KrylovResult      result;

  kernels.fill(k.x, values, Real(0));
  preconditioner.apply(k.r, k.z);
  const std::unique_ptr<KrylovNumbers> numbers = domain.krylovNumbers();
  numbers->start(k.r, k.z, eta * eta, std::nullopt, k.p, nullptr);

  // Per iteration: one Hessian product with its regularisation (2 nt interpolations, 2 (nt + 1) fused gradients, 3 + 3
  // FFTs), one application of the preconditioner, and 8 + 24 + 8 + 12 = 52 B of vector algebra per component and point.
  for (int iteration = 0; iteration < maximumIterations; ++iteration)
  {
    const KrylovState & now = numbers->state();
    if (!now.isGoing || kernels.ends(Loop::Krylov, iteration, !(now.rz > now.target)))
    {
      break;
    }
    result.interruption = control.interruption();
    if (result.interruption)
    {
      break;
    }
    objective.hessian({ k.p, n }, { k.z, n });
    numbers->advance(k.p, k.z, nullptr, k.x, k.r);
    const bool isLast = iteration + 1 == maximumIterations; // what follows serves the next iteration only
    if (isLast || (numbers->isAtHand() && !numbers->state().isGoing))
    {
      break;
    }
    preconditioner.apply(k.r, k.z);
    numbers->turn(k.r, k.z, k.p, nullptr);
  }
  const KrylovState & end = finished(*numbers);
  result.iterations = end.iterations;
  result.slope = end.slope;
  result.innerIterations = preconditioner.takeInnerIterations();
  return result;
}

} // namespace

KrylovResult
solveNewtonSystem(Objective &              objective,
                  PreconditionerOperator & preconditioner,
                  Control &                control,
                  double                   squaredNorm,
                  double                   eta,
                  int                      maximumIterations,
                  const KrylovVectors &    k)
{
  if (!preconditioner.isInverseRegularization())
  {
    return solveByProducts(objective, preconditioner, control, eta, maximumIterations, k);
  }
  const std::size_t                    n = objective.domain().points();
  const std::unique_ptr<KrylovNumbers> numbers = objective.domain().krylovNumbers();
  const std::optional<StopReason>      interruption = solveRegularized(
    objective.regularizer(),
    *numbers,
    [&](const Real * p, Real * q) { objective.hessianOfTerms({ p, n }, { q, n }); },
    [&]() { return control.interruption(); },
    squaredNorm,
    eta,
    maximumIterations,
    k);
  const KrylovState & end = finished(*numbers);
  return { end.iterations, 0, end.slope, interruption };
}

} // namespace gnr
