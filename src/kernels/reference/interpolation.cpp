// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include <cmath>

namespace gnr
{
namespace
{

/** Weight at t of node `which` of the Lagrange polynomial through the nodes first ... last [I1]. */
double
lagrangeWeight(int which, int first, int last, double t)
{
  double weight = 1.0;
  for (int other = first; other <= last; ++other)
  {
    if (other != which)
    {
      weight *= (t - other) / double(which - other);
    }
  }
  return weight;
}

} // namespace

void
ReferenceKernels::interpolate(const Padded &          f,
                              const ConstVectorView & d,
                              const Real *            factor,
                              Interpolation           kind,
                              Real *                  out)
{
  const int       first = kind == Interpolation::Cubic ? -1 : 0;
  const int       last = kind == Interpolation::Cubic ? 2 : 1;
  const Extents & e = f.interior;

  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i)
      {
        const std::size_t n = i + std::size_t(e.nx) * (j + std::size_t(e.ny) * k);
        int               node[3] = { i, j, k };
        double            weights[3][4];
        for (int axis = 0; axis < 3; ++axis)
        {
          const double below = std::floor(double(d[axis][n]));
          node[axis] += static_cast<int>(below);
          for (int which = first; which <= last; ++which)
          {
            weights[axis][which - first] = lagrangeWeight(which, first, last, double(d[axis][n]) - below);
          }
        }
        double total = 0.0;
        for (int c = first; c <= last; ++c)
        {
          for (int b = first; b <= last; ++b)
          {
            for (int a = first; a <= last; ++a)
            {
              const double weight = weights[0][a - first] * weights[1][b - first] * weights[2][c - first];
              total +=
                weight * double(f.origin[(node[0] + a) + (node[1] + b) * f.rowStride + (node[2] + c) * f.planeStride]);
            }
          }
        }
        out[n] = static_cast<Real>(factor == nullptr ? total : double(factor[n]) * total);
      }
    }
  }
}

void
ReferenceKernels::interpolateVector(const Padded            f[3],
                                    const ConstVectorView & d,
                                    const Real              scale[3],
                                    const VectorView &      out)
{
  for (int c = 0; c < 3; ++c)
  {
    interpolate(f[c], d, nullptr, Interpolation::Cubic, out[c]);
    axpby(Real(0), out[c], scale[c], out[c], f[c].interior.points());
  }
}

} // namespace gnr
