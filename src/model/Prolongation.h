// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Prolongation_h
#define gnr_model_Prolongation_h

#include "parallel/FourierTransform.h"

namespace gnr
{

/** From the grid of the velocity to that of the images, and the adjoint way [V1].
 *
 * P keeps the coefficients of all waves that both grids carry; with inner products that are volume averages its adjoint
 * keeps the same. Nyquist waves, which have no phase, go neither way. Where both are one grid there is nothing to do,
 * and nothing is dropped: ask isIdentity(). */
class Prolongation
{
public:
  Prolongation(FourierTransform & velocity, FourierTransform & images)
    : velocity_(velocity)
    , images_(images)
  {}

  bool
  isIdentity() const
  {
    return &velocity_ == &images_;
  }

  /** out = P v. 3 transforms of each grid. Collective. */
  void
  prolong(const ConstVectorView & v, const VectorView & out) const
  {
    velocity_.resample(v.data, images_, out.data, 3);
  }

  /** out = P^T b. As prolong(). Collective. */
  void
  adjoint(const ConstVectorView & b, const VectorView & out) const
  {
    images_.resample(b.data, velocity_, out.data, 3);
  }

private:
  FourierTransform & velocity_;
  FourierTransform & images_;
};

} // namespace gnr

#endif
