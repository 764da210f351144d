// SPDX-License-Identifier: Apache-2.0
#include "optimization/ZeroVelocityHessian.h"

#include "model/Characteristics.h"

namespace gnr
{

ZeroVelocityHessian::ZeroVelocityHessian(Domain & domain, Regularizer & regularizer)
  : domain_(domain)
  , regularizer_(regularizer)
  , gradient_(domain.vector())
  , r_(domain.vector())
  , z_(domain.vector())
  , p_(domain.vector())
  , ap_(domain.vector())
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
}

int
ZeroVelocityHessian::solve(const Real * r, double negligible, double tolerance, int maximumIterations, Real * x)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  regularizer_.applyInverse(r, z_.data());
  const double squaredNorm = domain_.inner(r, z_.data(), 3 * n);
  if (!(squaredNorm > negligible * negligible))
  {
    kernels.copy(z_.data(), x, 3 * n);
    return 0;
  }
  kernels.copy(r, r_.data(), 3 * n);
  const auto dyad = [&](const Real * p, Real * q) {
    kernels.gradientDyad(domain_.view(gradient_), weight_, { p, n }, { q, n }, n);
    regularizer_.project(q);
  };
  return solveRegularized(regularizer_,
                          dyad,
                          []() { return std::optional<StopReason>(); },
                          squaredNorm,
                          tolerance,
                          maximumIterations,
                          { x, r_.data(), z_.data(), p_.data(), ap_.data() })
    .iterations;
}

} // namespace gnr
