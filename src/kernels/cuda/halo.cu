// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"
#include "kernels/point/wrap.h"

namespace gnr
{
namespace cuda
{
namespace
{

constexpr int mostFields = 3;

struct Ends
{
  const Real * from[mostFields];
  Real *       to[mostFields];
};

/** Without an index that changes, for which the array would have to lie in memory. */
template <typename T>
__device__ __forceinline__ T
chosen(const T (&of)[mostFields], int f)
{
  return f == 0 ? of[0] : f == 1 ? of[1] : of[2];
}

} // namespace

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

// On a small grid launches decide: one takes the place of three for each field.
bool
CudaKernels::padWhole(const Real * const * fields, const Padded * out, int count)
{
  if (count > mostFields)
  {
    return false;
  }
  Ends ends{};
  for (int f = 0; f < count; ++f)
  {
    ends.from[f] = fields[f];
    ends.to[f] = out[f].origin;
  }
  const Padded to = *out;
  const int    planes = to.interior.nz + 2 * to.halo[2];
  forEachPoint(stream(),
               { to.interior.nx + 2 * to.halo[0], to.interior.ny + 2 * to.halo[1], count * planes },
               [=] __device__(int column, int row, int layer) {
                 const Extents & e = to.interior;
                 const int       f = layer / planes;
                 const int       i = column - to.halo[0], j = row - to.halo[1], k = layer - f * planes - to.halo[2];
                 const auto      plane = static_cast<std::size_t>(point::wrap(k, e.nz));
                 chosen(ends.to, f)[i + j * to.rowStride + k * to.planeStride] =
                   chosen(ends.from, f)[(plane * e.ny + point::wrap(j, e.ny)) * e.nx + point::wrap(i, e.nx)];
               });
  return true;
}

} // namespace cuda
} // namespace gnr
