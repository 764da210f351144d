// SPDX-License-Identifier: Apache-2.0
#include "spectralTesting.h"

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsSpectral = BackendTest;

const Grid grids[] = { { { 8, 10, 12 }, { 1.0, 0.8, 1.5 } }, { { 9, 6, 7 }, { 1.2, 1.0, 0.7 } } };

/** Frequencies along x, y, z; n / 2 of an even n is a Nyquist mode. */
struct Mode
{
  int f[3];
};

/** Inner modes, Nyquist modes alone and mixed with others, and modes of one axis only. */
std::vector<Mode>
modesOf(const Grid & grid)
{
  const int x = grid.size[0] / 2, y = grid.size[1] / 2, z = grid.size[2] / 2;
  return { { { 1, 0, 0 } }, { { 0, 2, 0 } }, { { 0, 0, -1 } }, { { 1, 2, 1 } }, { { 2, -1, 3 } }, { { x, 1, 0 } },
           { { 0, y, 2 } }, { { 1, 0, z } }, { { x, y, 1 } },  { { x, y, z } }, { { 0, 0, z } } };
}

/** cos(2 pi (f . i / n)) on the grid. */
Values
wave(const Grid & grid, const Mode & mode)
{
  return sample(extentsOf(grid), [&](int i, int j, int k) {
    return std::cos(2 * pi *
                    (double(mode.f[0]) * i / grid.size[0] + double(mode.f[1]) * j / grid.size[1] +
                     double(mode.f[2]) * k / grid.size[2]));
  });
}

/** diagonal e + dyad k (k . e) at one mode by the formulas of the symbol. */
void
expectedSymbol(const Grid & grid, const Symbol & s, const Mode & mode, const double e[3], double out[3], double & norm)
{
  double k[3], squared = 0.0, squaredFirst = 0.0, along = 0.0;
  for (int a = 0; a < 3; ++a)
  {
    const double full = s.waveNumber[a] * mode.f[a];
    k[a] = 2 * std::abs(mode.f[a]) == grid.size[a] ? 0.0 : full;
    squared += full * full;
    squaredFirst += k[a] * k[a];
    along += k[a] * e[a];
  }
  const double c = s.beta * std::pow(s.ell, 2 * s.order - 2) * std::pow(squared, s.order);
  const double bg = s.beta * s.gamma;
  double       diagonal = 1.0, dyad = 0.0;
  if (s.kind == Symbol::Kind::Regularization)
  {
    diagonal = c;
    dyad = bg;
  }
  else if (s.kind == Symbol::Kind::InverseRegularization)
  {
    diagonal = 1.0 / c;
    dyad = -bg / (c * (c + bg * squaredFirst));
  }
  else if (s.kind == Symbol::Kind::Gaussian)
  {
    double exponent = 0.0;
    for (int a = 0; a < 3; ++a)
    {
      exponent += std::pow(s.sigma[a] * s.waveNumber[a] * mode.f[a], 2);
    }
    diagonal = std::exp(-0.5 * exponent);
  }
  norm = std::abs(diagonal) + std::max(0.0, dyad) * squaredFirst;
  if ((s.project || s.kind == Symbol::Kind::Projection) && squaredFirst > 0.0)
  {
    dyad = -diagonal / squaredFirst;
  }
  for (int a = 0; a < 3; ++a)
  {
    out[a] = diagonal * e[a] + dyad * k[a] * along;
  }
}

} // namespace

TEST_P(KernelsSpectral, PlanesHoldTheTwoDimensionalTransform)
{
  // One wave of a random phase per plane: 1/2 nx ny exp(i phase) at its wave vector, zero elsewhere.
  for (const Extents & e : { Extents{ 8, 10, 3 }, Extents{ 9, 7, 2 } })
  {
    const int            half = e.nx / 2 + 1;
    const int            fx[3] = { 2, 1, 3 }, fy[3] = { 3, -2, 1 };
    const Array<Real>    x(kernels, sample(e, [&](int i, int j, int k) {
                          return std::cos(2 * pi * (double(fx[k]) * i / e.nx + double(fy[k]) * j / e.ny) + 0.3 + k);
                        }));
    const Array<Complex> spectrum(kernels, std::size_t(half) * e.ny * e.nz);
    kernels.forwardPlanes(x.data(), e, spectrum.data(), e.nx / 2 + 1);
    const std::vector<Complex> result = spectrum.get();
    for (int k = 0; k < e.nz; ++k)
    {
      for (int ky = 0; ky < e.ny; ++ky)
      {
        for (int kx = 0; kx < half; ++kx)
        {
          const bool    isMode = kx == fx[k] && ky == (fy[k] + e.ny) % e.ny;
          const double  amplitude = isMode ? 0.5 * e.nx * e.ny : 0.0;
          const Complex value = result[kx + half * (ky + std::size_t(e.ny) * k)];
          // rounding of the input and of log2(nx ny) = 6 stages, in the l2 norm sqrt(nx ny / 2) * sqrt(nx ny)
          const double tolerance = 4 * epsilon * e.nx * e.ny;
          ASSERT_NEAR(value.re, amplitude * std::cos(0.3 + k), tolerance) << kx << ' ' << ky << ' ' << k;
          ASSERT_NEAR(value.im, amplitude * std::sin(0.3 + k), tolerance) << kx << ' ' << ky << ' ' << k;
        }
      }
    }
  }
}

