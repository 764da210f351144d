// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_ContrastRelation_h
#define gnr_registration_ContrastRelation_h

#include "parallel/FourierTransform.h"

namespace gnr
{

/** Whether two normalised images look as if they were of one contrast before they are registered [D3]: on the grid of
 * detailGrid(), where both are foreground, each brighter class of voxels of one image is brighter in the other, in both
 * directions. Anatomies that do not lie upon one another yet blur that relation, but do not turn it round.
 *
 * \param weight null for one. Two or three forward transforms of the finest grid and small ones. Collective. */
bool
areOfOneContrast(Domain &           finest,
                 FourierTransform & transform,
                 const Grid &       image,
                 const Real *       fixed,
                 const Real *       moving,
                 const Real *       weight);

} // namespace gnr

#endif
