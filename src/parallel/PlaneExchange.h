// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_PlaneExchange_h
#define gnr_parallel_PlaneExchange_h

#include "parallel/Slab.h"

#include "gnr/Communicator.h"

#include <cstddef>
#include <vector>

namespace gnr
{

/** Planes that each rank has of an image. Several may have the same. */
using PlanesByRank = std::vector<Slab>;

/** What every rank says that it has. Collective. */
PlanesByRank
gatherPlanes(Communicator & communicator, const Slab & own);

/** True if anybody has anything. */
bool
exists(const PlanesByRank & have);

/** True if somebody has each of `planes` planes. */
bool
isComplete(const PlanesByRank & have, int planes);

/** True if every rank has what it wants, so that there is nothing to move. */
bool
haveAll(const PlanesByRank & have, const std::vector<std::vector<Slab>> & want);

/** Moves the planes of an image from those who have them to those who want them: each process gets what it wants, in
 * the order in which it says so, without gaps; from itself, or else from the lowest rank that has a plane. Collective.
 *
 * \param want of each rank; parts must exist.
 * \param data the first of the planes that this process has.
 * \param valuesPerPlane the same everywhere. */
void
exchangePlanes(Communicator &                         communicator,
               const PlanesByRank &                   have,
               const std::vector<std::vector<Slab>> & want,
               const float *                          data,
               std::size_t                            valuesPerPlane,
               float *                                out);

/** Everybody gets all planes of an image that is shared as slabs (slabOf()). Collective. \param data of this process.
 */
void
collectPlanes(Communicator & communicator, int planes, const float * data, std::size_t valuesPerPlane, float * out);

} // namespace gnr

#endif
