// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cpu_rows_h
#define gnr_kernels_cpu_rows_h

#include "kernels/cpu/CpuKernels.h"
#include "kernels/point/wrap.h"

#include <cstring>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

/** A row of nx points with its periodic halo. */
inline void
padRow(const Real * source, int nx, int halo, Real * row)
{
  std::memcpy(row, source, sizeof(Real) * nx);
  for (int h = 1; h <= halo; ++h)
  {
    row[-h] = source[point::wrap(-h, nx)];
    row[nx - 1 + h] = source[point::wrap(h - 1, nx)];
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr

#endif
