// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_VectorTransport_h
#define gnr_model_VectorTransport_h

#include "model/Trajectory.h"

namespace gnr
{

/** The linearised transport in vector form: it carries directions forward and forces backward instead of the
 * incremental state and the adjoint of every channel, so that its cost does not depend on their number.
 *
 *   direction   dz/dt + v . grad z - (z . grad) v = vt,  z(0) = 0            mt(1) = -z(1) . grad m(1)      [C1], [C3]
 *   force       -dp/dt - div(v (x) p) - (grad v)^T p = 0,  p(1) = sum lambda grad m(1)    b = int p dt      [C4]
 *
 * Over a step z is pushed forward by the flow, p goes the adjoint way; the time integrals by the trapezoidal rule. The
 * images are deformed by the map over all steps, with one interpolation each. Backward, vt counts with the sign of the
 * velocity that is followed: negative. Memory: one vector field. */
class VectorTransport
{
public:
  VectorTransport(Domain & domain, const Trajectory & trajectory, Sense sense = Sense::Forward);

  /** Takes the velocity of the trajectory. 3 (steps - 1) interpolations. Collective. */
  void
  follow();

  /** m = m0 o y, y the departure map over all steps; m must not be m0. One interpolation. Collective. */
  void
  deform(const Real * m0, Interpolation interpolation, Real * m);

  /** z = z(1) for the direction vt. 3 steps interpolations, as many of the Jacobian of a step. Collective. */
  void
  push(const ConstVectorView & vt, VectorView z);

  /** b = int p dt (b += with `accumulate`) with p, its value at the end of time, which is overwritten. Needs
   * Trajectory::prepareBackward(). As push(). Collective. */
  void
  integrate(VectorView p, bool accumulate, const VectorView & b);

private:
  Domain &           domain_;
  const Trajectory & trajectory_;
  Sense              sense_;
  Buffer             map_; ///< voxels
  Halo               mapHalo_{};
  KeptHalo           forward_, backward_; ///< of the departure points, for their Jacobians
};

} // namespace gnr

#endif
