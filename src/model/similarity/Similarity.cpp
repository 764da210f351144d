// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/Similarity.h"

#include "model/similarity/SumOfSquares.h"

namespace gnr
{

std::unique_ptr<Similarity>
makeSimilarity(const Options &, Domain & domain, const Real * fixed)
{
  return std::make_unique<SumOfSquares>(domain, fixed);
}

} // namespace gnr
