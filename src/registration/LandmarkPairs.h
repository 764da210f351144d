// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_LandmarkPairs_h
#define gnr_registration_LandmarkPairs_h

#include "parallel/Domain.h"

#include "gnr/Communicator.h"
#include "gnr/Problem.h"
#include "gnr/Report.h"

#include <vector>

namespace gnr
{

/** Those that the first process has. Throws Error(BadInput) naming a point that is not finite, lies outside the fixed
 * image, or so far from its counterpart that no registration gets there. Collective. */
std::vector<LandmarkPair>
landmarksOf(const Problem & problem, Communicator & communicator);

/** How far they are apart before and after a displacement u on the grid of the domain, in mm along its axes. At least
 * one pair. Collective. */
LandmarkDistances
landmarkDistances(Domain & domain, const ConstVectorView & u, const std::vector<LandmarkPair> & landmarks);

} // namespace gnr

#endif
