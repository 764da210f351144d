// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/Similarity.h"

#include "model/similarity/LocalCorrelation.h"
#include "model/similarity/SumOfSquares.h"

namespace gnr
{

std::unique_ptr<Similarity>
makeSimilarity(SimilarityMeasure measure, Domain & domain, const Real * fixed)
{
  switch (measure)
  {
    case SimilarityMeasure::LocalCorrelation:
      return std::make_unique<LocalCorrelation>(domain, fixed);
    case SimilarityMeasure::Automatic:      // is decided before
    case SimilarityMeasure::SelfSimilarity: // of its descriptors
    case SimilarityMeasure::SumOfSquares:
      break;
  }
  return std::make_unique<SumOfSquares>(domain, fixed);
}

} // namespace gnr
