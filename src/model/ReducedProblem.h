// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_ReducedProblem_h
#define gnr_model_ReducedProblem_h

#include "model/Regularizer.h"
#include "model/Similarity.h"
#include "model/StrainLimit.h"
#include "model/Transport.h"

#include "gnr/Options.h"

namespace gnr
{

/** The objective as a function of the velocity alone, with the state eliminated: value, gradient and Gauss-Newton
 * Hessian of the data term, and the regularisation [O1]-[O3]. */
class ReducedProblem
{
public:
  /** The images (normalised, on the domain) must live as long as this. Weights may be null. The moving weight travels
   * with the moving image; it is brought up to date by refreshWeight(). */
  ReducedProblem(Domain &           domain,
                 FourierTransform & transform,
                 const Options &    options,
                 const Real *       fixed,
                 const Real *       moving,
                 const Real *       fixedWeight,
                 const Real *       movingWeight);

  Domain &
  domain()
  {
    return domain_;
  }
  Regularizer &
  regularizer()
  {
    return regularizer_;
  }

  /** Semi-Lagrangian steps that v needs. Collective. */
  int
  steps(const ConstVectorView & v) const;

  /** Solves the state equation for v. `scratch` is a vector field that is overwritten.
   * Departure map and state: 3 + steps interpolations. Collective. */
  void
  setVelocity(const ConstVectorView & v, int steps, const VectorView & scratch);

  int
  steps() const
  {
    return transport_.steps();
  }

  /** m(1) of the current velocity. */
  const Real *
  deformedMoving() const
  {
    return transport_.finalState();
  }

  /** D at the current velocity. Collective. */
  double
  distance();

  /** What the strain limit adds to the objective at v; zero without one. Collective. */
  double
  strain(const ConstVectorView & v);

  /** D for m(1) = m0, that is at v = 0, with the weight now in use. Collective. */
  double
  initialDistance();

  /** Moves the moving weight to the current velocity. It is then held fixed until the next call. Collective. */
  void
  refreshWeight();

  /** b = integral lambda grad m at the velocity of setVelocity(), projected in incompressible mode: the gradient is A v
   * + b. `b` is also the scratch of the adjoint's departure map. 4 + steps interpolations. Collective. */
  void
  dataGradient(const ConstVectorView & v, const VectorView & b);

  /** q = integral lambdat grad m for the direction p, projected in incompressible mode: the Hessian product is A p + q.
   * Follows dataGradient() at the same velocity. 2 steps interpolations, 2 (steps + 1) fused gradients; no FFT unless
   * incompressible. Collective. */
  void
  dataHessian(const ConstVectorView & p, const VectorView & q);

  /** hp = H p = A p + q, projected in incompressible mode. As dataHessian(), and 3 + 3 FFTs. Collective. */
  void
  hessian(const ConstVectorView & p, const VectorView & hp);

  /** The diagonal of the measure's Gauss-Newton action at the current velocity; null for one. */
  const Real *
  hessianWeight() const
  {
    return similarity_.hessianWeight();
  }

private:
  Domain &     domain_;
  Options      options_;
  Regularizer  regularizer_;
  Transport    transport_;
  SumOfSquares similarity_;
  std::optional<StrainLimit> strain_;
  const Real * moving_;
  const Real * fixedWeight_;
  const Real * movingWeight_;
  Buffer       weight_; ///< product of both weights, where the moving one exists
  Buffer       work_;   ///< adjoint or incremental state
};

} // namespace gnr

#endif
