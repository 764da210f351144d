// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_ReducedProblem_h
#define gnr_model_ReducedProblem_h

#include "model/DeformationLimit.h"
#include "model/Regularizer.h"
#include "model/Similarity.h"
#include "model/Transport.h"

#include "gnr/Options.h"

#include <optional>

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
                 const Real *       movingWeight,
                 double             intensityRange = 1.0);

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

  /** Likewise for a trial; none where v carries points further than half the box, which no registration does: a
   * direction in which rounding has taken over. Collective. */
  std::optional<int>
  trialSteps(const ConstVectorView & v) const;

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

  /** What the limits of the deformation add to the objective at v [S1]. dataGradient() must follow before the Hessian
   * is used again. Collective. */
  double
  limitPenalty(const ConstVectorView & v);

  /** D for m(1) = m0, that is at v = 0, with the weight now in use. Collective. */
  double
  initialDistance();

  /** Moves the moving weight to the current velocity. It is then held fixed until the next call. Collective. */
  void
  refreshWeight();

  /** b = integral lambda grad m and the derivative of the limits at the velocity of setVelocity(), projected in
   * incompressible mode: the gradient is A v + b. `b` is also the scratch of the adjoint's departure map. 4 + steps
   * interpolations. Collective. */
  void
  dataGradient(const ConstVectorView & v, const VectorView & b);

  /** q = integral lambdat grad m for the direction p and the limits' part, projected in incompressible mode: the
   * Hessian product is A p + q. Follows dataGradient() at the same velocity. 2 steps interpolations, 2 (steps + 1)
   * fused gradients; no FFT unless incompressible. Collective. */
  void
  dataHessian(const ConstVectorView & p, const VectorView & q);

  /** hp = H p = A p + q. As dataHessian(), and 3 + 3 FFTs. Collective. */
  void
  hessian(const ConstVectorView & p, const VectorView & hp);

  /** The diagonal of the measure's Gauss-Newton action at the current velocity; null for one. */
  const Real *
  hessianWeight() const
  {
    return similarity_.hessianWeight();
  }

private:
  /** q = (accumulate ? q : 0) + data Hessian p, not projected. */
  void
  addDataHessian(const ConstVectorView & p, bool accumulate, const VectorView & q);

  Domain &         domain_;
  Options          options_;
  Regularizer      regularizer_;
  Transport        transport_;
  SumOfSquares     similarity_;
  DeformationLimit limit_;
  const Real *     moving_;
  const Real *     fixedWeight_;
  const Real *     movingWeight_;
  Buffer           weight_; ///< product of both weights, where the moving one exists
};

} // namespace gnr

#endif
