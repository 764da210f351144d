// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_MutualInformation_h
#define gnr_model_similarity_MutualInformation_h

#include "model/similarity/HistogramSimilarity.h"

namespace gnr
{

/** Mutual information by a joint histogram with B-splines (Mattes et al., IEEE TMI 2003), as what the moving
 * intensities leave unknown of the fixed ones [L9],
 *
 *   D = s H(f | m) = s (H(f) - I(m, f)). */
class MutualInformation : public HistogramSimilarity
{
public:
  /** Classes as wide as noise: with narrower ones the derivative is rough, and what lies between them is fitted. */
  explicit MutualInformation(Domain & domain)
    : HistogramSimilarity(domain, 24)
  {}

protected:
  double
  valueOf(const JointHistogram & p) const override;
  void
  differentiate(const JointHistogram & p, JointHistogram & force, JointHistogram & curvature) const override;
};

} // namespace gnr

#endif
