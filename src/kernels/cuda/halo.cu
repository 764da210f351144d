// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"
#include "kernels/point/wrap.h"

namespace gnr
{
namespace cuda
{

void
CudaKernels::pad(const Real * x, const Padded & out)
{
  const Padded  to = out;
  const Extents rows{ to.interior.nx + 2 * to.halo[0], to.interior.ny + 2 * to.halo[1], to.interior.nz };
  forEachPoint(stream(), rows, [=] __device__(int column, int row, int k) {
    const int i = column - to.halo[0], j = row - to.halo[1];
    to.origin[i + j * to.rowStride + k * to.planeStride] =
      x[(static_cast<std::size_t>(k) * to.interior.ny + point::wrap(j, to.interior.ny)) * to.interior.nx +
        point::wrap(i, to.interior.nx)];
  });
}

} // namespace cuda
} // namespace gnr
