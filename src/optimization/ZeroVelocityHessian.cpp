// SPDX-License-Identifier: Apache-2.0
#include "optimization/ZeroVelocityHessian.h"

#include "model/Differences.h"

namespace gnr
{

ZeroVelocityHessian::ZeroVelocityHessian(Domain & domain, Regularizer & regularizer)
  : domain_(domain)
  , regularizer_(regularizer)
  , gradient_(domain.vector())
{}

void
ZeroVelocityHessian::refresh(const Real * deformedMoving, const Real * weight)
{
  weight_ = weight;
  const Padded     padded = domain_.padded(deformedMoving, differenceHalo());
  const VectorView g = domain_.view(gradient_);
  for (int c = 0; c < 3; ++c)
  {
    domain_.kernels().derivative(padded, c, domain_.inverseSpacing()[c], Real(1), Real(0), g[c]);
  }
  domain_.releaseScratch();
}

int
ZeroVelocityHessian::solve(Real * r, double tolerance, int maximumIterations, Real * scratch)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  Real *const       residual = scratch, *z = scratch + 3 * n, *p = scratch + 6 * n, *ap = scratch + 9 * n;
  kernels.copy(r, residual, 3 * n);
  regularizer_.applyInverse(r, z);
  const double squaredNorm = domain_.inner(r, z, 3 * n);
  const auto   dyad = [&](const Real * direction, Real * q) {
    kernels.gradientDyad(domain_.view(gradient_), weight_, { direction, n }, { q, n }, n);
    regularizer_.project(q);
  };
  return solveRegularized(regularizer_,
                          dyad,
                          []() { return std::optional<StopReason>(); },
                          squaredNorm,
                          tolerance,
                          maximumIterations,
                          { r, residual, z, p, ap })
    .iterations;
}

} // namespace gnr
