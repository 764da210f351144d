// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_Labels_h
#define gnr_model_similarity_Labels_h

#include "model/similarity/SumOfSquares.h"

namespace gnr
{

/** Bits of the words that stand for labels. */
constexpr int labelChannels = 16;

/** So that a voxel whose labels differ in half of their bits counts as one whose intensities differ by half the range.
 */
constexpr double labelUnit = 0.25 / (labelChannels / 2);

/** Images of labels, by the squared differences of the words of their labels, 1/2 sum_k (a_k - b_k)^2: half the number
 * of bits in which two labels differ [C7]. The words are made before the pyramid, which a number of a label would not
 * survive. */
class LabelsMeasure : public DescriptorMeasure
{
public:
  double
  unit() const override
  {
    return labelUnit;
  }
  bool
  endsNearZero() const override
  {
    return true;
  }
};

} // namespace gnr

#endif
