// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_ImageChannels_h
#define gnr_model_ImageChannels_h

#include "model/DataTerm.h"

#include "gnr/Options.h"

#include <vector>

namespace gnr
{

/** What the measure compares of a pair of images: the images themselves, or descriptors of them. */
struct ImageChannels
{
  std::vector<Channel> channels;
  double               scale = 1.0; ///< of their dissimilarity, so that beta means the same for every measure
  std::vector<Buffer>  owned;       ///< descriptors
};

/** The images must live as long as the result. Collective. */
ImageChannels
makeChannels(SimilarityMeasure measure, Domain & domain, const Real * fixed, const Real * moving);

} // namespace gnr

#endif
