// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_DeformationMap_h
#define gnr_registration_DeformationMap_h

#include "registration/FinestGrid.h"

namespace gnr
{

/** Of det(I + grad u). */
struct DeterminantRange
{
  double minimum;
  double maximum;
};

/** The displacement of the map of a velocity of the finest grid, or of the inverse map: mm along the grid axes.
 * Collective. \param steps in which it was integrated */
Buffer
integrateMap(FinestGrid & finest, const Buffer & velocity, bool inverse, int & steps);

/** det(I + grad u) of a displacement. Collective. */
void
determinantOf(Domain & domain, const ConstVectorView & u, Real * out);

/** Of the map of a velocity, over the points of any grid that lie in the image. Memory: 5 vector fields. Collective. */
DeterminantRange
determinantRange(const FinestGrid & finest, Domain & domain, const Buffer & velocity);

} // namespace gnr

#endif
