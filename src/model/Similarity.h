// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Similarity_h
#define gnr_model_Similarity_h

#include "parallel/Domain.h"

namespace gnr
{

/** How a similarity measure enters the solve: value, end value of the adjoint, positive semi-definite Gauss-Newton
 * action [O1]-[O3]. Averages over the domain, so values do not depend on the resolution. */
class Similarity
{
public:
  virtual ~Similarity() = default;

  /** Weight >= 0 at each point, null for one; must live as long as it is in use. */
  virtual void
  setWeight(const Real * weight) = 0;

  /** D(m, f). Collective. */
  virtual double
  value(const Real * m) = 0;

  /** lambda(1) = -dD/dm at m. */
  virtual void
  adjointEnd(const Real * m, Real * lambda) = 0;

  /** Replaces mt(1) by the end value -D''_GN mt(1) of the incremental adjoint. */
  virtual void
  incrementalAdjointEnd(Real * mt) = 0;

  /** The diagonal of D''_GN, for preconditioners; null for one. */
  virtual const Real *
  hessianWeight() const = 0;
};

/** D = 1/(2N) sum w (m - f)^2. */
class SumOfSquares : public Similarity
{
public:
  /** `fixed` must live as long as this. */
  SumOfSquares(Domain & domain, const Real * fixed);

  void
  setWeight(const Real * weight) override;
  double
  value(const Real * m) override;
  void
  adjointEnd(const Real * m, Real * lambda) override;
  void
  incrementalAdjointEnd(Real * mt) override;
  const Real *
  hessianWeight() const override
  {
    return weight_;
  }

private:
  Domain &     domain_;
  const Real * fixed_;
  const Real * weight_ = nullptr;
};

} // namespace gnr

#endif
