// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_SelfSimilarity_h
#define gnr_model_similarity_SelfSimilarity_h

#include "model/DataTerm.h"

namespace gnr
{

/** Channels of the descriptor. */
constexpr int selfSimilarityChannels = 12;

/** MIND-SSC, the self-similarity context of an image (Heinrich et al., MICCAI 2013): how much patches about the six
 * neighbours of a point differ from one another, exp(-d/V) with V the mean of the twelve differences d, so that it is
 * about the same for images of any contrast [L4]. Twelve scalar fields, one behind the other. Collective. */
Buffer
selfSimilarity(Domain & domain, const Real * image);

} // namespace gnr

#endif
