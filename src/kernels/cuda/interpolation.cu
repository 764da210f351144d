// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"
#include "kernels/point/interpolation.h"

#include <cmath>

// Plain gathers: departure points lie close to the grid and are smooth, so neighbouring threads read neighbouring
// values and most of the 64 come from the first-level cache.

namespace gnr
{
namespace cuda
{
namespace
{

/** Cell and weights of one departure point. */
struct CubicPoint
{
  std::ptrdiff_t corner; ///< of its 4^3 neighbours, relative to the padded point
  Real           x[4], y[4], z[4];
};

__device__ __forceinline__ CubicPoint
cubicPoint(Real dx, Real dy, Real dz, std::ptrdiff_t sy, std::ptrdiff_t sz)
{
  const Real fx = std::floor(dx), fy = std::floor(dy), fz = std::floor(dz);
  CubicPoint p;
  point::cubicWeights(dx - fx, p.x);
  point::cubicWeights(dy - fy, p.y);
  point::cubicWeights(dz - fz, p.z);
  p.corner = (static_cast<int>(fx) - 1) + (static_cast<int>(fy) - 1) * sy + (static_cast<int>(fz) - 1) * sz;
  return p;
}

__device__ __forceinline__ Real
cubicValue(const Real * under, const CubicPoint & p, std::ptrdiff_t sy, std::ptrdiff_t sz)
{
  const Real * const q = under + p.corner;
  Real               value = 0;
#pragma unroll
  for (int c = 0; c < 4; ++c)
  {
    Real plane = 0;
#pragma unroll
    for (int b = 0; b < 4; ++b)
    {
      const Real * const r = q + b * sy + c * sz;
      plane += p.y[b] * (p.x[0] * r[0] + p.x[1] * r[1] + p.x[2] * r[2] + p.x[3] * r[3]);
    }
    value += p.z[c] * plane;
  }
  return value;
}

__device__ __forceinline__ Real
linearValue(const Real * under, Real dx, Real dy, Real dz, std::ptrdiff_t sy, std::ptrdiff_t sz)
{
  const Real fx = std::floor(dx), fy = std::floor(dy), fz = std::floor(dz);
  Real       wx[2], wy[2], wz[2];
  point::linearWeights(dx - fx, wx);
  point::linearWeights(dy - fy, wy);
  point::linearWeights(dz - fz, wz);
  const Real * const q = under + static_cast<int>(fx) + static_cast<int>(fy) * sy + static_cast<int>(fz) * sz;
  Real               value = 0;
#pragma unroll
  for (int c = 0; c < 2; ++c)
  {
#pragma unroll
    for (int b = 0; b < 2; ++b)
    {
      const Real * const r = q + b * sy + c * sz;
      value += wz[c] * wy[b] * (wx[0] * r[0] + wx[1] * r[1]);
    }
  }
  return value;
}

} // namespace

void
CudaKernels::interpolate(const Padded &          f,
                         const ConstVectorView & d,
                         const Real *            factor,
                         Interpolation           kind,
                         Real *                  out)
{
  const Padded      in = f;
  const Real *const dx = d[0], *const dy = d[1], *const dz = d[2];
  if (kind == Interpolation::Cubic)
  {
    forEachPoint(stream(), f.interior, [=] __device__(int i, int j, int k) {
      const std::size_t o = (static_cast<std::size_t>(k) * in.interior.ny + j) * in.interior.nx + i;
      const CubicPoint  p = cubicPoint(dx[o], dy[o], dz[o], in.rowStride, in.planeStride);
      const Real        value =
        cubicValue(in.origin + i + j * in.rowStride + k * in.planeStride, p, in.rowStride, in.planeStride);
      out[o] = factor != nullptr ? value * factor[o] : value;
    });
    return;
  }
  forEachPoint(stream(), f.interior, [=] __device__(int i, int j, int k) {
    const std::size_t o = (static_cast<std::size_t>(k) * in.interior.ny + j) * in.interior.nx + i;
    const Real        value = linearValue(
      in.origin + i + j * in.rowStride + k * in.planeStride, dx[o], dy[o], dz[o], in.rowStride, in.planeStride);
    out[o] = factor != nullptr ? value * factor[o] : value;
  });
}

void
CudaKernels::interpolateVector(const Padded            f[3],
                               const ConstVectorView & d,
                               const Real              scale[3],
                               const VectorView &      out)
{
  const Padded      in = f[0];
  const Real *const fx = f[0].origin, *const fy = f[1].origin, *const fz = f[2].origin;
  const Real *const dx = d[0], *const dy = d[1], *const dz = d[2];
  Real *const ox = out[0], *const oy = out[1], *const oz = out[2];
  const Real sx = scale[0], sy = scale[1], sz = scale[2];
  forEachPoint(stream(), in.interior, [=] __device__(int i, int j, int k) {
    const std::size_t    o = (static_cast<std::size_t>(k) * in.interior.ny + j) * in.interior.nx + i;
    const std::ptrdiff_t under = i + j * in.rowStride + k * in.planeStride;
    const CubicPoint     p = cubicPoint(dx[o], dy[o], dz[o], in.rowStride, in.planeStride);
    ox[o] = sx * cubicValue(fx + under, p, in.rowStride, in.planeStride);
    oy[o] = sy * cubicValue(fy + under, p, in.rowStride, in.planeStride);
    oz[o] = sz * cubicValue(fz + under, p, in.rowStride, in.planeStride);
  });
}

} // namespace cuda
} // namespace gnr
