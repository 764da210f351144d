// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Warp_h
#define gnr_registration_Warp_h

#include "parallel/Domain.h"

#include "gnr/Options.h"

#include <utility>

namespace gnr
{

/** Samples images of a domain at x + u(x). Memory: a vector field, and a scalar one for weights. Collective. */
class Warp
{
public:
  /** \param u in mm along the grid axes
   * \param fixedWeight, movingWeight null for one; the first must live as long as this. */
  Warp(Domain & domain, const ConstVectorView & u, const Real * fixedWeight, const Real * movingWeight);

  /** \param factor of each value, null for one */
  void
  apply(const Real * moving, const Real * factor, Interpolation kind, Real * warped);

  /** That of the fixed image, times that of the moving one from where it comes; null for one. */
  const Real *
  weight() const
  {
    return weight_ ? weight_.data() : fixedWeight_;
  }

  /** The weight, to outlive this; empty where the moving image has none. */
  Buffer
  takeWeight()
  {
    return std::move(weight_);
  }

private:
  Domain &     domain_;
  const Real * fixedWeight_;
  Buffer       voxels_; ///< u in voxels
  Halo         halo_;
  Buffer       weight_; ///< of both images; empty: the moving one has none
};

} // namespace gnr

#endif
