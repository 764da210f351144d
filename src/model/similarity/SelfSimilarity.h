// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_SelfSimilarity_h
#define gnr_model_similarity_SelfSimilarity_h

#include "model/similarity/SumOfSquares.h"

namespace gnr
{

/** Channels of the descriptor. */
constexpr int selfSimilarityChannels = 12;

/** Of the sum of its squared differences against that of intensities from 0 to 1: chosen by measurement on pairs of
 * different contrast (doc/choices.md). */
constexpr double selfSimilarityUnit = 0.05 / selfSimilarityChannels;

/** MIND-SSC, the self-similarity context of an image (Heinrich et al., MICCAI 2013): how much patches about the six
 * neighbours of a point differ from one another, exp(-d/V) with V the mean of the twelve differences d, so that it is
 * about the same for images of any contrast [C5]. Collective. */
Descriptors
selfSimilarity(Domain & domain, const Real * image);

class SelfSimilarityMeasure : public DescriptorMeasure
{
public:
  Descriptors
  describe(Domain & domain, const Real * image) const override
  {
    return selfSimilarity(domain, image);
  }
  double
  unit() const override
  {
    return selfSimilarityUnit;
  }
};

} // namespace gnr

#endif
