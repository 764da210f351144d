// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_MutualInformation_h
#define gnr_model_similarity_MutualInformation_h

#include "model/similarity/HistogramSimilarity.h"
#include "model/similarity/Measure.h"

namespace gnr
{

/** Of what is unknown of the fixed image when the moving one is known (in nats), against squared differences of
 * intensities from 0 to 1: chosen by measurement on pairs of different contrast (doc/measurements.md). */
constexpr double mutualInformationUnit = 0.015;

/** Mutual information of intensities (Mattes et al., IEEE TMI 22, 2003), as the entropy of the fixed image that the
 * moving one leaves [L9],
 *
 *   D = - sum_ij p_ij log(p_ij / p_i),   p_i = sum_j p_ij.
 *
 * The curvature is the Fisher information of p(f | m). */
class MutualInformation : public HistogramSimilarity
{
public:
  using HistogramSimilarity::HistogramSimilarity;

protected:
  double
  valueOf(const JointHistogram & p) const override;
  void
  differentiate(const JointHistogram & p, JointHistogram & force, JointHistogram & curvature) const override;
};

class MutualInformationMeasure : public Measure
{
public:
  double
  unit() const override
  {
    return mutualInformationUnit;
  }
  std::unique_ptr<Similarity>
  compare(Domain & domain, const Real * fixed) const override
  {
    return std::make_unique<MutualInformation>(domain, fixed);
  }
  Contrasts
  contrasts() const override
  {
    return Contrasts::Any;
  }
};

} // namespace gnr

#endif
