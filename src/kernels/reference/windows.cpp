// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include <cstdlib>
#include <vector>

namespace gnr
{
namespace
{

/** The sum over the window in the plane, all at once [L1]. */
double
meanInPlane(const std::vector<Real> & plane, const Extents & e, const Window & x, const Window & y, int i, int j)
{
  double total = 0.0;
  for (int q = -y.radius; q <= y.radius; ++q)
  {
    for (int p = -x.radius; p <= x.radius; ++p)
    {
      int column = (i + p) % e.nx, row = (j + q) % e.ny;
      column += column < 0 ? e.nx : 0;
      row += row < 0 ? e.ny : 0;
      total += double(x.weight[std::abs(p)]) * double(y.weight[std::abs(q)]) * double(plane[column + row * e.nx]);
    }
  }
  return total;
}

} // namespace

void
ReferenceKernels::convolvePlanes(const Real *    f,
                                 const Extents & extents,
                                 const Window &  x,
                                 const Window &  y,
                                 Real *          out)
{
  const std::size_t size = std::size_t(extents.nx) * extents.ny;
  for (int k = 0; k < extents.nz; ++k)
  {
    const std::vector<Real> plane(f + k * size, f + (k + 1) * size); // out may be f
    for (int j = 0; j < extents.ny; ++j)
    {
      for (int i = 0; i < extents.nx; ++i)
      {
        out[k * size + std::size_t(j) * extents.nx + i] = static_cast<Real>(meanInPlane(plane, extents, x, y, i, j));
      }
    }
  }
}

void
ReferenceKernels::convolveAcross(const Padded & f, const Window & z, Real * out)
{
  const Extents & e = f.interior;
  std::size_t     n = 0;
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i, ++n)
      {
        double total = 0.0;
        for (int q = -z.radius; q <= z.radius; ++q)
        {
          total += double(z.weight[std::abs(q)]) * double(f.origin[i + j * f.rowStride + (k + q) * f.planeStride]);
        }
        out[n] = static_cast<Real>(total);
      }
    }
  }
}

} // namespace gnr
