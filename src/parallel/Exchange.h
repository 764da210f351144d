// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_Exchange_h
#define gnr_parallel_Exchange_h

#include <array>
#include <cstdint>
#include <map>
#include <tuple>

namespace gnr
{

/** Points along x, y, z of a whole grid. */
using GridSize = std::array<int, 3>;

/** Something that all processes do together, in words that are the same for all of them. */
struct Exchange
{
  enum class Kind
  {
    Halo,      ///< planes on both sides of every slab
    Forward,   ///< transposition of a spectrum from slabs to rows
    Backward,  ///< and back
    Reduction, ///< a sum or extreme value
  };

  Kind     kind = Kind::Reduction;
  int      count = 1; ///< fields that share their messages, components of a spectrum, or values of a reduction
  GridSize size{};    ///< of all but reductions
  int      width = 0; ///< of a halo, in planes
  /** Points along y of the grid that decides who has which frequencies, of a transposition. Another one than the
   * spectrum's own decides on frequencies without the Nyquist mode. */
  int  ownerRows = 0;
  bool isOwner = true;

  bool
  operator<(const Exchange & o) const
  {
    return std::tie(kind, count, size, width, ownerRows, isOwner) <
           std::tie(o.kind, o.count, o.size, o.width, o.ownerRows, o.isOwner);
  }
};

/** How often processes have done what together. */
using Exchanges = std::map<Exchange, std::int64_t>;

} // namespace gnr

#endif
