// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_NormalizedGradient_h
#define gnr_model_similarity_NormalizedGradient_h

#include "model/similarity/SumOfSquares.h"

namespace gnr
{

/** Of the sum of the squared differences of the descriptors against that of intensities from 0 to 1: chosen by
 * measurement on pairs of different contrast (doc/measurements.md). */
constexpr double normalizedGradientUnit = 0.02;

/** Normalised gradient fields (Haber, Modersitzki, MICCAI 2006): where the edges of an image are and which way they
 * run, whatever their height and sign, as the six products n n^T of n = grad a / sqrt(|grad a|^2 + eta^2) [C6]. Half
 * the sum of squared differences is what the fields differ in, 1/2 (|n_f|^4 + |n_m|^4) - (n_f . n_m)^2. Collective. */
Descriptors
normalizedGradients(Domain & domain, const Real * image);

class NormalizedGradientMeasure : public DescriptorMeasure
{
public:
  Descriptors
  describe(Domain & domain, const Real * image) const override
  {
    return normalizedGradients(domain, image);
  }
  double
  unit() const override
  {
    return normalizedGradientUnit;
  }
};

} // namespace gnr

#endif
