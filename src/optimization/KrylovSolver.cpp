// SPDX-License-Identifier: Apache-2.0
#include "optimization/KrylovSolver.h"


#include "gnr/Error.h"

#include <cmath>

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
  kernels.copy(k.z, k.p, values);
  double       rz = domain.inner(k.r, k.z, values);
  const double target = eta * eta * rz;

  // Per iteration: one Hessian product with its regularisation (2 nt interpolations, 2 (nt + 1) fused gradients, 3 + 3
  // FFTs), one application of the preconditioner, and 8 + 24 + 8 + 12 = 52 B of vector algebra per component and point.
  while (result.iterations < maximumIterations && !kernels.ends(Loop::Krylov, result.iterations, !(rz > target)))
  {
    result.interruption = control.interruption();
    if (result.interruption)
    {
      break;
    }
    objective.hessian({ k.p, n }, { k.z, n });
    ++result.iterations;
    const double curvature = domain.inner(k.p, k.z, values);
    if (!std::isfinite(curvature))
    {
      throw Error(ErrorKind::NumericalFailure, "the Hessian product is not finite; increase --beta");
    }
    if (curvature <= 0.0)
    {
      break; // rounding level: H is positive definite
    }
    const double alpha = rz / curvature;
    kernels.descend(Real(alpha), k.p, k.z, k.x, k.r, values);
    // -<r_0, p> = -<r_j, z_j>, because p_j is conjugate to all earlier steps.
    result.slope -= alpha * rz;
    if (result.iterations == maximumIterations)
    {
      break; // what follows serves the next iteration only
    }

    preconditioner.apply(k.r, k.z);
    const double next = domain.inner(k.r, k.z, values);
    if (!(next > 0.0))
    {
      break;
    }
    kernels.axpby(Real(1), k.z, Real(next / rz), k.p, values);
    rz = next;
  }
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
  const std::size_t      n = objective.domain().points();
  const RegularizedSolve solve = solveRegularized(
    objective.regularizer(),
    [&](const Real * p, Real * q) { objective.hessianOfTerms({ p, n }, { q, n }); },
    [&]() { return control.interruption(); },
    squaredNorm,
    eta,
    maximumIterations,
    k);
  return { solve.iterations, 0, solve.slope, solve.interruption };
}

} // namespace gnr
