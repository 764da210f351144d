// SPDX-License-Identifier: Apache-2.0
#include "kernels/SpectralPieces.h"
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"
#include "kernels/point/symbol.h"

#include <algorithm>
#include <cmath>

namespace gnr
{
namespace cuda
{
namespace
{

/** Calls piece(first, rows) for all rows of a layout. */
template <typename Piece>
void
forPieces(const SpectrumLayout & layout, int components, Piece piece)
{
  const int most = SpectralPieces::rowsAtOnce(layout, components);
  for (int first = 0; first < layout.rowCount(); first += most)
  {
    piece(first, std::min(most, layout.rowCount() - first));
  }
}

CufftPlans::Plan
columnsPlan(CufftPlans & plans, const SpectrumLayout & layout, int components, int rows)
{
  return plans.columns(
    layout.size[2], layout.zStride, layout.zStride, rows * SpectralPieces::widthOf(layout, components));
}

/** The transforms along z of some rows, in place. */
void
transformColumns(CufftPlans &           plans,
                 void *                 workArea,
                 Complex * const *      spectrum,
                 int                    components,
                 const SpectrumLayout & layout,
                 int                    first,
                 int                    rows,
                 int                    sign)
{
  const CufftPlans::Plan plan = columnsPlan(plans, layout, components, rows);
  const int              parts = SpectralPieces::isJoined(layout, components) ? 1 : components;
  for (int c = 0; c < parts; ++c)
  {
    Complex * const data = spectrum[c] + first * layout.rowStride;
    plans.run(plan, workArea, data, data, sign);
  }
}

/** Work area of the transforms along z of a layout. */
std::size_t
columnsWork(CufftPlans & plans, const SpectrumLayout & layout, int components)
{
  std::size_t bytes = 0;
  forPieces(layout, components, [&](int, int rows) {
    bytes = std::max(bytes, columnsPlan(plans, layout, components, rows).workBytes);
  });
  return bytes;
}

/** Calls piece(first, rows) for the rows of frequencies that `out` takes from `in`, counted as frequencies: from zero
 * upwards, and the negative ones. */
template <typename Piece>
void
forSharedRows(int components, const SpectrumLayout & in, const SpectrumLayout & out, Piece piece)
{
  const int kept = (std::min(in.size[1], out.size[1]) + 1) / 2;
  const int most = SpectralPieces::rowsAtOnce(in, components);
  for (int run = 0; run < 2; ++run)
  {
    const int first = out.firstRow[run];
    const int end = std::min(kept, first + out.rows[run]);
    for (int fy = std::max(1 - kept, first); fy < end; fy += most)
    {
      piece(fy, std::min(most, end - fy));
    }
  }
}

/** The transform along z of some rows, to where they follow one another without gaps. */
CufftPlans::Plan
rowsPlan(CufftPlans & plans, const SpectrumLayout & layout, int components, int rows)
{
  const int columns = rows * SpectralPieces::widthOf(layout, components);
  return plans.columns(layout.size[2], layout.zStride, columns, columns);
}

/** Components that are resampled at once: all where both spectra have them joined, else one by one. */
int
togetherIn(int components, const SpectrumLayout & in, const SpectrumLayout & out)
{
  return SpectralPieces::isJoined(in, components) && SpectralPieces::isJoined(out, components) ? components : 1;
}

/** Rounded so that what comes behind is aligned as cudaMalloc aligns. */
std::size_t
rowsBytes(const SpectrumLayout & layout, int components, int rows)
{
  constexpr std::size_t alignment = 256;
  return (sizeof(Complex) * SpectralPieces::widthOf(layout, components) * rows * layout.size[2] + alignment - 1) /
         alignment * alignment;
}

/** The parts of a Symbol that do not depend on the wave vector, in the precision of the fields. */
struct SymbolConstants
{
  Symbol::Kind kind;
  bool         project;
  int          order;
  Real         scale; ///< beta l^{2(s-1)}
  Real         betaGamma;
  Real         smallest;
  Real         normalization;
  Real         waveNumber[3];
  Real         tau[3];
  Real         sigma[3];
};

SymbolConstants
constantsOf(const Symbol & symbol, const int size[3])
{
  SymbolConstants c{};
  c.kind = symbol.kind;
  c.project = symbol.project;
  c.order = symbol.order;
  c.scale = Real(symbol.beta);
  for (int power = 1; power < symbol.order; ++power)
  {
    c.scale *= Real(symbol.ell * symbol.ell);
  }
  c.betaGamma = Real(symbol.beta * symbol.gamma);
  c.smallest = Real(symbol.kMinimum);
  c.normalization = Real(1.0 / (double(size[0]) * size[1] * size[2]));
  for (int a = 0; a < 3; ++a)
  {
    c.waveNumber[a] = Real(symbol.waveNumber[a]);
    c.tau[a] = Real(symbol.tau[a]);
    c.sigma[a] = Real(symbol.sigma[a]);
  }
  return c;
}

/** diagonal I + dyad first first^T, divided by the number of points. */
struct SymbolValue
{
  Real diagonal;
  Real dyad;
  Real first[3]; ///< wave vector of first derivatives
};

__device__ __forceinline__ SymbolValue
evaluate(const SymbolConstants & c, int kx, int ky, int kz, int nx, int ny, int nz)
{
  SymbolValue v;
  const Real  k[3] = { c.waveNumber[0] * kx,
                       c.waveNumber[1] * point::frequency(ky, ny),
                       c.waveNumber[2] * point::frequency(kz, nz) };
  v.first[0] = c.waveNumber[0] * point::derivativeFrequency(kx, nx);
  v.first[1] = c.waveNumber[1] * point::derivativeFrequency(ky, ny);
  v.first[2] = c.waveNumber[2] * point::derivativeFrequency(kz, nz);
  Real squared = 0, squaredFirst = 0, stiffening = 1, exponent = 0;
#pragma unroll
  for (int a = 0; a < 3; ++a)
  {
    const Real s = c.sigma[a] * k[a], t = c.tau[a] * k[a];
    squared += k[a] * k[a];
    squaredFirst += v.first[a] * v.first[a];
    stiffening += t * t;
    exponent += s * s;
  }
  Real       diagonal = 1, dyad = 0;
  const bool isMean = squared == Real(0);
  switch (c.kind)
  {
    case Symbol::Kind::Identity:
    case Symbol::Kind::Projection:
      break;
    case Symbol::Kind::Regularization:
      point::regularizationSymbol(c.scale * point::power(squared, c.order) * stiffening, c.betaGamma, diagonal, dyad);
      break;
    case Symbol::Kind::InverseRegularization:
      point::inverseRegularizationSymbol(c.scale * point::power(isMean ? c.smallest * c.smallest : squared, c.order) *
                                           stiffening,
                                         squaredFirst,
                                         c.betaGamma,
                                         diagonal,
                                         dyad);
      break;
    case Symbol::Kind::Gaussian:
      diagonal = std::exp(Real(-0.5) * exponent);
      break;
  }
  if ((c.project || c.kind == Symbol::Kind::Projection) && squaredFirst > Real(0))
  {
    dyad = -diagonal / squaredFirst;
  }
  v.diagonal = diagonal * c.normalization;
  v.dyad = dyad * c.normalization;
  return v;
}

/** How the frequencies of one grid are taken over to another over the same box. */
struct Shift
{
  int    shared[3];     ///< points of the coarser grid along each axis
  double turns[3];      ///< from the first point of one to that of the other, as shares of the box
  double normalization; ///< of the grid they come from

