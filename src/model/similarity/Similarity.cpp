// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/Similarity.h"

#include "model/similarity/LocalCorrelation.h"
#include "model/similarity/SumOfSquares.h"

namespace gnr
{

std::unique_ptr<Similarity>
makeSimilarity(const Options & options, Domain & domain, const Real * fixed)
{
  switch (options.similarity)
  {
    case Measure::LocalCorrelation:
      return std::make_unique<LocalCorrelation>(domain, fixed);
    case Measure::SelfSimilarity: // of its descriptors
    case Measure::SumOfSquares:
      break;
  }
  return std::make_unique<SumOfSquares>(domain, fixed);
}

} // namespace gnr
