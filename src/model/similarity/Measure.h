// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_Measure_h
#define gnr_model_similarity_Measure_h

#include "model/similarity/Descriptors.h"
#include "model/similarity/Similarity.h"

namespace gnr
{

class CustomMeasure;

/** Between which images a measure is not blind. */
enum class Contrasts
{
  One,           ///< scans of one contrast
  OneOrInverted, ///< one may be the negative of the other
  Any
};

/** What a measure by name is: which fields of a pair of images it compares, and how. One object serves all grids. */
class Measure
{
public:
  virtual ~Measure() = default;

  /** Fields that are compared in place of an image; none: the image itself is compared. Collective. */
  virtual Descriptors
  describe(Domain &, const Real * /* image */) const
  {
    return {};
  }
  /** Of the sum over the channels, so that beta means the same for every measure. */
  virtual double
  unit() const
  {
    return 1.0;
  }
  /** How a channel is compared with its fixed one. */
  virtual std::unique_ptr<Similarity>
  compare(Domain & domain) const = 0;

  virtual Contrasts
  contrasts() const = 0;
  /** Whether both images may change places: D(m, f) = D(f, m). */
  virtual bool
  isSymmetric() const
  {
    return true;
  }
  /** Whether compare() gives SumOfSquares, so that all channels can be carried at once. */
  virtual bool
  isSquared() const
  {
    return false;
  }
  /** Whether a good match brings the value near zero. Of the others most of the value cannot be had, and a solve ends
   * by its progress. */
  virtual bool
  endsNearZero() const
  {
    return false;
  }
};

/** The measure of that name, which is not Automatic. `custom` must live as long as the result. */
std::shared_ptr<const Measure>
makeMeasure(SimilarityMeasure measure, CustomMeasure * custom = nullptr);

} // namespace gnr

#endif