  __device__ __forceinline__ bool
  isShared(int axis, int frequency) const
  {
    return 2 * (frequency < 0 ? -frequency : frequency) < shared[axis];
  }

  /** A value of the other grid, moved. */
  __device__ __forceinline__ float2
  moved(float2 value, int fx, int fy, int fz) const
  {
    const double angle = fx * turns[0] + fy * turns[1] + fz * turns[2];
    double       sine, cosine;
    sincospi(2.0 * angle, &sine, &cosine);
    const Real re = Real(normalization * cosine), im = Real(normalization * sine);
    return { value.x * re - value.y * im, value.x * im + value.y * re };
  }
};

Shift
shiftBetween(const SpectrumLayout & from, const SpectrumLayout & to)
{
  Shift s{};
  for (int a = 0; a < 3; ++a)
  {
    s.shared[a] = std::min(from.size[a], to.size[a]);
    s.turns[a] = to.origin[a] - from.origin[a];
  }
  s.normalization = 1.0 / (double(from.size[0]) * from.size[1] * from.size[2]);
  return s;
}

struct BandView
{
  const float2 * spectrum[3]; ///< null: there is no band
  SpectrumLayout layout;
  Shift          shift;
};

/** Multiplies rows from `first` on by the symbol, or takes what the band has. 16 B a complex number */
template <int components>
struct MultiplyBySymbol
{
  float2 *        spectrum[components];
  SpectrumLayout  layout;
  int             first;
  SymbolConstants constants;
  BandView        band;

