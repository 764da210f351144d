// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_Similarity_h
#define gnr_model_similarity_Similarity_h

#include "parallel/Domain.h"

#include "gnr/Options.h"

#include <memory>

namespace gnr
{

/** How a similarity measure compares a deformed moving image m with the fixed image f: value, end value of the adjoint,
 * and a weight at each point that stands for the second derivative of Gauss-Newton [O1]-[O3]. Averages over the domain,
 * so values do not depend on the resolution; their unit is that of the squared difference of intensities from 0 to 1,
 * so that beta means the same for all. */
class Similarity
{
public:
  explicit Similarity(Domain & domain)
    : domain_(domain)
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
  value(const Real * m, const Real * f) = 0;

  /** lambda = lambda(1) = -dD/dm at m; freezes the curvature. Collective. */
  virtual void
  linearize(const Real * m, const Real * f, Real * lambda) = 0;

  /** K >= 0 at the m of linearize(), null for one: the incremental adjoint ends as -K mt. */
  virtual const Real *
  curvature() const = 0;

protected:
  Domain &     domain_;
  const Real * weight_ = nullptr;
};

} // namespace gnr

#endif
