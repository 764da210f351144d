// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_symbol_h
#define gnr_kernels_point_symbol_h

#include "kernels/point/decorations.h"

namespace gnr
{
namespace point
{

/** Signed frequency of index i of n. */
GNR_POINT int
frequency(int i, int n)
{
  return i <= n / 2 ? i : i - n;
}

/** The same for a first derivative: the Nyquist mode of an even n has no sign and is zero. */
GNR_POINT int
derivativeFrequency(int i, int n)
{
  return 2 * i == n ? 0 : frequency(i, n);
}

/** |k|^{2s} from |k|^2, s = 1, 2, 3. */
template <typename T>
GNR_POINT T
power(T squared, int s)
{
  return s == 1 ? squared : (s == 2 ? squared * squared : squared * squared * squared);
}

/** A symbol is diagonal * I + dyad * k k^T, k the first-derivative wave vector. These give (diagonal, dyad) from the full
 * |k|^2 and the |k|^2 of first derivatives; scale = l^{2(s-1)} [R1]. k = 0 is the caller's. */
template <typename T>
GNR_POINT void
regularizationSymbol(T squared, T, T beta, T gamma, T scale, int s, T & diagonal, T & dyad)
{
  diagonal = beta * scale * power(squared, s);
  dyad = beta * gamma;
}

template <typename T>
GNR_POINT void
inverseRegularizationSymbol(T squared, T squaredFirst, T beta, T gamma, T scale, int s, T & diagonal, T & dyad)
{
  const T c = beta * scale * power(squared, s);
  diagonal = T(1) / c;
  dyad = -diagonal * beta * gamma / (c + beta * gamma * squaredFirst);
}

} // namespace point
} // namespace gnr

#endif
