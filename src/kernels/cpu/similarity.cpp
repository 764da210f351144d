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