  __device__ void
  operator()(int column, int kz, int) const
  {
    const int            half = layout.size[0] / 2 + 1;
    const int            kx = column % half, row = first + column / half;
    const int            fy = point::frequencyOfRow(layout, row), ky = point::indexOf(fy, layout.size[1]);
    const std::ptrdiff_t o = kx + row * layout.rowStride + kz * layout.zStride;
    if (band.spectrum[0] != nullptr)
    {
      const int fz = point::frequency(kz, layout.size[2]);
      if (band.shift.isShared(0, kx) && band.shift.isShared(1, fy) && band.shift.isShared(2, fz))
      {
        const std::ptrdiff_t from = kx + point::rowOfFrequency(band.layout, fy) * band.layout.rowStride +
                                    point::indexOf(fz, band.layout.size[2]) * band.layout.zStride;
        for (int c = 0; c < components; ++c)
        {
          spectrum[c][o] = band.shift.moved(band.spectrum[c][from], kx, fy, fz);
        }
        return;
      }
    }
    const SymbolValue v = evaluate(constants, kx, ky, kz, layout.size[0], layout.size[1], layout.size[2]);
    float2            value[components];
    float2            along{ 0, 0 };
#pragma unroll
    for (int c = 0; c < components; ++c)
    {
      value[c] = spectrum[c][o];
      along.x += v.first[c] * value[c].x;
      along.y += v.first[c] * value[c].y;
    }
    const Real dyad = components == 3 ? v.dyad : Real(0);
#pragma unroll
    for (int c = 0; c < components; ++c)
    {
      spectrum[c][o] = { v.diagonal * value[c].x + v.first[c] * (dyad * along.x),
                         v.diagonal * value[c].y + v.first[c] * (dyad * along.y) };
    }
  }
};

template <int components>
void
multiplyColumns(StreamHere              here,
                Complex * const *       spectrum,
                const SpectrumLayout &  layout,
                int                     first,
                int                     rows,
                const SymbolConstants & constants,
                const BandView &        band)
{
  MultiplyBySymbol<components> body{};
  for (int c = 0; c < components; ++c)
  {
    body.spectrum[c] = reinterpret_cast<float2 *>(spectrum[c]);
  }
  body.layout = layout;
  body.first = first;
  body.constants = constants;
  body.band = band;
  forEachPoint(here, { rows * layout.nxHalf(), layout.size[2], 1 }, body);
}

/** Rows of frequencies fy, fy + 1, ... that were transformed along z of one grid, to where they belong on the other. */
void
placeRows(StreamHere             here,
          const float2 *         rows,
          int                    components,
          const SpectrumLayout & from,
          float2 *               target,
          const SpectrumLayout & layout,
          int                    fy,
          int                    count,
          const Shift &          shared)
{
  const SpectrumLayout to = layout;
  const Shift          shift = shared;
  const int            half = from.nxHalf(), nz = from.size[2], toHalf = to.nxHalf();
  const int            width = components * half, columns = count * width;
  const int            firstRow = point::rowOfFrequency(layout, fy);
  forEachPoint(here, { (shift.shared[0] + 1) / 2, count, to.size[2] }, [=] __device__(int kx, int row, int z) {
    const int fz = point::frequency(z, to.size[2]);
    if (shift.isShared(2, fz))
    {
      const float2 * const from =
        rows + row * width + kx + static_cast<std::ptrdiff_t>(point::indexOf(fz, nz)) * columns;
      float2 * const at = target + kx + (firstRow + row) * to.rowStride + z * to.zStride;
      for (int c = 0; c < components; ++c)
      {
        at[c * toHalf] = shift.moved(from[c * half], kx, fy + row, fz);
      }
    }
  });
}

} // namespace

std::size_t
CudaKernels::planesScratch(const Extents & e, std::ptrdiff_t rowStride)
{
  stream(); // its device
  const int   most = SpectralPieces::planesAtOnce(e);
  std::size_t bytes = 0;
  for (int z = 0; z < e.nz; z += most)
  {
    const int planes = std::min(most, e.nz - z);
    bytes = std::max({ bytes,
                       equipment_->plans.forwardPlanes(e.nx, e.ny, rowStride, planes).workBytes,
                       equipment_->plans.backwardPlanes(e.nx, e.ny, rowStride, planes).workBytes });
  }
  return bytes;
}

std::size_t
CudaKernels::symbolScratch(int components, const SpectrumLayout & layout, const SpectrumBand * band)
{
  stream();
  const std::size_t ofBand = band != nullptr ? columnsWork(equipment_->plans, band->layout, components) : 0;
  return std::max(ofBand, columnsWork(equipment_->plans, layout, components));
}

std::size_t
CudaKernels::resampleScratch(int components, const SpectrumLayout & inLayout, const SpectrumLayout & outLayout)
{
  stream();
  const int   together = togetherIn(components, inLayout, outLayout);
  std::size_t bytes = columnsWork(equipment_->plans, outLayout, together);
  forSharedRows(together, inLayout, outLayout, [&](int, int rows) {
    bytes = std::max(
      bytes, rowsBytes(inLayout, together, rows) + rowsPlan(equipment_->plans, inLayout, together, rows).workBytes);
  });
  return bytes;
}

void
CudaKernels::reserveScratch(std::size_t bytes)
{
  stream();
  equipment_->scratch.atLeast(bytes);
}

void
CudaKernels::forwardPlanes(const Real * x, const Extents & e, Complex * spectrum, std::ptrdiff_t rowStride)
{
  const int         most = SpectralPieces::planesAtOnce(e);
  const std::size_t plane = static_cast<std::size_t>(e.nx) * e.ny;
  void * const      area = equipment_->scratch.atLeast(planesScratch(e, rowStride));
  for (int z = 0; z < e.nz; z += most)
  {
    equipment_->plans.run(equipment_->plans.forwardPlanes(e.nx, e.ny, rowStride, std::min(most, e.nz - z)),
                          area,
                          x + z * plane,
                          spectrum + z * rowStride * e.ny);
  }
}

void
CudaKernels::backwardPlanes(Complex * spectrum, std::ptrdiff_t rowStride, const Extents & e, Real * x)
{
  const int         most = SpectralPieces::planesAtOnce(e);
  const std::size_t plane = static_cast<std::size_t>(e.nx) * e.ny;
  void * const      area = equipment_->scratch.atLeast(planesScratch(e, rowStride));
  for (int z = 0; z < e.nz; z += most)
  {
    equipment_->plans.run(equipment_->plans.backwardPlanes(e.nx, e.ny, rowStride, std::min(most, e.nz - z)),
                          area,
                          spectrum + z * rowStride * e.ny,
                          x + z * plane);
  }
}

void
CudaKernels::applySymbol(Complex * const *      spectrum,
                         int                    components,
                         const SpectrumLayout & layout,
                         const Symbol &         symbol,
                         const SpectrumBand *   band)
{
  const StreamHere s = stream(); // its name is not that of a lambda
  void * const     area = equipment_->scratch.atLeast(symbolScratch(components, layout, band));
  const auto       transform =
    [&](Complex * const * data, const SpectrumLayout & rowsOf, int first, int rows, int direction) {
      transformColumns(equipment_->plans, area, data, components, rowsOf, first, rows, direction);
    };
  BandView view{};
  if (band != nullptr)
  {
    view.layout = band->layout;
    view.shift = shiftBetween(band->layout, layout);
    for (int c = 0; c < components; ++c)
    {
      view.spectrum[c] = reinterpret_cast<const float2 *>(band->spectrum[c]);
    }
    forPieces(band->layout, components, [&](int first, int rows) {
      transform(band->spectrum, band->layout, first, rows, CUFFT_FORWARD);
    });
  }
  const SymbolConstants constants = constantsOf(symbol, layout.size);
  forPieces(layout, components, [&](int first, int rows) {
    transform(spectrum, layout, first, rows, CUFFT_FORWARD);
    if (components == 3)
    {
      multiplyColumns<3>(s, spectrum, layout, first, rows, constants, view);
    }
    else
    {
      multiplyColumns<1>(s, spectrum, layout, first, rows, constants, view);
    }
    transform(spectrum, layout, first, rows, CUFFT_INVERSE);
  });
}

void
CudaKernels::resampleSpectrum(const Complex * const * in,
                              int                     components,
                              const SpectrumLayout &  inLayout,
                              Complex * const *       out,
                              const SpectrumLayout &  outLayout)
{
  const StreamHere     s = stream();
  const SpectrumLayout to = outLayout;
  const Shift          shift = shiftBetween(inLayout, outLayout);
  // Each piece goes through scratch memory, so that `in` stays as it is.
  char * const scratch =
    static_cast<char *>(equipment_->scratch.atLeast(resampleScratch(components, inLayout, outLayout)));
  const int together = togetherIn(components, inLayout, outLayout);
  for (int c = 0; c < components; c += together)
  {
    float2 * const target = reinterpret_cast<float2 *>(out[c]);
    forEachPoint(s,
                 { SpectralPieces::widthOf(outLayout, together), outLayout.rowCount(), outLayout.size[2] },
                 [=] __device__(int i, int row, int z) { target[i + row * to.rowStride + z * to.zStride] = { 0, 0 }; });
    forSharedRows(together, inLayout, outLayout, [&](int fy, int rows) {
      equipment_->plans.run(rowsPlan(equipment_->plans, inLayout, together, rows),
                            scratch + rowsBytes(inLayout, together, rows),
                            in[c] + point::rowOfFrequency(inLayout, fy) * inLayout.rowStride,
                            reinterpret_cast<Complex *>(scratch),
                            CUFFT_FORWARD);
      placeRows(s, reinterpret_cast<const float2 *>(scratch), together, inLayout, target, outLayout, fy, rows, shift);
    });
    forPieces(outLayout, together, [&](int first, int rows) {
      transformColumns(equipment_->plans, scratch, out + c, together, outLayout, first, rows, CUFFT_INVERSE);
    });
  }
}

void
CudaKernels::copyBlocks(const Complex * x,
                        std::ptrdiff_t  xStride,
                        Complex *       y,
                        std::ptrdiff_t  yStride,
                        std::size_t     width,
                        std::size_t     count)
{
  const float2 * const from = reinterpret_cast<const float2 *>(x);
  float2 * const       to = reinterpret_cast<float2 *>(y);
  forEachPoint(stream(),
               { static_cast<int>(width), static_cast<int>(count), 1 },
               [=] __device__(int i, int block, int) { to[block * yStride + i] = from[block * xStride + i]; });
}

} // namespace cuda
} // namespace gnr
