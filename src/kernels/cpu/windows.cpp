// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/rows.h"
#include "kernels/cpu/simd.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{
namespace
{

/** out[i] = sum_q window_|q| line(q)[i] for i = 0 ... n - 1 [L1]. Several registers at once: a sum alone would wait for
 * its last term. */
template <typename Line>
inline void
weigh(int n, const Window & window, Line line, Real * out)
{
  constexpr int vectors = 4;
  int           i = 0;
  for (; i + vectors * lanes <= n; i += vectors * lanes)
  {
    Lanes              sum[vectors];
    const Real * const middle = line(0) + i;
    for (int v = 0; v < vectors; ++v)
    {
      sum[v] = window.weight[0] * load<lanes>(middle + v * lanes);
    }
    for (int q = 1; q <= window.radius; ++q)
    {
      const Real         w = window.weight[q];
      const Real * const before = line(-q) + i;
      const Real * const after = line(q) + i;
      for (int v = 0; v < vectors; ++v)
      {
        sum[v] += w * (load<lanes>(before + v * lanes) + load<lanes>(after + v * lanes));
      }
    }
    for (int v = 0; v < vectors; ++v)
    {
      store<lanes>(out + i + v * lanes, sum[v]);
    }
  }
  Real * const rest = out + i;
  forLanes<1>(n - i, &rest, [=, &window](auto width, int o, auto * value) {
    value[0] = window.weight[0] * load<width>(line(0) + i + o);
    for (int q = 1; q <= window.radius; ++q)
    {
      value[0] += window.weight[q] * (load<width>(line(-q) + i + o) + load<width>(line(q) + i + o));
    }
  });
}

/** The rows of one plane, convolved along x, as far as the window along y sees them. A row is read when the window
 * reaches it, before the row in the middle of the window is written, so that the plane may be overwritten; copies of
 * the first rows are kept, because the last windows see them again behind the end. */
class Rows
{
public:
  Rows(const Extents & e, const Window & x, const Window & y)
    : e_(e)
    , x_(x)
    , radius_(y.radius)
    , span_(2 * y.radius + 1)
    , kept_(std::min(y.radius, e.ny))
    , memory_(static_cast<std::size_t>(span_ + kept_) * e.nx)
    , padded_(e.nx + 2 * x.radius)
  {}

  /** Reads what the window around row 0 sees, but for its last row. */
  void
  start(const Real * plane)
  {
    plane_ = plane;
    for (int j = -radius_; j < radius_; ++j)
    {
      read(j);
    }
  }
  /** Sets lines[radius + q] to row j + q, convolved; to be called for j = 0, 1, 2, ... */
  void
  moveTo(int j, const Real ** lines)
  {
    read(j + radius_);
    for (int s = 0; s < span_; ++s)
    {
      lines[s] = ring((j + s) % span_);
    }
  }

private:
  Real *
  ring(int slot)
  {
    return memory_.data() + static_cast<std::size_t>(slot) * e_.nx;
  }
  void
  read(int j)
  {
    Real * const      row = ring((j + radius_) % span_);
    const int         source = point::wrap(j, e_.ny);
    const std::size_t bytes = sizeof(Real) * e_.nx;
    if (j >= e_.ny)
    {
      std::memcpy(row, ring(span_ + source), bytes);
      return;
    }
    Real * const middle = padded_.data() + x_.radius;
    padRow(plane_ + static_cast<std::size_t>(source) * e_.nx, e_.nx, x_.radius, middle);
    weigh(e_.nx, x_, [=](int q) { return middle + q; }, row);
    if (j >= 0 && j < kept_)
    {
      std::memcpy(ring(span_ + j), row, bytes);
    }
  }

  const Extents &   e_;
  const Window &    x_;
  int               radius_, span_, kept_;
  std::vector<Real> memory_; ///< the rows in the window, row j at (j + radius) % span, and behind them the first ones
  std::vector<Real> padded_;
  const Real *      plane_ = nullptr;
};

} // namespace

void
CpuKernels::convolvePlanes(const Real * f, const Extents & extents, const Window & x, const Window & y, Real * out)
{
  const std::size_t plane = static_cast<std::size_t>(extents.nx) * extents.ny;
#pragma omp parallel num_threads(threadsFor(extents.points(), sharedStencils))
  {
    Rows         rows(extents, x, y);
    const Real * lines[2 * Window::mostRadius + 1];
#pragma omp for schedule(dynamic)
    for (int k = 0; k < extents.nz; ++k)
    {
      rows.start(f + k * plane);
      for (int j = 0; j < extents.ny; ++j)
      {
        rows.moveTo(j, lines);
        weigh(
          extents.nx,
          y,
          [&](int q) { return lines[y.radius + q]; },
          out + k * plane + static_cast<std::size_t>(j) * extents.nx);
      }
    }
  }
}

void
CpuKernels::convolveAcross(const Padded & f, const Window & z, Real * out)
{
  const Extents e = f.interior;
  forRows(e, threadsFor(e.points(), sharedStencils), [=, &z](int j, int k) {
    const Real * const p = f.origin + j * f.rowStride + k * f.planeStride;
    weigh(e.nx, z, [=](int q) { return p + q * f.planeStride; }, out + (static_cast<std::size_t>(k) * e.ny + j) * e.nx);
  });
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
