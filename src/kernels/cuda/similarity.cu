// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/reduce.h"
#include "kernels/point/limit.h"

namespace gnr
{
namespace cuda
{

double
CudaKernels::squaredDistance(const Real * a, const Real * b, const Real * weight, std::size_t n)
{
  return reduce<Sum>(*this, stream(), n, [=] __device__(std::size_t i) {
    const double d = double(a[i]) - double(b[i]);
    return (weight == nullptr ? 1.0 : double(weight[i])) * d * d;
  });
}

void
CudaKernels::weightedDifference(const Real * a, const Real * b, const Real * weight, Real * out, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) {
    const Real d = a[i] - b[i];
    out[i] = weight == nullptr ? d : weight[i] * d;
  });
}

void
CudaKernels::gradientDyad(const ConstVectorView & g,
                          const Real *            weight,
                          const ConstVectorView & p,
                          const VectorView &      out,
                          std::size_t             n)
{
  const Real *const gx = g[0], *const gy = g[1], *const gz = g[2];
  const Real *const px = p[0], *const py = p[1], *const pz = p[2];
  Real *const ox = out[0], *const oy = out[1], *const oz = out[2];
  forEach(stream(), n, [=] __device__(std::size_t i) {
    const Real w = weight == nullptr ? Real(1) : weight[i];
    const Real s = w * (gx[i] * px[i] + gy[i] * py[i] + gz[i] * pz[i]);
    ox[i] = s * gx[i];
    oy[i] = s * gy[i];
    oz[i] = s * gz[i];
  });
}

void
CudaKernels::tensorProduct(const SymmetricTensorView & t,
                           const ConstVectorView &     p,
                           Real                        a,
                           Real                        b,
                           const VectorView &          out,
                           std::size_t                 n)
{
  const Real *const xx = t[0], *const xy = t[1], *const xz = t[2], *const yy = t[3], *const yz = t[4], *const zz = t[5];
  const Real *const px = p[0], *const py = p[1], *const pz = p[2];
  Real *const ox = out[0], *const oy = out[1], *const oz = out[2];
  forEach(stream(), n, [=] __device__(std::size_t i) {
    const Real x = a * px[i], y = a * py[i], z = a * pz[i];
    const Real qx = xx[i] * x + xy[i] * y + xz[i] * z;
    const Real qy = xy[i] * x + yy[i] * y + yz[i] * z;
    const Real qz = xz[i] * x + yz[i] * y + zz[i] * z;
    ox[i] = b != Real(0) ? qx + b * ox[i] : qx;
    oy[i] = b != Real(0) ? qy + b * oy[i] : qy;
    oz[i] = b != Real(0) ? qz + b * oz[i] : qz;
  });
}

void
CudaKernels::stiffen(const Real * squared, Real scale, Real cap, Real * weight, std::size_t n, double * penalty)
{
  if (penalty == nullptr)
  {
    forEach(stream(), n, [=] __device__(std::size_t i) {
      Real w;
      point::wall(squared[i], scale, cap, w);
      weight[i] = w;
    });
    return;
  }
  *penalty = reduce<Sum>(*this, stream(), n, [=] __device__(std::size_t i) {
    Real         w;
    const double value = double(point::wall(squared[i], scale, cap, w));
    weight[i] = w;
    return value;
  });
}

void
CudaKernels::normalizedMean(const Real * sum, const Real * weight, Real epsilon, Real * out, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) { out[i] = (sum[i] + epsilon * out[i]) / (weight[i] + epsilon); });
}

void
CudaKernels::replaceUnweighted(const Real * weight, const Real * fill, Real * image, std::size_t n)
{
  forEach(
    stream(), n, [=] __device__(std::size_t i) { image[i] = weight[i] * image[i] + (Real(1) - weight[i]) * fill[i]; });
}

} // namespace cuda
} // namespace gnr
