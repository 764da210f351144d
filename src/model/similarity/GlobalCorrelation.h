// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_GlobalCorrelation_h
#define gnr_model_similarity_GlobalCorrelation_h

#include "model/similarity/Measure.h"

namespace gnr
{

/** Normalised cross-correlation of whole images: what is left of the fixed image after the best gain and offset [L5],
 *
 *   D = 1/2 min <w (f - s m - o)^2> + <w> e^2 (1 - s)^2 = <w>/2 (F - c^2/V)
 *
 * with the variances F of f and V of m and their covariance c, each larger by e^2. The gain may be negative. It has the
 * unit of squared differences of f. The curvature is that of a gain that stays. Memory: a scalar field, with a weight
 * another while it compares. */
class GlobalCorrelation : public Similarity
{
public:
  explicit GlobalCorrelation(Domain & domain);

  void
  setWeight(const Real * weight) override;
  double
  value(const Real * m, const Real * f) override;
  void
  linearize(const Real * m, const Real * f, Real * lambda) override;
  const Real *
  curvature() const override
  {
    return curvature_.data();
  }

private:
  /** Weighted, over all processes. */
  struct Moments
  {
    double mean, variance, fixedMean, fixedVariance, covariance;
  };

  /** sum of w x y over the domain, by its number of points. */
  double
  inner(const Real * x, const Real * y);
  /** sum of w x, likewise. */
  double
  mean(const Real * x);
  /** x *= w. */
  void
  weigh(Real * x);
  Moments
  momentsOf(const Real * m, const Real * f);

  double mass_ = 0.0; ///< mean of the weight
  Buffer curvature_;
};

class GlobalCorrelationMeasure : public Measure
{
public:
  std::unique_ptr<Similarity>
  compare(Domain & domain) const override
  {
    return std::make_unique<GlobalCorrelation>(domain);
  }
  Contrasts
  contrasts() const override
  {
    return Contrasts::OneOrInverted;
  }
  bool
  isSymmetric() const override
  {
    return false; // its unit is that of f
  }
  bool
  endsNearZero() const override
  {
    return true;
  }
};

} // namespace gnr

#endif
