// SPDX-License-Identifier: Apache-2.0
#include "optimization/RegularizedSystem.h"

#include "gnr/Error.h"

#include <cmath>

namespace gnr
{
namespace
{

/** p = z + beta p and A p = (r - mean r) + beta A p, component by component because each has its own mean. */
void
updateDirection(const Domain & domain, double beta, const KrylovVectors & k)
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

RegularizedSolve
solveRegularized(Regularizer &                                      regularizer,
                 const std::function<void(const Real *, Real *)> &  q,
                 const std::function<std::optional<StopReason>()> & interruption,
                 double                                             squaredNorm,
                 double                                             eta,
                 int                                                maximumIterations,
                 const KrylovVectors &                              k)
{
  const Domain &    domain = regularizer.transform().domain();
  Kernels &         kernels = domain.kernels();
  const std::size_t values = 3 * domain.points();
  const double      target = eta * eta * squaredNorm;
  RegularizedSolve  result;

  kernels.fill(k.x, values, Real(0));
  kernels.fill(k.p, values, Real(0));
  kernels.fill(k.ap, values, Real(0));
  updateDirection(domain, 0.0, k);

  // Per iteration: one Q, one A^-1 (3 + 3 FFTs), and 12 + 28 + 8 + 4 + 24 = 76 B of vector algebra per component and
  // point. z and Q p share their memory.
  double rz = squaredNorm;
  while (result.iterations < maximumIterations && !kernels.ends(Loop::Regularized, result.iterations, !(rz > target)))
  {
    result.interruption = interruption();
    if (result.interruption)
    {
      return result;
    }
    q(k.p, k.z);
    ++result.iterations;
    const double curvature = domain.average(kernels.dotSum(k.p, k.z, k.ap, values));
    if (!std::isfinite(curvature))
    {
      throw Error(ErrorKind::NumericalFailure, "the Hessian product is not finite; increase --beta");
    }
    if (curvature <= 0.0)
    {
      break; // rounding level: A + Q is positive definite
    }
    const double alpha = rz / curvature;
    kernels.krylovUpdate(Real(alpha), k.p, k.ap, k.z, k.x, k.r, values);
    // -<r_0, p> = -<r_j, z_j>, because p_j is conjugate to all earlier steps.
    result.slope -= alpha * rz;
    if (result.iterations == maximumIterations)
    {
      break; // what follows serves the next iteration only
    }

    regularizer.applyInverse(k.r, k.z);
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
