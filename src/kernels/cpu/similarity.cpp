// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/CpuKernels.h"

// squaredDistance is a reduction and stands with the others in algebra.cpp.

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

void
CpuKernels::weightedDifference(const Real * a, const Real * b, const Real * weight, Real * out, std::size_t n)
{
  if (weight == nullptr)
  {
    GNR_FOR_EACH(i, n)
    {
      out[i] = a[i] - b[i];
    }
    return;
  }
  GNR_FOR_EACH(i, n)
  {
    out[i] = weight[i] * (a[i] - b[i]);
  }
}

void
CpuKernels::gradientDyad(const ConstVectorView & g,
                         const Real *            weight,
                         const ConstVectorView & p,
                         const VectorView &      out,
                         std::size_t             n)
{
  const Real * gx = g[0];
  const Real * gy = g[1];
  const Real * gz = g[2];
  const Real * px = p[0];
  const Real * py = p[1];
  const Real * pz = p[2];
  Real *       ox = out[0];
  Real *       oy = out[1];
  Real *       oz = out[2];
  GNR_FOR_EACH(i, n)
  {
    const Real w = weight == nullptr ? Real(1) : weight[i];
    const Real s = w * (gx[i] * px[i] + gy[i] * py[i] + gz[i] * pz[i]);
    ox[i] = s * gx[i];
    oy[i] = s * gy[i];
    oz[i] = s * gz[i];
  }
}

void
CpuKernels::tensorProduct(const SymmetricTensorView & t,
                          const ConstVectorView &     p,
                          Real                        a,
                          Real                        b,
                          const VectorView &          out,
                          std::size_t                 n)
{
  const Real *const xx = t[0], *const xy = t[1], *const xz = t[2], *const yy = t[3], *const yz = t[4], *const zz = t[5];
  const Real *const px = p[0], *const py = p[1], *const pz = p[2];
  Real *const ox = out[0], *const oy = out[1], *const oz = out[2];
  if (b == Real(0))
  {
    GNR_FOR_EACH(i, n)
    {
      const Real x = a * px[i], y = a * py[i], z = a * pz[i];
      ox[i] = xx[i] * x + xy[i] * y + xz[i] * z;
      oy[i] = xy[i] * x + yy[i] * y + yz[i] * z;
      oz[i] = xz[i] * x + yz[i] * y + zz[i] * z;
    }
    return;
  }
  GNR_FOR_EACH(i, n)
  {
    const Real x = a * px[i], y = a * py[i], z = a * pz[i];
    ox[i] = xx[i] * x + xy[i] * y + xz[i] * z + b * ox[i];
    oy[i] = xy[i] * x + yy[i] * y + yz[i] * z + b * oy[i];
    oz[i] = xz[i] * x + yz[i] * y + zz[i] * z + b * oz[i];
  }
}

void
CpuKernels::normalizedMean(const Real * sum, const Real * weight, Real epsilon, Real * out, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    out[i] = (sum[i] + epsilon * out[i]) / (weight[i] + epsilon);
  }
}

void
CpuKernels::replaceUnweighted(const Real * weight, const Real * fill, Real * image, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    image[i] = weight[i] * image[i] + (Real(1) - weight[i]) * fill[i];
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
