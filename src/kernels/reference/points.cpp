// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include <cmath>

namespace gnr
{
namespace
{

/** A node that a point is interpolated from. */
struct Node
{
  std::size_t index;
  double      weight;
  double      slope[3]; ///< of the weight along each axis
};

/** The Lagrange polynomial through -1, 0, 1, 2 that is one at `which`, and its derivative by the product rule. */
void
lagrange(int which, double t, double & value, double & slope)
{
  value = 1.0;
  slope = 0.0;
  for (int other = -1; other <= 2; ++other)
  {
    if (other != which)
    {
      slope = (slope * (t - other) + value) / (which - other);
      value *= (t - other) / (which - other);
    }
  }
}

/** visit(node) for the 64 nodes about a point, as far as they lie in the slab. */
template <typename Visit>
void
forNodes(const double * position, const PeriodicSlab & slab, Visit visit)
{
  const Extents & e = slab.extents;
  const int       size[3] = { e.nx, e.ny, slab.planes };
  for (int corner = 0; corner < 64; ++corner)
  {
    const int offset[3] = { corner % 4 - 1, corner / 4 % 4 - 1, corner / 16 - 1 };
    int       at[3];
    double    value[3], slope[3];
    for (int a = 0; a < 3; ++a)
    {
      const double below = std::floor(position[a]);
      const int    node = static_cast<int>(below) + offset[a];
      at[a] = ((node % size[a]) + size[a]) % size[a];
      lagrange(offset[a], position[a] - below, value[a], slope[a]);
    }
    const int plane = at[2] - slab.firstPlane;
    if (plane >= 0 && plane < e.nz)
    {
      visit(Node{ at[0] + std::size_t(e.nx) * (at[1] + std::size_t(e.ny) * plane),
                  value[0] * value[1] * value[2],
                  { slope[0] * value[1] * value[2], value[0] * slope[1] * value[2], value[0] * value[1] * slope[2] } });
    }
  }
}

} // namespace

void
ReferenceKernels::sampleAtPoints(const ConstVectorView & v,
                                 const PeriodicSlab &    slab,
                                 const double *          positions,
                                 double *                values,
                                 double *                slopes,
                                 std::size_t             count)
{
  for (std::size_t i = 0; i < count; ++i)
  {
    for (int c = 0; c < 3; ++c)
    {
      double value = 0.0, slope[3] = { 0.0, 0.0, 0.0 };
      forNodes(positions + 3 * i, slab, [&](const Node & node) {
        value += node.weight * double(v[c][node.index]);
        for (int a = 0; a < 3; ++a)
        {
          slope[a] += node.slope[a] * double(v[c][node.index]);
        }
      });
      values[3 * i + c] = value;
      for (int a = 0; slopes != nullptr && a < 3; ++a)
      {
        slopes[9 * i + 3 * c + a] = slope[a];
      }
    }
  }
}

void
ReferenceKernels::addAtPoints(const double *       positions,
                              const double *       values,
                              std::size_t          count,
                              const PeriodicSlab & slab,
                              const VectorView &   v)
{
  for (std::size_t i = 0; i < count; ++i)
  {
    forNodes(positions + 3 * i, slab, [&](const Node & node) {
      for (int c = 0; c < 3; ++c)
      {
        v[c][node.index] = static_cast<Real>(double(v[c][node.index]) + node.weight * values[3 * i + c]);
      }
    });
  }
}

} // namespace gnr
