// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Objective_h
#define gnr_model_Objective_h

#include "model/DataTerm.h"
#include "model/DeformationLimit.h"
#include "model/LandmarkTerm.h"
#include "model/Prolongation.h"
#include "model/Regularizer.h"
#include "model/Trajectory.h"
#include "model/VolumePenalty.h"

#include "gnr/Options.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace gnr
{

class Structure;

/** The objective as a function of the velocity alone, with the state eliminated [O1]-[O3]: the regularisation and a sum
 * of terms, those of the images and those of the velocity itself.
 *
 * The velocity may live on a coarser grid over the same box than the images: J(v) = 1/2 <v, A v> + S(v) + D(P v) [V1].
 * Without images the other terms are left.
 * Vector fields here are of the velocity's grid; what the terms of the images work on is found inside. */
class Objective
{
public:
  /** Velocity and images on one grid. */
  Objective(FourierTransform & transform, const Options & options, const ImageSet & images);
  /** The grid of the velocity and that of the images. */
  Objective(FourierTransform & velocity, FourierTransform & images, const Options & options, const ImageSet & set);

  /** Of the velocity. */
  Domain &
  domain()
  {
    return domain_;
  }
  FourierTransform &
  imageTransform()
  {
    return imageTransform_;
  }
  /** Whether the velocity has another grid than the images. */
  bool
  hasCoarserVelocity() const
  {
    return !prolongation_.isIdentity();
  }
  Regularizer &
  regularizer()
  {
    return regularizer_;
  }
  /** Memory that is free between the calls of this class, a vector field of the images' grid; empty where the velocity
   * has that grid. */
  const Buffer &
  spare() const
  {
    return fine_;
  }

  /** The fewest semi-Lagrangian steps: those of the options, half of them each way in the symmetric form. */
  int
  leastSteps() const;

  /** Semi-Lagrangian steps that v needs. Collective. */
  int
  steps(const ConstVectorView & v) const;

  /** Likewise for a trial; none where v carries points further than half the box, which no registration does: a
   * direction in which rounding has taken over. Collective. */
  std::optional<int>
  trialSteps(const ConstVectorView & v) const;

  /** Solves the state equation for v. `scratch` is a vector field that may be overwritten.
   * Departure map and state: 3 + steps interpolations, twice that in the symmetric form; 3 + 3 FFTs where the grids
   * differ. Collective. */
  void
  setVelocity(const ConstVectorView & v, int steps, const VectorView & scratch);

  /** The same for a velocity of zero, which nobody has to ask whether it moves anything. */
  void
  rest();

  int
  steps() const
  {
    return trajectory_.steps();
  }

  /** D: the terms of the images at the velocity of setVelocity(). Collective. */
  double
  distance();

  /** What the transport has added to the mass of a density, or lost of it, as a share: the most of all of them, and
   * zero without any. Collective. */
  double
  massDrift();

  /** What the terms of the velocity add to the objective at v: limits [S1], volumes [S4] and landmarks [Q3].
   * gradientOfTerms() must follow before the Hessian is used again. Collective. */
  double
  velocityPenalty(const ConstVectorView & v);

  /** The same at the velocity of setVelocity(): nothing is limited at rest. Collective. */
  double
  currentPenalty(const ConstVectorView & v)
  {
    return trajectory_.isMoving() ? velocityPenalty(v) : penaltyAtRest(v);
  }

  /** The same at v = 0, where some are not zero; leaves the Hessian as it is. Collective. */
  double
  penaltyAtRest(const ConstVectorView & zero);

  /** Moves the moving weight to the current velocity. It is then held fixed until the next call. Collective. */
  void
  refreshWeight();

  /** b = sum of the terms' derivatives at v, the velocity of setVelocity(), projected in incompressible mode: the
   * gradient is A v + b. `b` is also the scratch of the adjoint's departure map. 4 + steps interpolations; where the
   * grids differ, 6 + 6 FFTs. Collective. */
  void
  gradientOfTerms(const ConstVectorView & v, const VectorView & b);

  /** The same without the landmarks. The Hessian may not be used then. Collective. */
  void
  gradientWithoutLandmarks(const ConstVectorView & v, const VectorView & b);

  bool
  hasLandmarks() const
  {
    return landmarks_.isActive();
  }

  /** q = sum of the terms' Hessians times p, projected in incompressible mode: the Hessian product is A p + q. Follows
   * gradientOfTerms() at the same velocity. 2 steps interpolations, 2 (steps + 1) fused gradients; no FFT unless
   * incompressible, or the grids differ: 6 + 6. Collective. */
  void
  hessianOfTerms(const ConstVectorView & p, const VectorView & q);

  /** hp = H p = A p + q. As hessianOfTerms(), and 3 + 3 FFTs. Collective. */
  void
  hessian(const ConstVectorView & p, const VectorView & hp);

  /** The Hessian of the terms at zero velocity, with the images as they are deformed now. Collective. */
  void
  structure(Structure & structure);

private:
  /** The states along the trajectory. */
  void
  follow();
  /** Of terms of the velocity. */
  double
  onVelocityGrid(const std::function<double()> & value);
  /** b = derivative of all terms but the landmarks, not projected. */
  void
  takeGradient(const ConstVectorView & v, const VectorView & b);
  /** q = (accumulate ? q : 0) + Hessian of the terms times p, not projected. */
  void
  addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q);
  /** The backward way of the trajectory. `scratch` is a vector field of the velocity's grid. */
  void
  prepareBackward(const ConstVectorView & v, const VectorView & scratch);
  /** P v, in fine_. */
  VectorView
  prolonged(const ConstVectorView & v);
  /** b = derivative of the terms of the images. */
  void
  addImageGradient(const ConstVectorView & v, const VectorView & b);
  /** out = (accumulate ? out : 0) + P^T b with a vector field of the images' grid, which is overwritten. */
  void
  restrictForce(const VectorView & b, bool accumulate, const VectorView & out);

  Domain &                               domain_;
  FourierTransform &                     imageTransform_;
  Domain &                               images_;
  Prolongation                           prolongation_;
  Buffer                                 fine_; ///< of the images' grid, where that is another: velocities and forces
  Options                                options_;
  Regularizer                            regularizer_;
  Trajectory                             trajectory_;
  std::vector<std::unique_ptr<DataTerm>> data_;
  DeformationLimit                       limit_;
  StaticVolumePenalty                    volume_;
  LandmarkTerm                           landmarks_;
};

} // namespace gnr

#endif
