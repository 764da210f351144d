// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_HaloExchange_h
#define gnr_parallel_HaloExchange_h

#include "kernels/kernels.h"

#include "gnr/Communicator.h"

#include <vector>

namespace gnr
{

/** Planes `from` ... `from + count - 1` of the slab of one process, which belong at planes `to` ... of the halo of
 * another (counted from the first plane of its slab, so below 0 or behind the last). `rank` is that of the partner. */
struct HaloPiece
{
  int rank = 0;
  int from = 0;
  int count = 0;
  int to = 0;
};

/** Who sends what to whom for one halo width: found by every process for itself from the slabs, which all know. */
struct HaloPlan
{
  std::vector<HaloPiece> receive; ///< also from this process itself
  std::vector<HaloPiece> send;    ///< to others
};

/** What `rank` receives, also from itself. */
std::vector<HaloPiece>
receivedBy(int planes, int ranks, int rank, int halo);

/** The plan of `rank` for slabs of a periodic grid of `planes` planes. A halo may be wider than the neighbour's slab,
 * and wider than the whole grid. */
HaloPlan
planHalo(int planes, int ranks, int rank, int halo);

/** Copies the slabs of `count` fields into the arrays `out` of one layout and fills all of their halos. One message for
 * each piece of the plan that another process has; this process copies its own planes while they are on their way.
 * Collective. */
void
fillPadded(const HaloPlan &     plan,
           const Real * const * fields,
           const Padded *       out,
           int                  count,
           Kernels &            kernels,
           Communicator &       communicator);

} // namespace gnr

#endif
