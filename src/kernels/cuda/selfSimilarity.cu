// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"
#include "kernels/point/bytes.h"
#include "kernels/point/exponential.h"
#include "kernels/point/wrap.h"

namespace gnr
{
namespace cuda
{

void
CudaKernels::shiftedSquaredDifference(const Padded & f, const int a[3], const int b[3], Real * out)
{
  const Padded from = f;
  const int    ax = a[0], ay = a[1], az = a[2], bx = b[0], by = b[1], bz = b[2];
  forEachPoint(stream(), f.interior, [=] __device__(int i, int j, int k) {
    const Extents & e = from.interior;
    const auto      at = [&](int x, int y, int z) {
      return from.isPeriodic ? from.origin[point::wrap(x, e.nx) + point::wrap(y, e.ny) * from.rowStride +
                                           point::wrap(z, e.nz) * from.planeStride]
                                  : from.origin[x + y * from.rowStride + z * from.planeStride];
    };
    const Real difference = at(i + ax, j + ay, k + az) - at(i + bx, j + by, k + bz);
    out[(static_cast<std::size_t>(k) * from.interior.ny + j) * from.interior.nx + i] = difference * difference;
  });
}

void
CudaKernels::selfSimilarity(Real *       fields,
                            std::size_t  stride,
                            int          channels,
                            const Real * variance,
                            Real         least,
                            Real         most,
                            std::size_t  n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) {
    Real smallest = fields[i];
    for (int c = 1; c < channels; ++c)
    {
      const Real value = fields[c * stride + i];
      smallest = value < smallest ? value : smallest;
    }
    const Real v = variance[i], bounded = v < least ? least : v;
    const Real scale = Real(1) / (bounded > most ? most : bounded);
    for (int c = 0; c < channels; ++c)
    {
      Real * const field = fields + c * stride + i;
      *field = point::decay((*field - smallest) * scale);
    }
  });
}

void
CudaKernels::toBytes(const Real * x, std::uint8_t * bytes, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) { bytes[i] = point::byteOf(x[i]); });
}

void
CudaKernels::fromBytes(const std::uint8_t * bytes, Real * x, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) { x[i] = point::shareOf<Real>(bytes[i]); });
}

} // namespace cuda
} // namespace gnr
