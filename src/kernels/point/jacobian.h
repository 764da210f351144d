// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_jacobian_h
#define gnr_kernels_point_jacobian_h

#include "kernels/point/decorations.h"

namespace gnr
{
namespace point
{

/** Cofactor (a, b) of a 3x3 matrix, with its sign. T may be a vector of numbers. */
template <typename T>
GNR_POINT T
cofactor(const T j[3][3], int a, int b)
{
  const int a1 = (a + 1) % 3, a2 = (a + 2) % 3, b1 = (b + 1) % 3, b2 = (b + 2) % 3;
  return j[a1][b1] * j[a2][b2] - j[a1][b2] * j[a2][b1];
}

/** z = J^-1 z by Cramer's rule [C3]. */
template <typename T>
GNR_POINT void
solve(const T j[3][3], T z[3])
{
  T determinant{}, adjugate[3]{};
  for (int b = 0; b < 3; ++b)
  {
    for (int a = 0; a < 3; ++a)
    {
      const T c = cofactor(j, a, b);
      adjugate[b] += c * z[a];
      if (a == 0)
      {
        determinant += c * j[0][b];
      }
    }
  }
  for (int b = 0; b < 3; ++b)
  {
    z[b] = adjugate[b] / determinant;
  }
}

/** z = det(J) J^T z [C4]. */
template <typename T>
GNR_POINT void
multiplyByTransposeAndDeterminant(const T j[3][3], T z[3])
{
  const T determinant = j[0][0] * cofactor(j, 0, 0) + j[0][1] * cofactor(j, 0, 1) + j[0][2] * cofactor(j, 0, 2);
  const T scaled[3] = { determinant * z[0], determinant * z[1], determinant * z[2] };
  for (int b = 0; b < 3; ++b)
  {
    z[b] = j[0][b] * scaled[0] + j[1][b] * scaled[1] + j[2][b] * scaled[2];
  }
}

} // namespace point
} // namespace gnr

#endif
