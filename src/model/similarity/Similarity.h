// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_Similarity_h
#define gnr_model_similarity_Similarity_h

#include "parallel/Domain.h"

#include "gnr/Options.h"

#include <memory>

namespace gnr
{

/** How a similarity measure compares a deformed moving image m with the fixed image f: value, end value of the adjoint,
 * positive semi-definite Gauss-Newton action [O1]-[O3]. Averages over the domain, so values do not depend on the
 * resolution; their unit is that of the squared difference of intensities from 0 to 1, so that beta means the same for
 * all. */
class Similarity
{
public:
  /** \param fixed must live as long as this. */
  Similarity(Domain & domain, const Real * fixed)
    : domain_(domain)
    , fixed_(fixed)
  {}
  virtual ~Similarity() = default;

  /** Weight >= 0 at each point, null for one; must live as long as it is in use. Called before all else, and again when
   * its values have changed. Collective. */
  virtual void
  setWeight(const Real * weight)
  {
    weight_ = weight;
  }

  /** D(m, f), >= 0. Collective. */
  virtual double
  value(const Real * m) = 0;

  /** lambda = lambda(1) = -dD/dm at m; freezes what the Gauss-Newton action needs. m must not change while that is
   * used. Collective. */
  virtual void
  linearize(const Real * m, Real * lambda) = 0;

  /** Replaces mt by -D''_GN mt at the m of linearize(): the end value of the incremental adjoint. Collective. */
  virtual void
  gaussNewton(Real * mt) = 0;

  /** A diagonal that D''_GN does not exceed, >= 0, for preconditioners; null for one. */
  virtual const Real *
  curvature() const = 0;

protected:
  Domain &           domain_;
  const Real * const fixed_;
  const Real *       weight_ = nullptr;
};

} // namespace gnr

#endif
