// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

namespace gnr
{
namespace
{

/** i modulo n, in [0, n). */
int
wrap(int i, int n)
{
  const int remainder = i % n;
  return remainder < 0 ? remainder + n : remainder;
}

} // namespace

void
ReferenceKernels::pad(const Real * x, const Padded & out)
{
  const Extents & e = out.interior;
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = -out.halo[1]; j < e.ny + out.halo[1]; ++j)
    {
      for (int i = -out.halo[0]; i < e.nx + out.halo[0]; ++i)
      {
        const std::size_t from = wrap(i, e.nx) + std::size_t(e.nx) * (wrap(j, e.ny) + std::size_t(e.ny) * k);
        out.origin[i + j * out.rowStride + k * out.planeStride] = x[from];
      }
    }
  }
}

} // namespace gnr
