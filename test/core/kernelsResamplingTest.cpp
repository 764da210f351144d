// SPDX-License-Identifier: Apache-2.0
#include "spectralTesting.h"

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsResampling = BackendTest;

struct Pair
{
  Grid a;
  Grid b;
};

/** Finer and coarser in all axes, in some, even to odd. The spacing plays no role. */
const Pair pairs[] = { { { { 8, 10, 12 }, {} }, { { 16, 20, 24 }, {} } },
                       { { { 8, 12, 9 }, {} }, { { 15, 10, 14 }, {} } },
                       { { { 10, 9, 8 }, {} }, { { 10, 14, 7 }, {} } } };

/** A sum of waves with |f| <= 2, 3, 3 on a grid; at the same places of the box on any grid that carries them. */
Values
bandLimited(const Grid & grid, const std::array<double, 3> & origin = { { 0.0, 0.0, 0.0 } })
{
  return sample(extentsOf(grid), [&](int i, int j, int k) {
    const double x = 2 * pi * (double(i) / grid.size[0] + origin[0]),
                 y = 2 * pi * (double(j) / grid.size[1] + origin[1]),
                 z = 2 * pi * (double(k) / grid.size[2] + origin[2]);
    return 0.7 + std::cos(2 * x - y + 0.3) + std::sin(x + 3 * y - 2 * z) + 0.5 * std::cos(3 * z - x + 1.0) +
           0.25 * std::sin(3 * y);
  });
}

/** One real wave. */
Values
wave(const Grid & grid, int fx, int fy, int fz)
{
  return sample(extentsOf(grid), [&](int i, int j, int k) {
    return std::cos(2 * pi *
                    (double(fx) * i / grid.size[0] + double(fy) * j / grid.size[1] + double(fz) * k / grid.size[2]));
  });
}

} // namespace

TEST_P(KernelsResampling, BandLimitedFunctionsAreExactBothWays)
{
  for (const Pair & pair : pairs)
  {
    const Values onA = bandLimited(pair.a), onB = bandLimited(pair.b);
    // values up to 3.5; rounding of two transforms of log2(N) <= 13 stages, in practice epsilon sqrt(log2 N)
    EXPECT_LE(maximumDifference(resample(kernels, pair.a, pair.b, onA), onB), 8 * epsilon * 3.5 + 4 * sampling);
    EXPECT_LE(maximumDifference(resample(kernels, pair.b, pair.a, onB), onA), 8 * epsilon * 3.5 + 4 * sampling);
  }
}

TEST_P(KernelsResampling, AnOriginMovesThePointsOfTheTarget)
{
  const std::array<double, 3> origin{ { 0.03, 0.4, -0.021 } };
  for (const Pair & pair : pairs)
  {
    EXPECT_LE(
      maximumDifference(resample(kernels, pair.a, pair.b, bandLimited(pair.a), origin), bandLimited(pair.b, origin)),
      8 * epsilon * 3.5 + 4 * sampling);
  }
}

TEST_P(KernelsResampling, WavesThatTheTargetCannotCarryVanish)
{
  const Grid fine{ { 16, 20, 24 }, {} }, coarse{ { 8, 10, 12 }, {} };
  for (const auto & f :
       { std::array<int, 3>{ 5, 0, 0 }, { 0, 7, 1 }, { 1, 1, -8 }, { 4, 0, 0 }, { 0, 5, 0 }, { 1, 2, 6 } })
  {
    const Values w = wave(fine, f[0], f[1], f[2]); // beyond the coarse grid, or its Nyquist mode
    EXPECT_LE(maximumOf(resample(kernels, fine, coarse, w)), 8 * epsilon + sampling)
      << f[0] << ' ' << f[1] << ' ' << f[2];
  }
}

TEST_P(KernelsResampling, NyquistWavesAreDroppedAlsoUpwards)
{
  const Grid fine{ { 16, 20, 24 }, {} }, coarse{ { 8, 10, 12 }, {} };
  for (const auto & f : { std::array<int, 3>{ 4, 0, 0 }, { 0, 5, 1 }, { 1, 2, 6 }, { 4, 5, 6 } })
  {
    const Values w = wave(coarse, f[0], f[1], f[2]);
    EXPECT_LE(maximumOf(resample(kernels, coarse, fine, w)), 8 * epsilon + sampling)
      << f[0] << ' ' << f[1] << ' ' << f[2];
    EXPECT_LE(maximumOf(resample(kernels, coarse, coarse, w)), 8 * epsilon + sampling)
      << f[0] << ' ' << f[1] << ' ' << f[2];
  }
}

TEST_P(KernelsResampling, RestrictionIsTheAdjointOfProlongation)
{
  // In the inner product (1/N) sum: both keep the coefficients of the same modes.
  for (const Pair & pair : pairs)
  {
    const Values a = randomValues(pair.a.points(), -1.0, 1.0, 1), b = randomValues(pair.b.points(), -1.0, 1.0, 2);
    const double up = innerProduct(resample(kernels, pair.a, pair.b, a), b) / double(pair.b.points());
    const double down = innerProduct(a, resample(kernels, pair.b, pair.a, b)) / double(pair.a.points());
    EXPECT_NEAR(up, down, 4 * epsilon); // both vectors have a mean square of 1/3
    EXPECT_GT(std::abs(up), 64 * epsilon);
  }
}

TEST_P(KernelsResampling, PartsOfTheSpectrumGiveTheSame)
{
  // The output of one process: a range of ky, transposed. Columns are independent, so that the bits are the same.
  const Grid            from{ { 12, 10, 8 }, {} }, to{ { 8, 14, 10 }, {} };
  const Array<Complex>  in(kernels, forwardSpectrum(kernels, extentsOf(from), randomValues(from.points(), -1, 1, 3)));
  const std::size_t     half = 5;
  const Array<Complex>  whole(kernels, half * 14 * 10);
  const Complex * const source = in.data();
  Complex *             target = whole.data();
  kernels.resampleSpectrum(&source, 1, naturalLayout(from), &target, naturalLayout(to));
  const std::vector<Complex> expected = whole.get();
  for (const auto & range : { std::pair<int, int>(0, 3), std::pair<int, int>(3, 14) })
  {
    SpectrumLayout layout = naturalLayout(to);
    layout.setRows(range.first, range.second);
    layout.zStride = half;
    layout.rowStride = half * 10;
    const Array<Complex> part(kernels, half * 10 * (range.second - range.first));
    target = part.data();
    kernels.resampleSpectrum(&source, 1, naturalLayout(from), &target, layout);
    const std::vector<Complex> result = part.get();
    for (int ky = range.first; ky < range.second; ++ky)
    {
      for (std::size_t z = 0; z < 10; ++z)
      {
        for (std::size_t kx = 0; kx < half; ++kx)
        {
          const Complex a = result[kx + half * (z + 10 * (ky - range.first))], b = expected[kx + half * (ky + 14 * z)];
          ASSERT_EQ(a.re, b.re);
          ASSERT_EQ(a.im, b.im);
        }
      }
    }
  }
}

GNR_TEST_EVERY_BACKEND(KernelsResampling);
