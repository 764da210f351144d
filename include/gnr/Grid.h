// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Grid_h
#define gnr_Grid_h

#include <array>
#include <cstddef>

namespace gnr
{

/** A regular 3-D grid of points, x fastest as in ITK.
 *
 * `size` counts points along each grid axis; `spacing` is the distance between neighbours in millimetres. The solver
 * treats the box `size * spacing` as periodic. Origin and direction belong to the ITK layer. */
struct Grid
{
  std::array<int, 3>    size{};
  std::array<double, 3> spacing{ { 1.0, 1.0, 1.0 } };

  std::size_t
  points() const
  {
    return static_cast<std::size_t>(size[0]) * size[1] * size[2];
  }

  /** Length of the box along `axis`, in millimetres. */
  double
  length(int axis) const
  {
    return size[axis] * spacing[axis];
  }
};

inline bool
operator==(const Grid & a, const Grid & b)
{
  return a.size == b.size && a.spacing == b.spacing;
}

inline bool
operator!=(const Grid & a, const Grid & b)
{
  return !(a == b);
}

} // namespace gnr

#endif
