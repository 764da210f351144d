// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_symbol_h
#define gnr_kernels_point_symbol_h

#include "kernels/point/decorations.h"
#include "kernels/types.h"

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

/** Index of a signed frequency of n. */
GNR_POINT int
indexOf(int f, int n)
{
  return f < 0 ? f + n : f;
}

/** The frequency along y of a row of a spectrum, and the row of a frequency that the spectrum has. */
GNR_POINT int
frequencyOfRow(const SpectrumLayout & layout, int row)
{
  return row < layout.rows[0] ? layout.firstRow[0] + row : layout.firstRow[1] + (row - layout.rows[0]);
}

GNR_POINT int
rowOfFrequency(const SpectrumLayout & layout, int f)
{
  return f < 0 ? layout.rows[0] + (f - layout.firstRow[1]) : f - layout.firstRow[0];
}

/** |k|^{2s} from |k|^2, s = 1, 2, 3. */
template <typename T>
GNR_POINT T
power(T squared, int s)
{
  return s == 1 ? squared : (s == 2 ? squared * squared : squared * squared * squared);
}

/** A symbol is diagonal * I + dyad * k k^T, k the first-derivative wave vector. These give (diagonal, dyad) of A and of
 * its inverse (Sherman-Morrison) from c = beta l^{2(s-1)} |k|^{2s} (1 + |tau k|^2) and the |k|^2 of first derivatives
 * [R1]. k = 0 is the caller's. */
template <typename T>
GNR_POINT void
regularizationSymbol(T c, T betaGamma, T & diagonal, T & dyad)
{
  diagonal = c;
  dyad = betaGamma;
}

template <typename T>
GNR_POINT void
inverseRegularizationSymbol(T c, T squaredFirst, T betaGamma, T & diagonal, T & dyad)
{
  diagonal = T(1) / c;
  dyad = -diagonal * betaGamma / (c + betaGamma * squaredFirst);
}

} // namespace point
} // namespace gnr

#endif
