// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/CpuKernels.h"

#include <cstring>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{
namespace
{

/** i modulo n for any i. */
inline int
wrap(int i, int n)
{
  const int r = i % n;
  return r < 0 ? r + n : r;
}

/** A row of nx points with its periodic halo. */
inline void
padRow(const Real * source, int nx, int halo, Real * row)
{
  std::memcpy(row, source, sizeof(Real) * nx);
  for (int h = 1; h <= halo; ++h)
  {
    row[-h] = source[wrap(-h, nx)];
    row[nx - 1 + h] = source[wrap(h - 1, nx)];
  }
}

} // namespace

void
CpuKernels::pad(const Real * x, const Padded & out)
{
  const Extents & e = out.interior;
  const int       rows = e.ny + 2 * out.halo[1];
#pragma omp parallel for collapse(2) schedule(static) num_threads(threadsFor(e.points(), sharedElements))
  for (int k = 0; k < e.nz; ++k)
  {
    for (int row = 0; row < rows; ++row)
    {
      const int j = row - out.halo[1];
      padRow(x + (static_cast<std::size_t>(k) * e.ny + wrap(j, e.ny)) * e.nx,
             e.nx,
             out.halo[0],
             out.origin + j * out.rowStride + k * out.planeStride);
    }
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
