// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_core_trafficFormulas_h
#define gnr_test_core_trafficFormulas_h

#include "kernels/types.h"
#include "parallel/Exchange.h"
#include "parallel/Slab.h"

#include "gnr/Communicator.h"

#include <algorithm>
#include <cstdint>

namespace gnr
{
namespace test
{

// What one process sends, in closed form: from the sizes alone, without the plans and layouts that the solver makes
// (doc/parallel.md derives the formulas).

using Count = std::uint64_t;

/** Which grid decides who has which frequencies of a spectrum. */
enum class RowsOf
{
  OwnGrid,
  FinerGrid ///< frequencies without the Nyquist mode only
};

/** Frequencies of the rows of a process: those of its slab of the owner's ny that this grid has, too. */
inline int
rowsAt(int ny, RowsOf rowsOf, int ownerRows, int ranks, int rank)
{
  const Slab slab = slabOf(ownerRows, ranks, rank);
  if (rowsOf == RowsOf::OwnGrid)
  {
    return slab.size();
  }
  // |k| < ny / 2 lies at k and ownerRows + k.
  const int  positive = (ny + 1) / 2, negative = (ny - 1) / 2;
  const auto overlap = [&](int begin, int end) {
    return std::max(std::min(end, slab.end) - std::max(begin, slab.begin), 0);
  };
  return overlap(0, positive) + overlap(ownerRows - negative, ownerRows);
}

/** What is known of a spectrum that is on its way. */
struct Transposition
{
  Count half;       ///< complex numbers of a row
  Count ownRows;    ///< of the process
  Count otherRows;  ///< of the others
  Count rowPeers;   ///< others that have rows
  Count ownPlanes;  ///< of the process
  Count allPlanes;  ///< of the grid
  Count planePeers; ///< others that have planes
};

inline Transposition
describe(const GridSize & size, RowsOf rowsOf, int ownerRows, int ranks, int rank)
{
  Transposition t{};
  t.half = size[0] / 2 + 1;
  t.ownRows = rowsAt(size[1], rowsOf, ownerRows, ranks, rank);
  t.ownPlanes = slabOf(size[2], ranks, rank).size();
  t.allPlanes = size[2];
  for (int other = 0; other < ranks; ++other)
  {
    if (other != rank)
    {
      const Count rows = rowsAt(size[1], rowsOf, ownerRows, ranks, other);
      t.otherRows += rows;
      t.rowPeers += rows > 0 ? 1 : 0;
      t.planePeers += slabOf(size[2], ranks, other).size() > 0 ? 1 : 0;
    }
  }
  return t;
}

/** A halo of `width` planes on both sides of every slab, of `fields` fields that share their messages [C1]. */
inline Traffic
haloTraffic(const GridSize & size, int ranks, int rank, int width, int fields)
{
  const int  planes = size[2];
  const Slab own = slabOf(planes, ranks, rank);
  Traffic    sent;
  if (own.size() == 0)
  {
    return sent;
  }
  // The periodic grid, unrolled: every copy of the own slab that meets a halo of another process is one message.
  const auto meet = [&](int begin, int end) {
    const int copies = width / planes + 1;
    for (int copy = -copies; copy <= copies; ++copy)
    {
      const int shift = copy * planes;
      const int common = std::min(end, own.end + shift) - std::max(begin, own.begin + shift);
      if (common > 0)
      {
        ++sent.messages;
        sent.bytes += static_cast<Count>(common);
      }
    }
  };
  for (int other = 0; other < ranks; ++other)
  {
    const Slab slab = slabOf(planes, ranks, other);
    if (other != rank && slab.size() > 0)
    {
      meet(slab.begin - width, slab.begin);
      meet(slab.end, slab.end + width);
    }
  }
  sent.bytes *= static_cast<Count>(size[0]) * size[1] * fields * sizeof(Real);
  return sent;
}

/** From slabs to rows, and back, of `components` components [C2]. \param ownerRows points along y of the grid that
 * decides: size[1] itself for RowsOf::OwnGrid. */
inline Traffic
forwardTraffic(const GridSize & size, RowsOf rowsOf, int ownerRows, int ranks, int rank, int components)
{
  const Transposition t = describe(size, rowsOf, ownerRows, ranks, rank);
  Traffic             sent;
  sent.messages = t.ownPlanes > 0 ? components * t.rowPeers : 0;
  sent.bytes = components * t.half * t.ownPlanes * t.otherRows * sizeof(Complex);
  return sent;
}

inline Traffic
backwardTraffic(const GridSize & size, RowsOf rowsOf, int ownerRows, int ranks, int rank, int components)
{
  const Transposition t = describe(size, rowsOf, ownerRows, ranks, rank);
  Traffic             sent;
  sent.messages = t.ownRows > 0 ? components * t.planePeers : 0;
  sent.bytes = components * t.half * t.ownRows * (t.allPlanes - t.ownPlanes) * sizeof(Complex);
  return sent;
}

/** A sum, minimum or maximum of `values` doubles over a binomial tree, up and down [C3]. */
inline Traffic
reductionTraffic(int ranks, int rank, int values)
{
  // Up: one message of all but the root. Down: one to each child, rank + 2^i below the lowest bit of the rank.
  Traffic sent;
  sent.messages = rank > 0 ? 1 : 0;
  for (int bit = 1; bit < ranks && (rank & bit) == 0; bit *= 2)
  {
    sent.messages += rank + bit < ranks ? 1 : 0;
  }
  sent.bytes = sent.messages * static_cast<Count>(values) * sizeof(double);
  return sent;
}

} // namespace test
} // namespace gnr

#endif
