// SPDX-License-Identifier: Apache-2.0
#include "optimization/KrylovSolver.h"

#include "gnr/Error.h"

#include <cmath>

namespace gnr
{
namespace
{

/** p = z + beta p and A p = (r - mean r) + beta A p, component by component because each has its own mean. */
void
updateDirection(Domain & domain, double beta, const KrylovVectors & k)
{
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  for (int c = 0; c < 3; ++c)
  {
    const std::size_t o = c * n;
    const double      mean = domain.average(kernels.sum(k.r + o, n));
    kernels.krylovDirection(Real(beta), k.z + o, k.r + o, Real(mean), k.p + o, k.ap + o, n);
  }
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
  Domain &          domain = problem.domain();
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  const std::size_t values = 3 * n;
  const double      target = eta * eta * squaredNorm;
  KrylovResult      result;

  kernels.fill(k.x, values, Real(0));
  kernels.fill(k.p, values, Real(0));
  kernels.fill(k.ap, values, Real(0));
  updateDirection(domain, 0.0, k);

  // Per iteration: one Hessian product (2 nt interpolations, 2 (nt + 1) fused gradients), one A^-1 (3 + 3 FFTs), and
  // 12 + 28 + 8 + 4 + 24 = 76 B of vector algebra per component and point. z and H p share their memory.
  double rz = squaredNorm;
  while (result.iterations < maximumIterations && rz > target)
  {
    result.interruption = control.interruption();
    if (result.interruption)
    {
      return result;
    }
    problem.dataHessian({ k.p, n }, { k.z, n });
    ++result.iterations;
    const double curvature = domain.average(kernels.dotSum(k.p, k.z, k.ap, values));
    if (!std::isfinite(curvature))
    {
      throw Error(ErrorKind::NumericalFailure, "the Hessian product is not finite; increase --beta");
    }
    if (curvature <= 0.0)
    {
      break; // rounding level: H is positive definite
    }
    const double alpha = rz / curvature;
    kernels.krylovUpdate(Real(alpha), k.p, k.ap, k.z, k.x, k.r, values);
    // <g, p> = -<r_0, p> = -<r_j, z_j>, because p_j is conjugate to all earlier steps.
    result.slope -= alpha * rz;

    preconditioner.apply(k.r, k.z);
    const double next = domain.inner(k.r, k.z, values);
    if (!(next > 0.0))
    {
      break;
    }
    const double beta = next / rz;
    rz = next;
    updateDirection(domain, beta, k);
  }
  return result;
}

} // namespace gnr
