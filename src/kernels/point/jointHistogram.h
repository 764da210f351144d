// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_jointHistogram_h
#define gnr_kernels_point_jointHistogram_h

#include "kernels/point/decorations.h"

#include <cstdint>

namespace gnr
{
namespace point
{

/** The first of the nodes about an intensity, and what the functions of the nodes are there. */
template <typename T, int count>
struct Nodes
{
  int  first;
  T    values[count];
  bool isClamped;
};

/** The nodes of `bins` classes from lower to upper, to which other intensities are clamped. */
template <typename T>
class IntensityNodes
{
public:
  GNR_POINT
  IntensityNodes(double lower, double upper, int bins)
    : lower_(static_cast<T>(lower))
    , splineScale_(static_cast<T>((bins - 3) / (upper - lower)))
    , linearScale_(static_cast<T>((bins - 1) / (upper - lower)))
    , bins_(bins)
  {}

  GNR_POINT int
  bins() const
  {
    return bins_;
  }

  /** The cubic B-splines, of which the first and the last node lie beyond the range [L6]. */
  GNR_POINT Nodes<T, 4>
            splines(T x) const
  {
    Nodes<T, 4> nodes;
    const T     t = enter(x, splineScale_, bins_ - 3, nodes), s = T(1) - t, sixth = T(1) / T(6);
    nodes.values[0] = s * s * s * sixth;
    nodes.values[1] = ((T(3) * t - T(6)) * t * t + T(4)) * sixth;
    nodes.values[2] = ((T(3) * s - T(6)) * s * s + T(4)) * sixth;
    nodes.values[3] = t * t * t * sixth;
    return nodes;
  }

  /** Their derivatives by x. */
  GNR_POINT Nodes<T, 4>
            splineSlopes(T x) const
  {
    Nodes<T, 4> nodes;
    const T     t = enter(x, splineScale_, bins_ - 3, nodes), s = T(1) - t;
    const T     factor = nodes.isClamped ? T(0) : splineScale_;
    nodes.values[0] = T(-0.5) * s * s * factor;
    nodes.values[1] = (T(1.5) * t - T(2)) * t * factor;
    nodes.values[2] = (T(2) - T(1.5) * s) * s * factor;
    nodes.values[3] = T(0.5) * t * t * factor;
    return nodes;
  }

  /** The piecewise linear functions. */
  GNR_POINT Nodes<T, 2>
            linear(T x) const
  {
    Nodes<T, 2> nodes;
    nodes.values[1] = enter(x, linearScale_, bins_ - 1, nodes);
    nodes.values[0] = T(1) - nodes.values[1];
    return nodes;
  }

private:
  /** The interval of x among so many, and where in it x lies, from 0 to 1. */
  template <int count>
  GNR_POINT T
  enter(T x, T scale, int intervals, Nodes<T, count> & nodes) const
  {
    const T length = T(intervals), free = (x - lower_) * scale;
    nodes.isClamped = !(free >= T(0) && free <= length);
    const T   position = free > T(0) ? (free < length ? free : length) : T(0);
    const int whole = static_cast<int>(position);
    nodes.first = whole < intervals - 1 ? whole : intervals - 1;
    return position - T(nodes.first);
  }

  T   lower_;
  T   splineScale_;
  T   linearScale_;
  int bins_;
};

/** A weight from 0 to 1 in units of 2^-24. */
template <typename T>
GNR_POINT std::uint64_t
          quantaOf(T weight)
{
  return static_cast<std::uint64_t>(static_cast<double>(weight) * 16777216.0 + 0.5);
}

/** sum_ij table[i bins + j] u_i v_j over the nodes. */
template <typename T>
GNR_POINT T
lookUp(const T * table, int bins, const Nodes<T, 4> & u, const Nodes<T, 2> & v)
{
  const T * row = table + u.first * bins + v.first;
  T         sum = T(0);
  for (int i = 0; i < 4; ++i, row += bins)
  {
    sum += u.values[i] * (v.values[0] * row[0] + v.values[1] * row[1]);
  }
  return sum;
}

} // namespace point
} // namespace gnr

#endif
