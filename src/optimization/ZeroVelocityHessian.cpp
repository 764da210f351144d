// SPDX-License-Identifier: Apache-2.0
#include "optimization/ZeroVelocityHessian.h"

#include <optional>
#include <utility>

namespace gnr
{

ZeroVelocityHessian::ZeroVelocityHessian(Domain & domain, Regularizer & regularizer, const Structure & structure)
  : domain_(domain)
  , regularizer_(regularizer)
  , structure_(structure)
  , numbers_(domain.krylovNumbers())
{}

void
ZeroVelocityHessian::solve(Real * r, double tolerance, int maximumIterations, Real * scratch)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  Real *const       residual = scratch, *z = scratch + 3 * n, *p = scratch + 6 * n, *ap = scratch + 9 * n;
  kernels.copy(r, residual, 3 * n);
  regularizer_.applyInverse(r, z);
  const auto terms = [&](const Real * direction, Real * q) {
    structure_.apply(direction, q);
    regularizer_.project(q);
  };
  solveRegularized(
    regularizer_, *numbers_, terms, nullptr, std::nullopt, tolerance, maximumIterations, { r, residual, z, p, ap });
}

int
ZeroVelocityHessian::takeIterations()
{
  const int all = finished(*numbers_).iterationsOfAll;
  return all - std::exchange(taken_, all);
}

} // namespace gnr
