// SPDX-License-Identifier: Apache-2.0
// Transforms, symbols and resampling of the fast backends against the reference.
#include "agreement.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsSpectralAgreement = AgreementTest;

const Grid spectralGrids[] = { { { 10, 12, 14 }, { 1.0, 1.0, 1.0 } },
                               { { 30, 20, 18 }, { 0.9, 1.3, 2.1 } },
                               { { 28, 24, 42 }, { 2.0, 0.7, 1.1 } },
                               { { 70, 8, 6 }, { 0.5, 1.5, 3.0 } }, // two chunks of kx
                               { { 15, 9, 21 }, { 1.2, 1.0, 0.8 } } };

} // namespace

TEST_P(KernelsSpectralAgreement, Planes)
{
  const Values x = randomValues(n, -1, 1, 1);
  // rounding of the transforms: epsilon sqrt(log2(nx ny)) < 4 epsilon of the root mean square; the maximum over all
  // modes is up to 4 times that
  const double planes = double(extents.nx) * extents.ny;
  EXPECT_LE(difference([&](Kernels & k) {
              Values parts;
              for (const Complex & c : forwardSpectrum(k, extents, x))
              {
                parts.push_back(c.re);
                parts.push_back(c.im);
              }
              return parts;
            }),
            16 * epsilon * std::sqrt(planes));
  EXPECT_LE(difference([&](Kernels & k) { return backwardSpectrum(k, extents, forwardSpectrum(k, extents, x)); }) /
              planes,
            16 * epsilon);
}

TEST_P(KernelsSpectralAgreement, BackwardOfAnySpectrum)
{
  // Also one that is no transform of a real image: the imaginary parts that a real image does not have are not looked
  // at.
  const std::size_t    count = std::size_t(extents.nx / 2 + 1) * extents.ny * extents.nz;
  const Values         parts = randomValues(2 * count, -1, 1, 2);
  std::vector<Complex> spectrum(count);
  for (std::size_t i = 0; i < count; ++i)
  {
    spectrum[i] = { parts[2 * i], parts[2 * i + 1] };
  }
  EXPECT_LE(difference([&](Kernels & k) { return backwardSpectrum(k, extents, spectrum); }),
            16 * epsilon * std::sqrt(double(extents.nx) * extents.ny));
}

TEST_P(KernelsSpectralAgreement, EverySymbol)
{
  const Values v = randomValues(3 * n, -1, 1, 3);
  for (const Symbol::Kind kind : { Symbol::Kind::Identity,
                                   Symbol::Kind::Regularization,
                                   Symbol::Kind::InverseRegularization,
                                   Symbol::Kind::Projection,
                                   Symbol::Kind::Gaussian })
  {
    for (int order = 1; order <= 3; ++order)
    {
      for (const bool project : { false, true })
      {
        Symbol symbol = makeSymbol(grid, kind);
        symbol.order = order;
        symbol.project = project;
        symbol.beta = 0.3;
        symbol.gamma = 4.0;
        symbol.sigma[0] = 1.0;
        symbol.sigma[1] = 0.6;
        symbol.sigma[2] = 0.8;
        double size = 1.0; // the largest value of the symbol
        if (kind == Symbol::Kind::Regularization)
        {
          const double squared =
            std::pow(pi * inverse[0], 2) + std::pow(pi * inverse[1], 2) + std::pow(pi * inverse[2], 2);
          size = 0.3 * (std::pow(symbol.ell, 2 * order - 2) * std::pow(squared, order) + 4.0 * squared);
        }
        else if (kind == Symbol::Kind::InverseRegularization)
        {
          size = 1.0 / (0.3 * std::pow(symbol.ell, 2 * order - 2) * std::pow(symbol.kMinimum, 2 * order));
        }
        EXPECT_LE(difference([&](Kernels & k) { return applySymbolTo(k, grid, v, symbol); }), 16 * epsilon * size)
          << "kind " << int(kind) << " order " << order << " project " << project;
      }
    }
  }
  const Values scalar(v.begin(), v.begin() + n);
  Symbol       gaussian = makeSymbol(grid, Symbol::Kind::Gaussian);
  gaussian.sigma[0] = gaussian.sigma[1] = gaussian.sigma[2] = 0.7;
  EXPECT_LE(difference([&](Kernels & k) { return applySymbolTo(k, grid, scalar, gaussian); }), 8 * epsilon);
}

TEST_P(KernelsSpectralAgreement, BandOfACoarserGrid)
{
  const Values v = randomValues(3 * n, -1, 1, 3);
  Symbol       symbol = makeSymbol(grid, Symbol::Kind::InverseRegularization);
  symbol.gamma = 2.0;
  const double size = 1.0 / (symbol.kMinimum * symbol.kMinimum);
  for (const std::array<int, 3> & points : { std::array<int, 3>{ { 8, 4, 6 } }, grid.size })
  {
    const Grid   coarse{ points, {} };
    const Values low = randomValues(3 * coarse.points(), -1, 1, 4);
    EXPECT_LE(difference([&](Kernels & k) { return applySymbolTo(k, grid, v, symbol, &coarse, &low); }),
              16 * epsilon * (size + 1));
  }
}

TEST_P(KernelsSpectralAgreement, Resampling)
{
  const Values x = randomValues(n, -1, 1, 4);
  for (const Grid & other : { Grid{ { 20, 18, 16 }, {} }, Grid{ { 12, 30, 9 }, {} }, grid })
  {
    EXPECT_LE(difference([&](Kernels & k) { return resample(k, grid, other, x); }), 16 * epsilon);
  }
}

INSTANTIATE_TEST_SUITE_P(,
                         KernelsSpectralAgreement,
                         ::testing::Combine(::testing::ValuesIn(fastBackends()), ::testing::ValuesIn(spectralGrids)),
                         sizeName);
