// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/rows.h"

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

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
      padRow(x + (static_cast<std::size_t>(k) * e.ny + point::wrap(j, e.ny)) * e.nx,
             e.nx,
             out.halo[0],
             out.origin + j * out.rowStride + k * out.planeStride);
    }
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