TEST_P(KernelsSpectral, BackwardUndoesForward)
{
  for (const Extents & e : { Extents{ 10, 12, 3 }, Extents{ 15, 9, 2 }, Extents{ 8, 7, 1 } })
  {
    const Values         values = randomValues(e.points(), -1.0, 1.0, 1);
    const Array<Real>    x(kernels, values), y(kernels, e.points());
    const Array<Complex> spectrum(kernels, std::size_t(e.nx / 2 + 1) * e.ny * e.nz);
    kernels.forwardPlanes(x.data(), e, spectrum.data(), e.nx / 2 + 1);
    EXPECT_EQ(x.get(), values) << "the input was changed";
    kernels.backwardPlanes(spectrum.data(), e.nx / 2 + 1, e, y.data());
    kernels.scaleAndShift(Real(1.0 / (e.nx * e.ny)), y.data(), 0, y.data(), e.points());
    EXPECT_LE(maximumDifference(y.get(), values), 16 * epsilon);
  }
}

TEST_P(KernelsSpectral, IdentityIsTheNormalisedRoundTrip)
{
  for (const Grid & grid : grids)
  {
    const Values v = randomValues(3 * grid.points(), -1.0, 1.0, 2);
    EXPECT_LE(maximumDifference(applySymbolTo(kernels, grid, v, makeSymbol(grid, Symbol::Kind::Identity)), v),
              16 * epsilon);
    const Values scalar(v.begin(), v.begin() + grid.points());
    EXPECT_LE(maximumDifference(applySymbolTo(kernels, grid, scalar, makeSymbol(grid, Symbol::Kind::Identity)), scalar),
              16 * epsilon);
  }
}

TEST_P(KernelsSpectral, EverySymbolOnSingleModes)
{
  const double e[3] = { 0.8, -0.5, 0.3 };
  for (const Grid & grid : grids)
  {
    for (const Symbol::Kind kind : { Symbol::Kind::Regularization,
                                     Symbol::Kind::InverseRegularization,
                                     Symbol::Kind::Projection,
                                     Symbol::Kind::Gaussian,
                                     Symbol::Kind::Identity })
    {
      for (int order = 1; order <= 3; ++order)
      {
        for (const bool project : { false, true })
        {
          Symbol symbol = makeSymbol(grid, kind);
          symbol.order = order;
          symbol.project = project;
          symbol.beta = 0.02;
          symbol.gamma = 5.0;
          symbol.sigma[0] = 0.9;
          symbol.sigma[1] = 0.5;
          symbol.sigma[2] = 0.7;
          for (const Mode & mode : modesOf(grid))
          {
            const Values      w = wave(grid, mode);
            const std::size_t n = w.size();
            Values            v(3 * n);
            for (std::size_t i = 0; i < 3 * n; ++i)
            {
              v[i] = static_cast<Real>(e[i / n] * w[i % n]);
            }
            double expected[3], norm = 0.0;
            expectedSymbol(grid, symbol, mode, e, expected, norm);
            const Values result = applySymbolTo(kernels, grid, v, symbol);
            for (int c = 0; c < 3; ++c)
            {
              // Projected onto the mode itself, so that rounding noise in other modes, which the symbol may amplify by
              // |k|^{2s} more, does not matter.
              const Values component(result.begin() + c * n, result.begin() + (c + 1) * n);
              const double amplitude = innerProduct(component, w) / innerProduct(w, w);
              EXPECT_NEAR(amplitude, expected[c], (16 * epsilon + sampling) * norm)
                << "kind " << int(kind) << " order " << order << " project " << project << " mode " << mode.f[0] << ' '
                << mode.f[1] << ' ' << mode.f[2] << " component " << c;
            }
          }
        }
      }
    }
  }
}

