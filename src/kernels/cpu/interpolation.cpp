// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/simd.h"
#include "kernels/point/interpolation.h"

#include <cmath>
#include <type_traits>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{
namespace
{

// Points that are treated together: their weights are computed in vector registers and stay in the first-level cache.
constexpr int block = 64;

using Four = Vector<4>::Type;
#ifdef GNR_DOUBLE_PRECISION
typedef long Cells __attribute__((vector_size(lanes * sizeof(long)), may_alias));
#else
typedef int Cells __attribute__((vector_size(lanes * sizeof(int)), may_alias));
#endif
using Cell = std::remove_reference_t<decltype(Cells{}[0])>;

// From this many neighbours on, that look into one cell each, a whole vector of points costs less than one by one.
constexpr int shortestRun = 3;

/** Weights and cells of the points of a block. */
struct CubicBlock
{
  alignas(64) Real wx[4][block], wy[4][block], wz[4][block];
  alignas(64) Cell ix[block], iy[block], iz[block]; ///< floor of the displacement
  alignas(64) Cell moves[block];                    ///< not zero where the displacement's floor differs from the last
};

/** Weights and cells along one axis, in explicit vectors: g++ does not vectorise the plain loop. */
inline void
prepareAxis(const Real * d, int count, Real (*weights)[block], Cell * cell)
{
  int i = 0;
  for (; i + lanes <= count; i += lanes)
  {
    const Lanes x = load<lanes>(d + i);
    Cells       below = __builtin_convertvector(x, Cells);
    below += __builtin_convertvector(below, Lanes) > x; // truncated to floor: true is -1
    Lanes w[4];
    point::cubicWeights<Lanes, Real>(x - __builtin_convertvector(below, Lanes), w);
    for (int q = 0; q < 4; ++q)
    {
      *reinterpret_cast<Lanes *>(weights[q] + i) = w[q];
    }
    *reinterpret_cast<Cells *>(cell + i) = below;
  }
  for (; i < count; ++i)
  {
    const Real f = std::floor(d[i]);
    Real       w[4];
    point::cubicWeights(d[i] - f, w);
    for (int q = 0; q < 4; ++q)
    {
      weights[q][i] = w[q];
    }
    cell[i] = static_cast<Cell>(f);
  }
}

inline void
prepare(const Real * dx, const Real * dy, const Real * dz, int count, CubicBlock & w)
{
  prepareAxis(dx, count, w.wx, w.ix);
  prepareAxis(dy, count, w.wy, w.iy);
  prepareAxis(dz, count, w.wz, w.iz);
  w.moves[0] = 1;
#pragma omp simd
  for (int i = 1; i < count; ++i)
  {
    w.moves[i] = (w.ix[i] ^ w.ix[i - 1]) | (w.iy[i] ^ w.iy[i - 1]) | (w.iz[i] ^ w.iz[i - 1]);
  }
}

/** One point: four neighbours along x at once. `q` is the low corner of its 4^3 cell neighbourhood. */
inline Real
cubicPoint(const Real * q, std::ptrdiff_t sy, std::ptrdiff_t sz, const CubicBlock & w, int i)
{
  Four s = { 0, 0, 0, 0 };
  for (int c = 0; c < 4; ++c)
  {
    const Real * r = q + c * sz;
    s += w.wz[c][i] * (w.wy[0][i] * load<4>(r) + w.wy[1][i] * load<4>(r + sy) + w.wy[2][i] * load<4>(r + 2 * sy) +
                       w.wy[3][i] * load<4>(r + 3 * sy));
  }
  return s[0] * w.wx[0][i] + s[1] * w.wx[1][i] + s[2] * w.wx[2][i] + s[3] * w.wx[3][i];
}

/** Points i ... i + lanes - 1, all displaced into the same cell relative to themselves: no gather is needed. */
inline Lanes
cubicLanes(const Real * q, std::ptrdiff_t sy, std::ptrdiff_t sz, const CubicBlock & w, int i)
{
  const Lanes x0 = load<lanes>(w.wx[0] + i), x1 = load<lanes>(w.wx[1] + i), x2 = load<lanes>(w.wx[2] + i),
              x3 = load<lanes>(w.wx[3] + i);
  const Lanes y0 = load<lanes>(w.wy[0] + i), y1 = load<lanes>(w.wy[1] + i), y2 = load<lanes>(w.wy[2] + i),
              y3 = load<lanes>(w.wy[3] + i);
  const auto line = [&](const Real * r) {
    return x0 * load<lanes>(r) + x1 * load<lanes>(r + 1) + x2 * load<lanes>(r + 2) + x3 * load<lanes>(r + 3);
  };
  Lanes s = {};
  for (int c = 0; c < 4; ++c)
  {
    const Real * r = q + c * sz;
    s += load<lanes>(w.wz[c] + i) * (y0 * line(r) + y1 * line(r + sy) + y2 * line(r + 2 * sy) + y3 * line(r + 3 * sy));
  }
  return s;
}

/** Cubic interpolation at `count` <= block points of one row of `fields` arrays of one layout; `row` holds the padded
 * points under the first of them. */
template <int fields>
inline void
cubicBlock(const Real * const * row,
           std::ptrdiff_t       sy,
           std::ptrdiff_t       sz,
           const Real *         dx,
           const Real *         dy,
           const Real *         dz,
           int                  count,
           Real * const *       out)
{
  CubicBlock w;
  prepare(dx, dy, dz, count, w);
  // Departure points are close to the grid and smooth: most runs of neighbours look into the same cell.
  int end = 0;
  for (int begin = 0; begin < count; begin = end)
  {
    const std::ptrdiff_t corner = (w.ix[begin] - 1) + (w.iy[begin] - 1) * sy + (w.iz[begin] - 1) * sz;
    end = begin + 1;
    while (end < count && end < begin + lanes && w.moves[end] == 0)
    {
      ++end;
    }
    const bool one = end - begin < shortestRun || count < lanes;
    // The vector must not leave the block: its other lanes hold what is not wanted.
    const int first = begin < count - lanes ? begin : count - lanes;
    for (int c = 0; c < fields; ++c)
    {
      if (one)
      {
        for (int i = begin; i < end; ++i)
        {
          out[c][i] = cubicPoint(row[c] + corner + i, sy, sz, w, i);
        }
        continue;
      }
      const Lanes values = cubicLanes(row[c] + corner + first, sy, sz, w, first);
      if (end - begin == lanes)
      {
        store<lanes>(out[c] + begin, values);
        continue;
      }
      for (int i = begin; i < end; ++i)
      {
        out[c][i] = values[i - first];
      }
    }
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
  forRows(e, threadsFor(e.points(), sharedInterpolations), [=](int j, int k) {
    const std::size_t o = (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    const Real *      row = f.origin + j * sy + k * sz;
    for (int begin = 0; begin < e.nx; begin += block)
    {
      const int  count = e.nx - begin < block ? e.nx - begin : block;
      const auto p = o + begin;
      if (kind == Interpolation::Cubic)
      {
        const Real * const under = row + begin;
        Real * const       to = out + p;
        cubicBlock<1>(&under, sy, sz, d[0] + p, d[1] + p, d[2] + p, count, &to);
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

void
CpuKernels::interpolateVector(const Padded f[3], const ConstVectorView & d, const Real scale[3], const VectorView & out)
{
  const Extents        e = f[0].interior;
  const std::ptrdiff_t sy = f[0].rowStride, sz = f[0].planeStride;
  const Real * const   origin[3] = { f[0].origin, f[1].origin, f[2].origin };
  const Real           s[3] = { scale[0], scale[1], scale[2] };
  forRows(e, threadsFor(e.points(), sharedInterpolations), [=](int j, int k) {
    const std::size_t o = (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    for (int begin = 0; begin < e.nx; begin += block)
    {
      const int    count = e.nx - begin < block ? e.nx - begin : block;
      const auto   p = o + begin;
      const Real * under[3];
      Real *       to[3];
      for (int c = 0; c < 3; ++c)
      {
        under[c] = origin[c] + j * sy + k * sz + begin;
        to[c] = out[c] + p;
      }
      cubicBlock<3>(under, sy, sz, d[0] + p, d[1] + p, d[2] + p, count, to);
      for (int c = 0; c < 3; ++c)
      {
#pragma omp simd
        for (int i = 0; i < count; ++i)
        {
          to[c][i] *= s[c];
        }
      }
    }
  });
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
