// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"
#include "kernels/point/interpolation.h"
#include "kernels/point/wrap.h"

#include <cmath>

// Plain gathers: departure points lie close to the grid and are smooth, so neighbouring threads read neighbouring
// values and most of the 64 come from the first-level cache. Of a periodic field the few points close to a face, or
// beyond it, find each neighbour by itself; for the others, and wherever there are halos, neighbours lie side by side.

namespace gnr
{
namespace cuda
{
namespace
{

/** What surrounds a departure point: its first neighbour, counted from the first point of the grid. */
struct Cell
{
  int x, y, z;
};

/** Whether the `width` neighbours along each axis lie in the array, one beside the other. */
__device__ __forceinline__ bool
isConnected(const Padded & in, const Cell & cell, int width)
{
  const Extents & e = in.interior;
  return !in.isPeriodic || (cell.x >= 0 && cell.y >= 0 && cell.z >= 0 && cell.x + width <= e.nx &&
                            cell.y + width <= e.ny && cell.z + width <= e.nz);
}

__device__ __forceinline__ std::ptrdiff_t
                           offsetOf(const Padded & in, const Cell & cell)
{
  return cell.x + cell.y * in.rowStride + cell.z * in.planeStride;
}

/** Weights of one departure point, and the neighbours that they belong to. */
struct CubicPoint
{
  Cell cell;
  bool isConnected;
  Real x[4], y[4], z[4];
};

__device__ __forceinline__ CubicPoint
cubicPoint(const Padded & in, int i, int j, int k, Real dx, Real dy, Real dz)
{
  const Real fx = std::floor(dx), fy = std::floor(dy), fz = std::floor(dz);
  CubicPoint p;
  point::cubicWeights(dx - fx, p.x);
  point::cubicWeights(dy - fy, p.y);
  point::cubicWeights(dz - fz, p.z);
  p.cell = { i + static_cast<int>(fx) - 1, j + static_cast<int>(fy) - 1, k + static_cast<int>(fz) - 1 };
  p.isConnected = isConnected(in, p.cell, 4);
  return p;
}

/** Without an index that changes, for which the array would have to lie in memory. */
__device__ __forceinline__ Real
chosen(const Real (&of)[4], int i)
{
  return i == 0 ? of[0] : i == 1 ? of[1] : i == 2 ? of[2] : of[3];
}

__device__ __forceinline__ Real
cubicValue(const Padded & in, const Real * origin, const CubicPoint & p)
{
  Real value = 0;
  if (p.isConnected)
  {
    const Real * const q = origin + offsetOf(in, p.cell);
#pragma unroll
    for (int c = 0; c < 4; ++c)
    {
      Real plane = 0;
#pragma unroll
      for (int b = 0; b < 4; ++b)
      {
        const Real * const r = q + b * in.rowStride + c * in.planeStride;
        plane += p.y[b] * (p.x[0] * r[0] + p.x[1] * r[1] + p.x[2] * r[2] + p.x[3] * r[3]);
      }
      value += p.z[c] * plane;
    }
    return value;
  }
  const Extents & e = in.interior;
  const int       x0 = point::wrap(p.cell.x, e.nx), x1 = point::wrap(p.cell.x + 1, e.nx);
  const int       x2 = point::wrap(p.cell.x + 2, e.nx), x3 = point::wrap(p.cell.x + 3, e.nx);
  // Few points: rolled up, so that they do not decide how many registers all take.
#pragma unroll 1
  for (int c = 0; c < 4; ++c)
  {
    const Real * const q = origin + point::wrap(p.cell.z + c, e.nz) * in.planeStride;
    Real               plane = 0;
#pragma unroll 1
    for (int b = 0; b < 4; ++b)
    {
      const Real * const r = q + point::wrap(p.cell.y + b, e.ny) * in.rowStride;
      plane += chosen(p.y, b) * (p.x[0] * r[x0] + p.x[1] * r[x1] + p.x[2] * r[x2] + p.x[3] * r[x3]);
    }
    value += chosen(p.z, c) * plane;
  }
  return value;
}

__device__ __forceinline__ Real
linearValue(const Padded & in, int i, int j, int k, Real dx, Real dy, Real dz)
{
  const Real fx = std::floor(dx), fy = std::floor(dy), fz = std::floor(dz);
  Real       wx[2], wy[2], wz[2];
  point::linearWeights(dx - fx, wx);
  point::linearWeights(dy - fy, wy);
  point::linearWeights(dz - fz, wz);
  const Cell cell{ i + static_cast<int>(fx), j + static_cast<int>(fy), k + static_cast<int>(fz) };
  const bool isHere = isConnected(in, cell, 2);
  const auto place = [=](int n, int size) { return isHere ? n : point::wrap(n, size); };
  const int  x0 = place(cell.x, in.interior.nx), x1 = place(cell.x + 1, in.interior.nx);
  Real       value = 0;
#pragma unroll
  for (int c = 0; c < 2; ++c)
  {
    const Real * const q = in.origin + place(cell.z + c, in.interior.nz) * in.planeStride;
#pragma unroll
    for (int b = 0; b < 2; ++b)
    {
      const Real * const r = q + place(cell.y + b, in.interior.ny) * in.rowStride;
      value += wz[c] * wy[b] * (wx[0] * r[x0] + wx[1] * r[x1]);
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
      const Real        value = cubicValue(in, in.origin, cubicPoint(in, i, j, k, dx[o], dy[o], dz[o]));
      out[o] = factor != nullptr ? value * factor[o] : value;
    });
    return;
  }
  forEachPoint(stream(), f.interior, [=] __device__(int i, int j, int k) {
    const std::size_t o = (static_cast<std::size_t>(k) * in.interior.ny + j) * in.interior.nx + i;
    const Real        value = linearValue(in, i, j, k, dx[o], dy[o], dz[o]);
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
    const std::size_t o = (static_cast<std::size_t>(k) * in.interior.ny + j) * in.interior.nx + i;
    const CubicPoint  p = cubicPoint(in, i, j, k, dx[o], dy[o], dz[o]);
    ox[o] = sx * cubicValue(in, fx, p);
    oy[o] = sy * cubicValue(in, fy, p);
    oz[o] = sz * cubicValue(in, fz, p);
  });
}

} // namespace cuda
} // namespace gnr
