// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_LocalCorrelation_h
#define gnr_model_similarity_LocalCorrelation_h

#include "model/similarity/Measure.h"
#include "model/similarity/Window3.h"

#include <array>

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
 * curvature is that of a window whose gain and offset stay [L4].
 * Memory: one scalar field, with a weight 2; 5 more while it compares. */
class LocalCorrelation : public Similarity
{
public:
  explicit LocalCorrelation(Domain & domain);

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
  /** Window sums of w m, w f, w m^2, w f^2, w m f. */
  using Moments = std::array<Buffer, 5>;
  Moments
  momentsOf(const Real * m, const Real * f);
  LocalMoments
  view(const Moments & sums) const;

  Window3 window_;
  Buffer  omega_; ///< window of the weight
  Buffer  curvature_;
};

class LocalCorrelationMeasure : public Measure
{
public:
  std::unique_ptr<Similarity>
  compare(Domain & domain) const override
  {
    return std::make_unique<LocalCorrelation>(domain);
  }
  Contrasts
  contrasts() const override
  {
    return Contrasts::OneOrInverted;
  }
};

} // namespace gnr

#endif
