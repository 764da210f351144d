// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_LocalCorrelation_h
#define gnr_model_similarity_LocalCorrelation_h

#include "model/similarity/Measure.h"
#include "model/similarity/Window3.h"

namespace gnr
{

/** Local normalised cross-correlation: what is left of the fixed image after the best gain and offset in a window
 * about every point [L2],
 *
 *   D = scale/2 <omega (1 - c^2 / (V F))>
 *
 * with the variances V of m and F of f in the window and their covariance c, each e^2 larger: as if both images had a
 * part of that variance in common. e is about the noise of intensities from 0 to 1: below it structure does not count,
 * flat windows add nothing, and equal images are not moved. The scale gives D the unit of squared differences. The
 * Gauss-Newton action holds the statistics of the windows fixed; it costs four windows.
 * Memory: 6 scalar fields, with a weight 2 more. */
class LocalCorrelation : public Similarity
{
public:
  LocalCorrelation(Domain & domain, const Real * fixed);

  void
  setWeight(const Real * weight) override;
  /** Overwrites what linearize() has frozen. */
  double
  value(const Real * m) override;
  void
  linearize(const Real * m, Real * lambda) override;
  void
  gaussNewton(Real * mt) override;
  const Real *
  curvature() const override;

private:
  /** out = w x, or x. */
  void
  weigh(const Real * x, Real * out);
  LocalMoments
  moments(const Real * m);

  Window3      window_;
  const Real * moving_ = nullptr; ///< m of linearize()
  Buffer       omega_;            ///< window of the weight
  Buffer       weighted_;         ///< curvature with the weight
  // Window sums; after linearize() mean and variance of m, the window sum of kappa in ff_, and two to work in.
  Buffer m_, mm_, f_, ff_, mf_;
  Buffer kappa_;
};

class LocalCorrelationMeasure : public Measure
{
public:
  std::unique_ptr<Similarity>
  compare(Domain & domain, const Real * fixed) const override
  {
    return std::make_unique<LocalCorrelation>(domain, fixed);
  }
  Contrasts
  contrasts() const override
  {
    return Contrasts::OneOrInverted;
  }
};

} // namespace gnr

#endif
