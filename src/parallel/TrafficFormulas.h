// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_TrafficFormulas_h
#define gnr_parallel_TrafficFormulas_h

#include "gnr/Communicator.h"

#include <array>

namespace gnr
{

/** Points along x, y, z of a whole grid. */
using GridSize = std::array<int, 3>;

// What one process sends, in closed form: from the sizes alone, without the plans and layouts that the solver makes
// (doc/scaling.md derives the formulas; tests compare them with the counters of communicators).

/** A halo of `width` planes on both sides of every slab, of `fields` fields that share their messages [C1]. */
Traffic
haloTraffic(const GridSize & size, int ranks, int rank, int width, int fields);

/** Which grid decides who has which frequencies of a spectrum. */
enum class RowsOf
{
  OwnGrid,
  FinerGrid ///< frequencies without the Nyquist mode only
};

/** From slabs to rows, and back, of `components` components [C2]. \param ownerRows points along y of the grid that
 * decides: size[1] itself for RowsOf::OwnGrid. */
Traffic
forwardTraffic(const GridSize & size, RowsOf rowsOf, int ownerRows, int ranks, int rank, int components);
Traffic
backwardTraffic(const GridSize & size, RowsOf rowsOf, int ownerRows, int ranks, int rank, int components);

/** A sum, minimum or maximum of `values` doubles over a binomial tree, up and down [C3]. */
Traffic
reductionTraffic(int ranks, int rank, int values);

} // namespace gnr

#endif
