// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_IntensityRange_h
#define gnr_registration_IntensityRange_h

#include "kernels/kernels.h"

#include "gnr/Communicator.h"

#include <optional>
#include <vector>

namespace gnr
{

/** Values in the memory of some kernels, without copies: pieces of this process, and what is known of all processes. */
struct ValueSet
{
  struct Piece
  {
    const Real * data;
    std::size_t  count;
  };

  std::vector<Piece> pieces;         ///< of this process
  double             least = 0.0;    ///< of all processes
  double             most = 0.0;     ///< above `least`
  double             count = 0.0;    ///< without the blank ones
  double             blankZeros = 0; ///< zeros among the pieces that are not counted
};

struct IntensityRange
{
  double lower;
  double upper;

  double
  width() const
  {
    return upper - lower;
  }
};

/** The percentiles 0.5 and 99.5 as class borders of a histogram [P0]. However far a few values lie from the others, the
 * range is at least 16 classes wide: the histogram closes in on the classes that hold the percentiles. Where nearly all
 * values are one (a small object), the percentiles are those of the others, and the one lies in the range; where none
 * of the others lies far out, it is the range of all. The counts are whole numbers, so that the range does not depend
 * on how the values are distributed. A few passes over the values at most; one as a rule. Collective. */
IntensityRange
robustRange(const ValueSet & values, Kernels & kernels, Communicator & communicator);

/** Whether values lie so far from the robust range that the image is limited to one width around it [P0]. */
bool
reachesFarOut(double least, double most, const IntensityRange & robust);

/** The range of all values; if some lie far out, the part of it within one width of the robust range. */
IntensityRange
ordinaryRange(const ValueSet & values, const IntensityRange & robust);

/** What a program has filled in where it had no data. */
struct Padding
{
  double         value;
  double         share;  ///< of all values
  IntensityRange others; ///< robust range of the others
};

/** The value at the lower or upper end of an image that can only be padding: it is frequent, the others come nowhere
 * near, and the other image, whose robust range is `other`, has nothing of the kind [P1]. Collective. */
std::optional<Padding>
findPadding(const ValueSet &       values,
            const IntensityRange & robust,
            const IntensityRange & other,
            Kernels &              kernels,
            Communicator &         communicator);

/** A single value in the midst of the range that is far more frequent than those near it [P1]. `others` is the robust
 * range. Collective. */
std::optional<Padding>
findSpike(const ValueSet & values, const IntensityRange & robust, Kernels & kernels, Communicator & communicator);

/** How many values lie farther than one width of the robust range from it. Collective. */
double
countBeyond(const ValueSet & values, const IntensityRange & robust, Kernels & kernels, Communicator & communicator);

} // namespace gnr

#endif
