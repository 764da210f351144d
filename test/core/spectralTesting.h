// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_core_spectralTesting_h
#define gnr_test_core_spectralTesting_h

#include "testing.h"

#include "gnr/Grid.h"

#include <algorithm>

namespace gnr
{
namespace test
{

inline Extents
extentsOf(const Grid & grid)
{
  return { grid.size[0], grid.size[1], grid.size[2] };
}

/** The layout that the transforms of all planes of a grid give on one process. */
inline SpectrumLayout
naturalLayout(const Grid & grid)
{
  SpectrumLayout layout;
  std::copy(grid.size.begin(), grid.size.end(), layout.size);
  layout.setRows(0, grid.size[1]);
  layout.rowStride = layout.nxHalf();
  layout.zStride = layout.rowStride * grid.size[1];
  return layout;
}

/** A symbol with the wave numbers of a grid; beta = 1, gamma = 0, order 1. */
inline Symbol
makeSymbol(const Grid & grid, Symbol::Kind kind)
{
  Symbol symbol;
  symbol.kind = kind;
  const double longest = std::max({ grid.length(0), grid.length(1), grid.length(2) });
  symbol.ell = longest / (2 * pi);
  symbol.kMinimum = 2 * pi / longest;
  for (int axis = 0; axis < 3; ++axis)
  {
    symbol.waveNumber[axis] = 2 * pi / grid.length(axis);
  }
  return symbol;
}

/** The transforms of all planes. */
inline std::vector<Complex>
forwardSpectrum(Kernels & kernels, const Extents & e, const Values & values)
{
  const Array<Real>    x(kernels, values);
  const Array<Complex> spectrum(kernels, std::size_t(e.nx / 2 + 1) * e.ny * e.nz);
  kernels.forwardPlanes(x.data(), e, spectrum.data(), e.nx / 2 + 1);
  return spectrum.get();
}

inline Values
backwardSpectrum(Kernels & kernels, const Extents & e, const std::vector<Complex> & values)
{
  const Array<Complex> spectrum(kernels, values);
  const Array<Real>    x(kernels, e.points());
  kernels.backwardPlanes(spectrum.data(), e.nx / 2 + 1, e, x.data());
  return x.get();
}

/** A symbol applied to one or three components, one behind the other; the frequencies that a coarser grid shares are
 * taken from the field `low` on it, whose first point lies a little aside. */
inline Values
applySymbolTo(Kernels &      kernels,
              const Grid &   grid,
              const Values & values,
              const Symbol & symbol,
              const Grid *   coarse = nullptr,
              const Values * low = nullptr)
{
  const Extents                                e = extentsOf(grid);
  const int                                    components = int(values.size() / e.points());
  std::vector<std::unique_ptr<Array<Complex>>> spectrum;
  std::vector<Complex *>                       pointers;
  for (int c = 0; c < components; ++c)
  {
    const Values component(values.begin() + c * e.points(), values.begin() + (c + 1) * e.points());
    spectrum.push_back(std::make_unique<Array<Complex>>(kernels, forwardSpectrum(kernels, e, component)));
    pointers.push_back(spectrum.back()->data());
  }
  std::vector<std::unique_ptr<Array<Complex>>> lowSpectrum;
  std::vector<Complex *>                       lowPointers;
  SpectrumBand                                 band;
  for (int c = 0; coarse != nullptr && c < components; ++c)
  {
    const std::size_t m = coarse->points();
    lowSpectrum.push_back(std::make_unique<Array<Complex>>(
      kernels, forwardSpectrum(kernels, extentsOf(*coarse), Values(low->begin() + c * m, low->begin() + (c + 1) * m))));
    lowPointers.push_back(lowSpectrum.back()->data());
    band = { lowPointers.data(), naturalLayout(*coarse) };
    band.layout.origin[0] = 0.02;
    band.layout.origin[1] = -0.03;
    band.layout.origin[2] = 0.05;
  }
  if (coarse != nullptr)
  {
    band.spectrum = lowPointers.data();
  }
  kernels.applySymbol(pointers.data(), components, naturalLayout(grid), symbol, coarse != nullptr ? &band : nullptr);
  Values result;
  for (const auto & component : spectrum)
  {
    const Values back = backwardSpectrum(kernels, e, component->get());
    result.insert(result.end(), back.begin(), back.end());
  }
  return result;
}

/** Resamples a field spectrally from one grid to another, whose first point lies at `origin` (shares of the box). */
inline Values
resample(Kernels &                     kernels,
         const Grid &                  from,
         const Grid &                  to,
         const Values &                values,
         const std::array<double, 3> & origin = { { 0.0, 0.0, 0.0 } })
{
  const Array<Complex>  in(kernels, forwardSpectrum(kernels, extentsOf(from), values));
  const Array<Complex>  out(kernels, std::size_t(to.size[0] / 2 + 1) * to.size[1] * to.size[2]);
  const Complex * const source = in.data();
  Complex * const       result = out.data();
  SpectrumLayout        target = naturalLayout(to);
  std::copy(origin.begin(), origin.end(), target.origin);
  kernels.resampleSpectrum(&source, 1, naturalLayout(from), &result, target);
  return backwardSpectrum(kernels, extentsOf(to), out.get());
}

/** Derivative of the trigonometric interpolant along one axis, by its differentiation matrix in space: the entry for
 * points d apart is (-1)^d / 2 cot(d pi / n) for even n (where the Nyquist mode has derivative zero) and
 * (-1)^d / 2 / sin(d pi / n) for odd n, in units of 2 pi / box length (L. N. Trefethen, Spectral Methods in MATLAB,
 * 2000, chapter 3). No Fourier transform is involved. */
inline Values
trigonometricDerivative(const Grid & grid, const Values & f, int axis)
{
  const Extents       e = extentsOf(grid);
  const int           n = grid.size[axis];
  const std::size_t   strides[3] = { 1, std::size_t(e.nx), std::size_t(e.nx) * e.ny };
  std::vector<double> weight(n, 0.0);
  for (int d = 1; d < n; ++d)
  {
    const double angle = d * pi / n;
    weight[d] = (d % 2 == 0 ? 0.5 : -0.5) * (n % 2 == 0 ? 1.0 / std::tan(angle) : 1.0 / std::sin(angle)) * 2 * pi /
                grid.length(axis);
  }
  Values out;
  for (std::size_t p = 0; p < f.size(); ++p)
  {
    const int         here = int(p / strides[axis] % n);
    const std::size_t line = p - here * strides[axis];
    double            total = 0.0;
    for (int there = 0; there < n; ++there)
    {
      total += weight[(here - there + n) % n] * double(f[line + there * strides[axis]]);
    }
    out.push_back(static_cast<Real>(total));
  }
  return out;
}

/** div v by trigonometricDerivative. */
inline Values
divergence(const Grid & grid, const Values & v)
{
  Values total(grid.points(), Real(0));
  for (int axis = 0; axis < 3; ++axis)
  {
    const Values component(v.begin() + axis * grid.points(), v.begin() + (axis + 1) * grid.points());
    const Values slope = trigonometricDerivative(grid, component, axis);
    for (std::size_t i = 0; i < total.size(); ++i)
    {
      total[i] += slope[i];
    }
  }
  return total;
}

/** Subtracts the mean of each of three components. */
inline void
removeMeans(Values & v)
{
  const std::size_t n = v.size() / 3;
  for (int c = 0; c < 3; ++c)
  {
    double mean = 0.0;
    for (std::size_t i = 0; i < n; ++i)
    {
      mean += v[c * n + i] / double(n);
    }
    for (std::size_t i = 0; i < n; ++i)
    {
      v[c * n + i] = static_cast<Real>(v[c * n + i] - mean);
    }
  }
}

} // namespace test
} // namespace gnr

#endif
