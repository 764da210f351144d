// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cpu_simd_h
#define gnr_kernels_cpu_simd_h

#include "kernels/cpu/CpuKernels.h"

#include <cstddef>
#include <type_traits>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

/** Explicit vectors of neighbours along x, for the loops that g++ does not vectorise by itself. Arithmetic on them is
 * elementwise. */
template <int width>
struct Vector
{
  typedef Real Type __attribute__((vector_size(width * sizeof(Real)), may_alias));
  typedef Real Unaligned __attribute__((vector_size(width * sizeof(Real)), aligned(sizeof(Real)), may_alias));
};

// Of one register: g++ takes wider vectors apart through memory.
#ifdef __AVX__
constexpr int registerBytes = 32;
#else
constexpr int registerBytes = 16;
#endif
constexpr int lanes = registerBytes / sizeof(Real);
using Lanes = Vector<lanes>::Type;

template <int width>
inline typename Vector<width>::Type
load(const Real * p)
{
  return *reinterpret_cast<const typename Vector<width>::Unaligned *>(p);
}

template <int width>
inline void
store(Real * p, const typename Vector<width>::Type & value)
{
  *reinterpret_cast<typename Vector<width>::Unaligned *>(p) = value;
}

/** Asks for what the same row of the next plane needs: the blocks of forRows() are too narrow for the hardware to see
 * where they go on. An address beyond the end does no harm. */
inline void
prefetch(const Real * p)
{
  __builtin_prefetch(p);
}

/** out[q][i] = body(width, i)[q] for i = 0 ... n - 1; `body` computes `width` neighbours from point i on, for the
 * outputs q = 0 ... outputs - 1, and may read what it overwrites. The last vector ends with the row, because nothing
 * behind it may be read: only its new part is stored. */
template <int outputs, typename Body>
inline void
forLanes(int n, Real * const * out, Body body)
{
  int i = 0;
  for (; i + lanes <= n; i += lanes)
  {
    Lanes values[outputs];
    body(std::integral_constant<int, lanes>{}, i, values);
    for (int q = 0; q < outputs; ++q)
    {
      store<lanes>(out[q] + i, values[q]);
    }
  }
  if (i == n)
  {
    return;
  }
  if (n < lanes)
  {
    for (; i < n; ++i)
    {
      Vector<1>::Type value[outputs];
      body(std::integral_constant<int, 1>{}, i, value);
      for (int q = 0; q < outputs; ++q)
      {
        out[q][i] = value[q][0];
      }
    }
    return;
  }
  Lanes values[outputs];
  body(std::integral_constant<int, lanes>{}, n - lanes, values);
  for (int q = 0; q < outputs; ++q)
  {
    for (int k = i; k < n; ++k)
    {
      out[q][k] = values[q][k - (n - lanes)];
    }
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr

#endif
