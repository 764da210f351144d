// SPDX-License-Identifier: Apache-2.0
#include "optimization/KrylovSolver.h"


#include "gnr/Error.h"

#include <cmath>

namespace gnr
{
namespace
{

/** Flexible PCG: the preconditioner may change from one application to the next. */
KrylovResult
solveFlexible(ReducedProblem &         problem,
              PreconditionerOperator & preconditioner,
              Control &                control,
              double                   eta,
              int                      maximumIterations,
              const KrylovVectors &    k)
{
  Domain &          domain = problem.domain();
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  const std::size_t values = 3 * n;
  KrylovResult      result;

  kernels.fill(k.x, values, Real(0));
  preconditioner.apply(k.r, k.z);
  kernels.copy(k.z, k.p, values);
  double       rz = domain.inner(k.r, k.z, values);
  double       rp = rz;
  const double target = eta * eta * rz;

  // Per iteration: one Hessian product with its regularisation (2 nt interpolations, 2 (nt + 1) fused gradients, 3 + 3
  // FFTs), one application of the preconditioner, and 8 + 28 + 8 + 8 + 8 + 12 = 72 B of vector algebra per component and
  // point.
  while (result.iterations < maximumIterations && rz > target)
  {
    result.interruption = control.interruption();
    if (result.interruption)
    {
      break;
    }
    problem.hessian({ k.p, n }, { k.hp, n });
    ++result.iterations;
    const double curvature = domain.inner(k.p, k.hp, values);
    if (!std::isfinite(curvature))
    {
      throw Error(ErrorKind::NumericalFailure, "the Hessian product is not finite; increase --beta");
    }
    if (curvature <= 0.0)
    {
      break; // rounding level: H is positive definite
    }
    const double alpha = rp / curvature;
    kernels.descend(Real(alpha), k.p, k.hp, k.x, k.r, values);
    // <g, p> = -<r_0, p> = -<r_j, p_j>: p_j is conjugate to the earlier directions as far as z is exact.
    result.slope -= alpha * rp;
    if (result.iterations == maximumIterations)
    {
      break;
    }

    preconditioner.apply(k.r, k.z);
    const double next = domain.inner(k.r, k.z, values);
    if (!(next > 0.0))
    {
      break;
    }
    // Polak-Ribiere: <z_new, r_new - r_old> / <z_old, r_old> with r_new - r_old = -alpha H p.
    const double beta = -alpha * domain.inner(k.z, k.hp, values) / rz;
    rz = next;
    kernels.axpby(Real(1), k.z, Real(beta), k.p, values);
    rp = domain.inner(k.r, k.p, values);
  }
  result.innerIterations = preconditioner.takeInnerIterations();
  return result;
}

} // namespace

KrylovResult
solveNewtonSystem(ReducedProblem &         problem,
                  PreconditionerOperator & preconditioner,
                  Control &                control,
                  double                   squaredNorm,
                  double                   eta,
                  int                      maximumIterations,
                  const KrylovVectors &    k)
{
  if (!preconditioner.isInverseRegularization())
  {
    return solveFlexible(problem, preconditioner, control, eta, maximumIterations, k);
  }
  const std::size_t      n = problem.domain().points();
  const RegularizedSolve solve =
    solveRegularized(problem.regularizer(),
                     [&](const Real * p, Real * q) { problem.dataHessian({ p, n }, { q, n }); },
                     [&]() { return control.interruption(); },
                     squaredNorm,
                     eta,
                     maximumIterations,
                     k);
  return { solve.iterations, 0, solve.slope, solve.interruption };
}

} // namespace gnr
