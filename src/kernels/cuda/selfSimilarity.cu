// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"
#include "kernels/point/bytes.h"
#include "kernels/point/exponential.h"

namespace gnr
{
namespace cuda
{

void
CudaKernels::shiftedSquaredDifference(const Padded & f, const int a[3], const int b[3], Real * out)
{
  const Padded         from = f;
  const std::ptrdiff_t toA = a[0] + a[1] * f.rowStride + a[2] * f.planeStride;
  const std::ptrdiff_t toB = b[0] + b[1] * f.rowStride + b[2] * f.planeStride;
  forEachPoint(stream(), f.interior, [=] __device__(int i, int j, int k) {
    const Real * const p = from.origin + i + j * from.rowStride + k * from.planeStride;
    const Real         difference = p[toA] - p[toB];
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
