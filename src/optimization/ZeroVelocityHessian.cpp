// SPDX-License-Identifier: Apache-2.0
#include "optimization/ZeroVelocityHessian.h"

namespace gnr
{

ZeroVelocityHessian::ZeroVelocityHessian(Domain & domain, Regularizer & regularizer, const Structure & structure)
  : domain_(domain)
  , regularizer_(regularizer)
  , structure_(structure)
{}

int
ZeroVelocityHessian::solve(Real * r, double tolerance, int maximumIterations, Real * scratch)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  Real *const       residual = scratch, *z = scratch + 3 * n, *p = scratch + 6 * n, *ap = scratch + 9 * n;
  kernels.copy(r, residual, 3 * n);
  regularizer_.applyInverse(r, z);
  const double squaredNorm = domain_.inner(r, z, 3 * n);
  const auto   terms = [&](const Real * direction, Real * q) {
    structure_.apply(direction, q);
    regularizer_.project(q);
  };
  return solveRegularized(regularizer_,
                          terms,
                          []() { return std::optional<StopReason>(); },
                          squaredNorm,
                          tolerance,
                          maximumIterations,
                          { r, residual, z, p, ap })
    .iterations;
}

} // namespace gnr
