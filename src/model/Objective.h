// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Objective_h
#define gnr_model_Objective_h

#include "model/DataTerm.h"
#include "model/DeformationLimit.h"
#include "model/Regularizer.h"
#include "model/Trajectory.h"

#include "gnr/Options.h"

#include <memory>
#include <optional>
#include <vector>

namespace gnr
{

class Structure;

/** The objective as a function of the velocity alone, with the state eliminated [O1]-[O3]: the regularisation and a sum
 * of terms, those of the images and those of the velocity itself. */
class Objective
{
public:
  Objective(Domain & domain, FourierTransform & transform, const Options & options, const ImageSet & images);

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
    return trajectory_.steps();
  }

  /** D: the terms of the images at the velocity of setVelocity(). Collective. */
  double
  distance();

  /** What the limits of the deformation add to the objective at v [S1]. gradient() must follow before the Hessian
   * is used again. Collective. */
  double
  limitPenalty(const ConstVectorView & v);

  /** Moves the moving weight to the current velocity. It is then held fixed until the next call. Collective. */
  void
  refreshWeight();

  /** b = sum of the terms' derivatives at v, the velocity of setVelocity(), projected in incompressible mode: the
   * gradient is A v + b. `b` is also the scratch of the adjoint's departure map. 4 + steps interpolations. Collective.
   */
  void
  gradientOfTerms(const ConstVectorView & v, const VectorView & b);

  /** q = sum of the terms' Hessians times p, projected in incompressible mode: the Hessian product is A p + q. Follows
   * gradientOfTerms() at the same velocity. 2 steps interpolations, 2 (steps + 1) fused gradients; no FFT unless
   * incompressible. Collective. */
  void
  hessianOfTerms(const ConstVectorView & p, const VectorView & q);

  /** hp = H p = A p + q. As hessianOfTerms(), and 3 + 3 FFTs. Collective. */
  void
  hessian(const ConstVectorView & p, const VectorView & hp);

  /** The Hessian of the terms at zero velocity, with the images as they are deformed now. Collective. */
  void
  structure(Structure & structure);

private:
  /** q = (accumulate ? q : 0) + Hessian of the terms times p, not projected. */
  void
  addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q);

  Domain &                               domain_;
  Options                                options_;
  Regularizer                            regularizer_;
  Trajectory                             trajectory_;
  std::vector<std::unique_ptr<DataTerm>> data_;
  DeformationLimit                       limit_;
};

} // namespace gnr

#endif
