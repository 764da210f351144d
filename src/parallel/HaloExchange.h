// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_HaloExchange_h
#define gnr_parallel_HaloExchange_h

#include "kernels/Buffer.h"
#include "kernels/kernels.h"

#include "gnr/Communicator.h"

#include <cstddef>
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

/** What other processes have of the halos of fields, for as long as these do not change: exchanged once, and then as
 * good as of this process. All processes keep and forget alike. */
class KeptHalo
{
public:
  KeptHalo() = default;
  /** \param fields that share their messages. */
  KeptHalo(const HaloPlan & plan, int rank, std::size_t pointsOfPlane, int fields, Kernels & kernels);

  /** The fields are about to change. */
  void
  forget()
  {
    isThere_ = false;
  }
  bool
  isThere() const
  {
    return isThere_;
  }
  /** Room for the planes, and the planes once they were received. */
  Real *
  data() const
  {
    return planes_.data();
  }
  void
  received()
  {
    isThere_ = true;
  }

private:
  Buffer planes_;
  bool   isThere_ = false;
};

/** Copies the slabs of `count` fields into the arrays `out` of one layout and fills all of their halos. One message for
 * each piece of the plan that another process has; this process copies its own planes while they are on their way.
 * Collective. \param kept made for such fields, or null: what it has is not exchanged again. */
void
fillPadded(const HaloPlan &     plan,
           const Real * const * fields,
           const Padded *       out,
           int                  count,
           Kernels &            kernels,
           Communicator &       communicator,
           KeptHalo *           kept = nullptr);

} // namespace gnr

#endif
