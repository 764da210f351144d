// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/simd.h"
#include "kernels/point/bytes.h"
#include "kernels/point/exponential.h"

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

void
CpuKernels::shiftedSquaredDifference(const Padded & f, const int a[3], const int b[3], Real * out)
{
  const Extents        e = f.interior;
  const std::ptrdiff_t toA = a[0] + a[1] * f.rowStride + a[2] * f.planeStride;
  const std::ptrdiff_t toB = b[0] + b[1] * f.rowStride + b[2] * f.planeStride;
  forRows(e, threadsFor(e.points(), sharedStencils), [=](int j, int k) {
    const Real * p = f.origin + j * f.rowStride + k * f.planeStride;
    Real * const r = out + (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    forLanes<1>(e.nx, &r, [=](auto width, int i, auto * value) {
      const auto difference = load<width>(p + toA + i) - load<width>(p + toB + i);
      value[0] = difference * difference;
    });
  });
}

void
CpuKernels::selfSimilarity(Real *       fields,
                           std::size_t  stride,
                           int          channels,
                           const Real * variance,
                           Real         least,
                           Real         most,
                           std::size_t  n)
{
  // All channels of a block stay in the second-level cache for the second look at them.
  constexpr std::ptrdiff_t block = 2048;
  const std::ptrdiff_t     length = static_cast<std::ptrdiff_t>(n), blocks = (length + block - 1) / block;
#pragma omp parallel for schedule(static) num_threads(threadsFor(n, sharedInterpolations))
  for (std::ptrdiff_t b = 0; b < blocks; ++b)
  {
    const std::ptrdiff_t begin = b * block, count = length - begin < block ? length - begin : block;
    Real                 smallest[block], scale[block];
    for (std::ptrdiff_t i = 0; i < count; ++i)
    {
      const Real v = variance[begin + i], bounded = v < least ? least : v;
      scale[i] = Real(1) / (bounded > most ? most : bounded);
      smallest[i] = fields[begin + i];
    }
    for (int c = 1; c < channels; ++c)
    {
      const Real * const field = fields + c * stride + begin;
      for (std::ptrdiff_t i = 0; i < count; ++i)
      {
        smallest[i] = field[i] < smallest[i] ? field[i] : smallest[i];
      }
    }
    for (int c = 0; c < channels; ++c)
    {
      Real * const field = fields + c * stride + begin;
#pragma omp simd
      for (std::ptrdiff_t i = 0; i < count; ++i)
      {
        field[i] = point::decay((field[i] - smallest[i]) * scale[i]);
      }
    }
  }
}

void
CpuKernels::toBytes(const Real * x, std::uint8_t * bytes, std::size_t n)
{
  const std::ptrdiff_t length = static_cast<std::ptrdiff_t>(n);
#pragma omp parallel for simd schedule(static) num_threads(threadsFor(n, sharedElements))
  for (std::ptrdiff_t i = 0; i < length; ++i)
  {
    bytes[i] = point::byteOf(x[i]);
  }
}

void
CpuKernels::fromBytes(const std::uint8_t * bytes, Real * x, std::size_t n)
{
  const std::ptrdiff_t length = static_cast<std::ptrdiff_t>(n);
#pragma omp parallel for simd schedule(static) num_threads(threadsFor(n, sharedElements))
  for (std::ptrdiff_t i = 0; i < length; ++i)
  {
    x[i] = point::shareOf<Real>(bytes[i]);
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
