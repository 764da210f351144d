// SPDX-License-Identifier: Apache-2.0
// Weighted means over windows [L1].
#include "windows.h"

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsWindows = BackendTest;

/** sum_q window_|q| cos(theta q): what the window makes of a wave of theta radians a point. */
double
transferOf(const Window & window, double theta)
{
  double total = window.weight[0];
  for (int q = 1; q <= window.radius; ++q)
  {
    total += 2.0 * double(window.weight[q]) * std::cos(theta * q);
  }
  return total;
}

} // namespace

TEST_P(KernelsWindows, WaveIsScaledByTheTransferFunction)
{
  // cos(a x) cos(b y) cos(c z) with whole periods in the box is an eigenvector. Values up to 1, weights that sum to 1:
  // one rounding for each of at most 34 terms of a sum and three sums, and that of the samples.
  const Extents e{ 33, 18, 20 };
  const double  a = 2 * pi * 3 / e.nx, b = 2 * pi * 2 / e.ny, c = 2 * pi * 1 / e.nz;
  const Window  x = gaussianWindow(2.0), y = gaussianWindow(1.3), z = gaussianWindow(5.0);
  ASSERT_EQ(z.radius, 15);
  const auto   wave = [&](int i, int j, int k) { return std::cos(a * i) * std::cos(b * j) * std::cos(c * k); };
  const double transfer = transferOf(x, a) * transferOf(y, b) * transferOf(z, c);
  const Values out = convolve(kernels, e, x, y, z, sample(e, wave));
  EXPECT_LE(maximumDifference(out, sample(e, [&](int i, int j, int k) { return transfer * wave(i, j, k); })),
            52 * epsilon);
}

TEST_P(KernelsWindows, PointBecomesTheWindow)
{
  // Each value is one product of three weights: two roundings of the passes before it, one of the last. Windows wider
  // than the slab see the point more than once.
  for (const Extents & e : { Extents{ 21, 14, 17 }, Extents{ 5, 7, 3 }, Extents{ 4, 5, 1 }, Extents{ 40, 3, 2 } })
  {
    const Window x = gaussianWindow(2.0), y = gaussianWindow(3.1), z = gaussianWindow(1.0);
    Values       f(e.points(), Real(0));
    const int    at[3] = { e.nx - 1, 1, e.nz / 2 };
    f[at[0] + e.nx * (at[1] + std::size_t(e.ny) * at[2])] = 1;
    const auto periodic = [](const Window & window, int distance, int n) {
      double total = 0.0;
      for (int q = -window.radius; q <= window.radius; ++q)
      {
        total += (distance - q) % n == 0 ? double(window.weight[std::abs(q)]) : 0.0;
      }
      return total;
    };
    const Values out = convolve(kernels, e, x, y, z, f);
    EXPECT_LE(maximumDifference(out,
                                sample(e,
                                       [&](int i, int j, int k) {
                                         return periodic(x, i - at[0], e.nx) * periodic(y, j - at[1], e.ny) *
                                                periodic(z, k - at[2], e.nz);
                                       })),
              16 * epsilon)
      << e.nx << " x " << e.ny << " x " << e.nz;
  }
}

TEST_P(KernelsWindows, PlaneMayBeOverwritten)
{
  for (const Extents & e : { Extents{ 33, 18, 3 }, Extents{ 70, 50, 2 }, Extents{ 5, 40, 1 }, Extents{ 9, 6, 2 } })
  {
    const Values f = randomValues(e.points(), -1, 1, 1);
    for (const Window & y : { gaussianWindow(2.0), gaussianWindow(5.0), Window() })
    {
      const Window      x = gaussianWindow(1.5);
      const Array<Real> in(kernels, f), out(kernels, e.points());
      kernels.convolvePlanes(in.data(), e, x, y, out.data());
      EXPECT_EQ(maximumDifference(in.get(), f), 0.0) << "f is not written";
      kernels.convolvePlanes(in.data(), e, x, y, in.data());
      EXPECT_EQ(maximumDifference(in.get(), out.get()), 0.0);
    }
  }
}

TEST_P(KernelsWindows, DefaultChangesNothing)
{
  const Extents e{ 9, 12, 10 };
  const Values  f = randomValues(e.points(), -1, 1, 1);
  EXPECT_EQ(maximumDifference(convolve(kernels, e, Window(), Window(), Window(), f), f), 0.0);
}

GNR_TEST_EVERY_BACKEND(KernelsWindows);
