// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cpu_reduce_h
#define gnr_kernels_cpu_reduce_h

#include "kernels/cpu/simd.h"

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

constexpr std::ptrdiff_t blockLength = 8192;

template <int width>
struct DoubleVector
{
  typedef double Type __attribute__((vector_size(width * sizeof(double))));
};
template <int width>
using Doubles = typename DoubleVector<width>::Type;

/** `width` values from p on, in double precision. */
template <int width>
inline Doubles<width>
loadDoubles(const Real * p)
{
  return __builtin_convertvector(load<width>(p), Doubles<width>);
}

/** Sum of term(width, i), the vector of the terms i ... i + width - 1, over [begin, end): as many independent sums as
 * keep the adders busy, in a fixed order. */
template <typename Term>
inline double
sumOf(std::ptrdiff_t begin, std::ptrdiff_t end, Term term)
{
  constexpr int  width = registerBytes / sizeof(double);
  constexpr int  unroll = 4;
  Doubles<width> partial[unroll] = {};
  std::ptrdiff_t i = begin;
  for (; i + unroll * width <= end; i += unroll * width)
  {
    for (int u = 0; u < unroll; ++u)
    {
      partial[u] += term(std::integral_constant<int, width>{}, i + u * width);
    }
  }
  double total = 0.0;
  for (; i < end; ++i)
  {
    total += term(std::integral_constant<int, 1>{}, i)[0];
  }
  for (int q = 0; q < width; ++q)
  {
    for (int u = 0; u < unroll; ++u)
    {
      total += partial[u][q];
    }
  }
  return total;
}

template <typename BlockSum>
double
CpuKernels::reduceBlocks(std::size_t n, BlockSum blockSum)
{
  const std::ptrdiff_t length = static_cast<std::ptrdiff_t>(n);
  const std::ptrdiff_t blocks = (length + blockLength - 1) / blockLength;
  double * const       partial = partials(blocks + 1);
#pragma omp parallel for schedule(static) num_threads(threadsFor(n, sharedElements))
  for (std::ptrdiff_t b = 0; b < blocks; ++b)
  {
    const std::ptrdiff_t end = (b + 1) * blockLength < length ? (b + 1) * blockLength : length;
    partial[b] = blockSum(b * blockLength, end);
  }
  double total = 0.0;
  for (std::ptrdiff_t b = 0; b < blocks; ++b)
  {
    total += partial[b];
  }
  return total;
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr

#endif
