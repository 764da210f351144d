// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_CorrelationRatio_h
#define gnr_model_similarity_CorrelationRatio_h

#include "model/similarity/HistogramSimilarity.h"

namespace gnr
{

/** The correlation ratio (Roche et al., MICCAI 1998): what the best function of the fixed intensities does not explain
 * of the moving image, in the unit of squared differences of f [L8],
 *
 *   D = <w>/2 F (1 - var(T(f)) / (var(m) + e^2)),   T(f) = E[m | f]. */
class CorrelationRatio : public HistogramSimilarity
{
public:
  explicit CorrelationRatio(Domain & domain)
    : HistogramSimilarity(domain, 64)
  {}

protected:
  double
  valueOf(const JointHistogram & p) const override;
  void
  differentiate(const JointHistogram & p, JointHistogram & force, JointHistogram & curvature) const override;
};

} // namespace gnr

#endif
