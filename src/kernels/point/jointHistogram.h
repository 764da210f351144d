// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_jointHistogram_h
#define gnr_kernels_point_jointHistogram_h

#include "kernels/point/decorations.h"

#include <cstdint>

namespace gnr
{
namespace point
{

/** The nodes about an intensity, and what its functions are there. */
template <typename T, int count>
struct Nodes
{
  int  first;
  T    values[count];
  bool isClamped;
};

/** Position of x on [0, length], to which it is clamped. */
template <typename T>
GNR_POINT T
positionOn(T x, T lower, T scale, T length, bool & isClamped)
{
  const T position = (x - lower) * scale;
  isClamped = !(position >= T(0) && position <= length);
  return position > T(0) ? (position < length ? position : length) : T(0);
}

/** Of the cubic B-splines of `bins` nodes, of which the first and the last lie beyond the range; scale = (bins - 3) /
 * width of the range [L6]. */
template <typename T>
GNR_POINT Nodes<T, 4>
          splineNodes(T x, T lower, T scale, int bins)
{
  Nodes<T, 4> nodes;
  const T     position = positionOn(x, lower, scale, T(bins - 3), nodes.isClamped);
  const int   whole = static_cast<int>(position);
  nodes.first = whole < bins - 4 ? whole : bins - 4;
  const T t = position - T(nodes.first), s = T(1) - t, sixth = T(1) / T(6);
  nodes.values[0] = s * s * s * sixth;
  nodes.values[1] = ((T(3) * t - T(6)) * t * t + T(4)) * sixth;
  nodes.values[2] = ((T(3) * s - T(6)) * s * s + T(4)) * sixth;
  nodes.values[3] = t * t * t * sixth;
  return nodes;
}

/** And of their derivatives by x. */
template <typename T>
GNR_POINT Nodes<T, 4>
          splineSlopes(T x, T lower, T scale, int bins)
{
  Nodes<T, 4> nodes;
  const T     position = positionOn(x, lower, scale, T(bins - 3), nodes.isClamped);
  const int   whole = static_cast<int>(position);
  nodes.first = whole < bins - 4 ? whole : bins - 4;
  const T t = position - T(nodes.first), s = T(1) - t, factor = nodes.isClamped ? T(0) : scale;
  nodes.values[0] = T(-0.5) * s * s * factor;
  nodes.values[1] = (T(1.5) * t - T(2)) * t * factor;
  nodes.values[2] = (T(2) - T(1.5) * s) * s * factor;
  nodes.values[3] = T(0.5) * t * t * factor;
  return nodes;
}

/** Of the piecewise linear functions of `bins` nodes; scale = (bins - 1) / width of the range. */
template <typename T>
GNR_POINT Nodes<T, 2>
          linearNodes(T x, T lower, T scale, int bins)
{
  Nodes<T, 2> nodes;
  const T     position = positionOn(x, lower, scale, T(bins - 1), nodes.isClamped);
  const int   whole = static_cast<int>(position);
  nodes.first = whole < bins - 2 ? whole : bins - 2;
  nodes.values[1] = position - T(nodes.first);
  nodes.values[0] = T(1) - nodes.values[1];
  return nodes;
}

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
