// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/CpuKernels.h"
#include "kernels/point/interpolation.h"

#include <cmath>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{
namespace
{

// Points that are treated together: their weights are computed in vector registers and stay in the first-level cache.
constexpr int block = 64;

// Four neighbours along x at once; loads need no alignment.
typedef Real Four __attribute__((vector_size(4 * sizeof(Real))));
typedef Real FourUnaligned __attribute__((vector_size(4 * sizeof(Real)), aligned(sizeof(Real)), may_alias));

inline Four
load(const Real * p)
{
  return *reinterpret_cast<const FourUnaligned *>(p);
}

/** Cubic interpolation at `count` <= block points of one row; `row` is the padded point under the first of them. */
inline void
cubicBlock(const Real *   row,
           std::ptrdiff_t sy,
           std::ptrdiff_t sz,
           const Real *   dx,
           const Real *   dy,
           const Real *   dz,
           int            count,
           Real *         out)
{
  alignas(64) Real           wx[4][block], wy[4][block], wz[4][block];
  alignas(64) std::ptrdiff_t offset[block];
  alignas(64) Four           sum[block];
#pragma omp simd
  for (int i = 0; i < count; ++i)
  {
    const Real fx = std::floor(dx[i]), fy = std::floor(dy[i]), fz = std::floor(dz[i]);
    Real       a[4], b[4], c[4];
    point::cubicWeights(dx[i] - fx, a);
    point::cubicWeights(dy[i] - fy, b);
    point::cubicWeights(dz[i] - fz, c);
    for (int q = 0; q < 4; ++q)
    {
      wx[q][i] = a[q];
      wy[q][i] = b[q];
      wz[q][i] = c[q];
    }
    offset[i] = i + (static_cast<int>(fx) - 1) + (static_cast<int>(fy) - 1) * sy + (static_cast<int>(fz) - 1) * sz;
  }
  for (int i = 0; i < count; ++i)
  {
    const Real * q = row + offset[i];
    Four         s = { 0, 0, 0, 0 };
    for (int c = 0; c < 4; ++c)
    {
      const Real * r = q + c * sz;
      const Four   t =
        wy[0][i] * load(r) + wy[1][i] * load(r + sy) + wy[2][i] * load(r + 2 * sy) + wy[3][i] * load(r + 3 * sy);
      s += wz[c][i] * t;
    }
    sum[i] = s;
  }
  for (int i = 0; i < count; ++i)
  {
    out[i] = sum[i][0] * wx[0][i] + sum[i][1] * wx[1][i] + sum[i][2] * wx[2][i] + sum[i][3] * wx[3][i];
  }
}

inline void
linearBlock(const Real *   row,
            std::ptrdiff_t sy,
            std::ptrdiff_t sz,
            const Real *   dx,
            const Real *   dy,
            const Real *   dz,
            int            count,
            Real *         out)
{
  for (int i = 0; i < count; ++i)
  {
    const Real fx = std::floor(dx[i]), fy = std::floor(dy[i]), fz = std::floor(dz[i]);
    Real       wx[2], wy[2], wz[2];
    point::linearWeights(dx[i] - fx, wx);
    point::linearWeights(dy[i] - fy, wy);
    point::linearWeights(dz[i] - fz, wz);
    const Real * q = row + i + static_cast<int>(fx) + static_cast<int>(fy) * sy + static_cast<int>(fz) * sz;
    Real         s = 0;
    for (int c = 0; c < 2; ++c)
    {
      for (int b = 0; b < 2; ++b)
      {
        const Real * r = q + b * sy + c * sz;
        s += wz[c] * wy[b] * (wx[0] * r[0] + wx[1] * r[1]);
      }
    }
    out[i] = s;
  }
}

} // namespace

void
CpuKernels::interpolate(const Padded &          f,
                        const ConstVectorView & d,
                        const Real *            factor,
                        Interpolation           kind,
                        Real *                  out)
{
  const Extents        e = f.interior;
  const std::ptrdiff_t sy = f.rowStride, sz = f.planeStride;
  forRows(e, threads_, [=](int j, int k) {
    const std::size_t o = (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    const Real *      row = f.origin + j * sy + k * sz;
    for (int begin = 0; begin < e.nx; begin += block)
    {
      const int  count = e.nx - begin < block ? e.nx - begin : block;
      const auto p = o + begin;
      if (kind == Interpolation::Cubic)
      {
        cubicBlock(row + begin, sy, sz, d[0] + p, d[1] + p, d[2] + p, count, out + p);
      }
      else
      {
        linearBlock(row + begin, sy, sz, d[0] + p, d[1] + p, d[2] + p, count, out + p);
      }
      if (factor != nullptr)
      {
#pragma omp simd
        for (int i = 0; i < count; ++i)
        {
          out[p + i] *= factor[p + i];
        }
      }
    }
  });
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