TEST_P(KernelsSpectral, TheMean)
{
  const Grid   grid = grids[0];
  const Values one(3 * grid.points(), Real(1));
  for (int order = 1; order <= 3; ++order)
  {
    Symbol a = makeSymbol(grid, Symbol::Kind::Regularization);
    a.order = order;
    a.beta = 0.5;
    a.gamma = 2.0;
    // Translations are free: what is left is the rounding of the other modes, |k|^2 <= 30, times their symbol.
    EXPECT_LE(maximumOf(applySymbolTo(kernels, grid, one, a)),
              epsilon * 0.5 * (std::pow(a.ell, 2 * order - 2) * std::pow(30.0, order) + 2.0 * 30.0));
    a.kind = Symbol::Kind::InverseRegularization;
    const double expected = 1.0 / (0.5 * std::pow(a.ell, 2 * order - 2) * std::pow(a.kMinimum, 2 * order));
    EXPECT_LE(maximumDifference(applySymbolTo(kernels, grid, one, a), Values(one.size(), Real(expected))),
              16 * epsilon * expected);
  }
  EXPECT_LE(maximumDifference(applySymbolTo(kernels, grid, one, makeSymbol(grid, Symbol::Kind::Projection)), one),
            16 * epsilon);
}

TEST_P(KernelsSpectral, InverseRegularizationInverts)
{
  for (const Grid & grid : grids)
  {
    Values v = randomValues(3 * grid.points(), -1.0, 1.0, 3);
    removeMeans(v);
    for (int order = 1; order <= 2; ++order)
    {
      Symbol a = makeSymbol(grid, Symbol::Kind::Regularization);
      a.order = order;
      a.beta = 0.01;
      a.gamma = 3.0;
      Symbol inverse = a;
      inverse.kind = Symbol::Kind::InverseRegularization;
      // Rounding noise of A v, of the size epsilon |A| |v|, may lie where the inverse is largest: the condition number.
      double squared = 0.0;
      for (int axis = 0; axis < 3; ++axis)
      {
        squared += std::pow(pi / grid.spacing[axis], 2);
      }
      const double condition = std::pow(squared / (a.kMinimum * a.kMinimum), order) + a.gamma * squared;
      EXPECT_LE(maximumDifference(applySymbolTo(kernels, grid, applySymbolTo(kernels, grid, v, a), inverse), v),
                epsilon * condition);
      EXPECT_LE(maximumDifference(applySymbolTo(kernels, grid, applySymbolTo(kernels, grid, v, inverse), a), v),
                epsilon * condition);
    }
  }
}

TEST_P(KernelsSpectral, RegularizationIsSymmetricAndPositive)
{
  const Grid   grid = grids[0];
  const Values v = randomValues(3 * grid.points(), -1.0, 1.0, 4), w = randomValues(3 * grid.points(), -1.0, 1.0, 5);
  Symbol       symbol = makeSymbol(grid, Symbol::Kind::Regularization);
  symbol.gamma = 4.0;
  for (const Symbol::Kind kind : { Symbol::Kind::Regularization, Symbol::Kind::InverseRegularization })
  {
    symbol.kind = kind;
    const Values av = applySymbolTo(kernels, grid, v, symbol), aw = applySymbolTo(kernels, grid, w, symbol);
    const double size = std::sqrt(innerProduct(av, av) * innerProduct(w, w));
    EXPECT_NEAR(innerProduct(av, w) / size, innerProduct(v, aw) / size, 16 * epsilon);
    EXPECT_GT(innerProduct(av, v), 0.0);
  }
}

TEST_P(KernelsSpectral, ProjectionIsAProjectionOntoSolenoidalFields)
{
  for (const Grid & grid : grids)
  {
    const Symbol p = makeSymbol(grid, Symbol::Kind::Projection);
    const Values v = randomValues(3 * grid.points(), -1.0, 1.0, 6);
    const Values pv = applySymbolTo(kernels, grid, v, p);
    EXPECT_LE(maximumDifference(applySymbolTo(kernels, grid, pv, p), pv), 32 * epsilon) << "P P = P";

    // div by trigonometric interpolation, all modes: rounding times the largest wave numbers
    const double bound = pi / grid.spacing[0] + pi / grid.spacing[1] + pi / grid.spacing[2];
    EXPECT_LE(maximumOf(divergence(grid, pv)), 8 * epsilon * bound);
    EXPECT_GT(maximumOf(divergence(grid, v)), 0.1 * bound) << "or the line above says nothing";

    // a gradient is what it takes away
    const Values phi = randomValues(grid.points(), -1.0, 1.0, 7);
    const Values gradient = joined(trigonometricDerivative(grid, phi, 0),
                                   trigonometricDerivative(grid, phi, 1),
                                   trigonometricDerivative(grid, phi, 2));
    EXPECT_GT(maximumOf(gradient), 1.0);
    EXPECT_LE(maximumOf(applySymbolTo(kernels, grid, gradient, p)), 8 * epsilon * bound);
  }
}

