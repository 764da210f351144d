// SPDX-License-Identifier: Apache-2.0
#include "model/ImageChannels.h"

#include "model/similarity/SelfSimilarity.h"


namespace gnr
{

ImageChannels
makeChannels(SimilarityMeasure measure, Domain & domain, const Real * fixed, const Real * moving)
{
  ImageChannels result;
  if (measure != SimilarityMeasure::SelfSimilarity)
  {
    result.channels.push_back({ fixed, moving });
    return result;
  }
  result.owned.push_back(selfSimilarity(domain, fixed));
  result.owned.push_back(selfSimilarity(domain, moving));
  for (int k = 0; k < selfSimilarityChannels; ++k)
  {
    const std::size_t offset = k * domain.points();
    result.channels.push_back({ result.owned[0].data() + offset, result.owned[1].data() + offset });
  }
  result.scale = selfSimilarityUnit;
  return result;
}

} // namespace gnr
