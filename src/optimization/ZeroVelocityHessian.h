// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_optimization_ZeroVelocityHessian_h
#define gnr_optimization_ZeroVelocityHessian_h

#include "model/Regularizer.h"
#include "optimization/RegularizedSystem.h"

namespace gnr
{

// Of the inner solve of a preconditioner: iterations, and its relative residual as a share of the outer one.
constexpr int    mostInnerIterations = 10;
constexpr double innerTolerance = 0.1;

/** The Hessian at zero velocity, H0 = A + G W G^T, G = grad m(1) of the deformed moving image and W the diagonal weight
 * of the similarity measure, and its approximate inverse [K2]. No transport equation is solved.
 *
 * Memory: one vector field of its domain. */
class ZeroVelocityHessian
{
public:
  explicit ZeroVelocityHessian(Domain & domain, Regularizer & regularizer);

  /** Takes a new image; `weight` (null for one) must live as long as it is used. One gradient. Collective. */
  void
  refresh(const Real * deformedMoving, const Real * weight);

  /** Overwrites r by x ~ H0^-1 r: conjugate gradients preconditioned by A^-1, which are those of the split system
   * (I + R G W G^T R) s = R r, x = R s, R = A^{-1/2}, written without R. To the relative residual `tolerance` in the
   * dual norm, at most `maximumIterations` times (3 + 3 FFTs each). \param scratch memory for four vector fields.
   * \returns the iterations. Collective. */
  int
  solve(Real * r, double tolerance, int maximumIterations, Real * scratch);

private:
  Domain &      domain_;
  Regularizer & regularizer_;
  Buffer        gradient_;
  const Real *  weight_ = nullptr;
};

} // namespace gnr

#endif
