// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_optimization_ZeroVelocityHessian_h
#define gnr_optimization_ZeroVelocityHessian_h

#include "model/Regularizer.h"
#include "model/Structure.h"
#include "optimization/RegularizedSystem.h"

#include <memory>

namespace gnr
{

// Of the inner solve of a preconditioner: iterations, and its relative residual as a share of the outer one.
constexpr int    mostInnerIterations = 10;
constexpr double innerTolerance = 0.1;

/** The Hessian at zero velocity, H0 = A + T, T the structure of the terms with the images as they are deformed now, and
 * its approximate inverse [K2]. No transport equation is solved. */
class ZeroVelocityHessian
{
public:
  /** All on the grid of `domain`. */
  ZeroVelocityHessian(Domain & domain, Regularizer & regularizer, const Structure & structure);

  /** Overwrites r by x ~ H0^-1 r: conjugate gradients preconditioned by A^-1, which are those of the split system
   * (I + R T R) s = R r, x = R s, R = A^{-1/2}, written without R. To the relative residual `tolerance` in the
   * dual norm, at most `maximumIterations` times (3 + 3 FFTs each). \param scratch memory for four vector fields.
   * Collective. */
  void
  solve(Real * r, double tolerance, int maximumIterations, Real * scratch);

  /** Iterations of solve() since the last call. Throws Error(NumericalFailure) where a product was not finite. */
  int
  takeIterations();

private:
  Domain &                       domain_;
  Regularizer &                  regularizer_;
  const Structure &              structure_;
  std::unique_ptr<KrylovNumbers> numbers_;
  int                            taken_ = 0; ///< iterations
};

} // namespace gnr

#endif
