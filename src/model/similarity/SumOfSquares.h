// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_SumOfSquares_h
#define gnr_model_similarity_SumOfSquares_h

#include "model/similarity/Similarity.h"

namespace gnr
{

/** D = 1/(2N) sum w (m - f)^2. */
class SumOfSquares : public Similarity
{
public:
  SumOfSquares(Domain & domain, const Real * fixed);

  void
  setWeight(const Real * weight) override;
  double
  value(const Real * m) override;
  void
  linearize(const Real * m, Real * lambda) override;
  void
  gaussNewton(Real * mt) override;
  const Real *
  curvature() const override
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