TEST_P(KernelsSpectral, DivergencePenaltyIsTheDyad)
{
  // A(gamma) - A(0) is -beta gamma grad div, the derivatives taken by trigonometric interpolation.
  for (const Grid & grid : grids)
  {
    const Values v = randomValues(3 * grid.points(), -1.0, 1.0, 8);
    Symbol       symbol = makeSymbol(grid, Symbol::Kind::Regularization);
    const Values without = applySymbolTo(kernels, grid, v, symbol);
    symbol.gamma = 2.0;
    Values       difference = applySymbolTo(kernels, grid, v, symbol);
    const Values div = divergence(grid, v);
    const Values gradDiv = joined(trigonometricDerivative(grid, div, 0),
                                  trigonometricDerivative(grid, div, 1),
                                  trigonometricDerivative(grid, div, 2));
    for (std::size_t i = 0; i < difference.size(); ++i)
    {
      difference[i] -= without[i] - 2 * gradDiv[i];
    }
    const double largest = 3 * std::pow(pi / 0.7, 2) * 3;
    EXPECT_LE(maximumOf(difference), 8 * epsilon * largest);
    EXPECT_GT(maximumOf(gradDiv), 1.0);
  }
}

TEST_P(KernelsSpectral, SlabsOfTheSpectrumInTransposedLayout)
{
  // What a process holds after the transposition: a range of ky, z between kx and ky. Columns are independent, so that
  // the results have the same bits.
  const Grid        grid = grids[0];
  const Extents     e = extentsOf(grid);
  const int         half = e.nx / 2 + 1;
  const std::size_t plane = std::size_t(half) * e.ny;
  Symbol            symbol = makeSymbol(grid, Symbol::Kind::InverseRegularization);
  symbol.gamma = 3.0;
  std::vector<Complex> spectrum[3];
  for (int c = 0; c < 3; ++c)
  {
    spectrum[c] = forwardSpectrum(kernels, e, randomValues(e.points(), -1.0, 1.0, 10 + c));
  }
  const Array<Complex> whole[3] = { { kernels, spectrum[0] }, { kernels, spectrum[1] }, { kernels, spectrum[2] } };
  Complex * const      pointers[3] = { whole[0].data(), whole[1].data(), whole[2].data() };
  kernels.applySymbol(pointers, 3, naturalLayout(grid), symbol);

  for (const auto & range : { std::pair<int, int>(0, 4), std::pair<int, int>(4, 5), std::pair<int, int>(5, 10) })
  {
    SpectrumLayout layout = naturalLayout(grid);
    layout.setRows(range.first, range.second);
    layout.zStride = half;
    layout.rowStride = std::ptrdiff_t(half) * e.nz;
    const auto index = [&](int kx, int ky, int z) { return kx + half * (z + std::size_t(e.nz) * (ky - range.first)); };
    const std::size_t    count = std::size_t(half) * e.nz * (range.second - range.first);
    std::vector<Complex> slab[3];
    for (int c = 0; c < 3; ++c)
    {
      slab[c].resize(count);
      for (int ky = range.first; ky < range.second; ++ky)
      {
        for (int z = 0; z < e.nz; ++z)
        {
          for (int kx = 0; kx < half; ++kx)
          {
            slab[c][index(kx, ky, z)] = spectrum[c][kx + half * ky + plane * z];
          }
        }
      }
    }
    const Array<Complex> part[3] = { { kernels, slab[0] }, { kernels, slab[1] }, { kernels, slab[2] } };
    Complex * const      parts[3] = { part[0].data(), part[1].data(), part[2].data() };
    kernels.applySymbol(parts, 3, layout, symbol);
    for (int c = 0; c < 3; ++c)
    {
      const std::vector<Complex> expected = whole[c].get(), result = part[c].get();
      for (int ky = range.first; ky < range.second; ++ky)
      {
        for (int z = 0; z < e.nz; ++z)
        {
          for (int kx = 0; kx < half; ++kx)
          {
            const Complex a = result[index(kx, ky, z)], b = expected[kx + half * ky + plane * z];
            ASSERT_EQ(a.re, b.re);
            ASSERT_EQ(a.im, b.im);
          }
        }
      }
    }
  }
}

GNR_TEST_EVERY_BACKEND(KernelsSpectral);
