// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_Window3_h
#define gnr_model_similarity_Window3_h

#include "parallel/Domain.h"

namespace gnr
{

/** Weighted means over a Gaussian window, cut off at three standard deviations and normalised to one [L1]. */
class Window3
{
public:
  /** \param width standard deviation in voxels. */
  explicit Window3(double width);

  /** out = g * f; out may be f. Overwrites scratch slot 0 of the domain. Collective. */
  void
  apply(Domain & domain, const Real * f, Real * out) const;

private:
  Window window_;
};

} // namespace gnr

#endif
