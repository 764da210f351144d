// SPDX-License-Identifier: Apache-2.0
#include "testing.h"

#include <algorithm>

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsInterpolation = BackendTest;
using KernelsTransport = BackendTest;

constexpr Interpolation kinds[] = { Interpolation::Linear, Interpolation::Cubic };

/** Points on each side of a cell that the interpolant needs: |d| may be as large as halo - margin. */
constexpr int margin = 2;

/** Interpolates f at every point displaced by `d` (three components, one behind the other). */
Values
interpolated(Kernels & kernels, const PaddedArray & f, const Values & d, Interpolation kind)
{
  const std::size_t n = f.view().interior.points();
  const Array<Real> displacement(kernels, d), out(kernels, n);
  kernels.interpolate(f.view(), { displacement.data(), n }, nullptr, kind, out.data());
  return out.get();
}

/** Largest error of interpolating a product of sines, every point displaced by the same d voxels. */
double
errorOfWave(Kernels & kernels, int n, const double d[3], Interpolation kind)
{
  const Extents e{ n, n, n };
  const double  h = 2 * pi / n;
  const auto  f = [&](double i, double j, double k) { return std::sin(h * i) + std::sin(h * j + 1) * std::cos(h * k); };
  PaddedArray padded(kernels, e, 3, 3, 3);
  padded.setPeriodic(sample(e, f));
  const std::size_t points = e.points();
  const Values      displacement =
    joined(Values(points, Real(d[0])), Values(points, Real(d[1])), Values(points, Real(d[2])));
  return maximumDifference(interpolated(kernels, padded, displacement, kind),
                           sample(e, [&](int i, int j, int k) { return f(i + d[0], j + d[1], k + d[2]); }));
}

} // namespace

TEST_P(KernelsInterpolation, WholeDisplacementsReproduceTheValues)
{
  // At a node every weight is exactly 0 or 1: the values come back bit by bit, also over the periodic boundary.
  const Extents     e{ 9, 7, 6 };
  const Values      values = randomValues(e.points(), -1.0, 1.0, 1);
  const std::size_t n = e.points();
  PaddedArray       f(kernels, e, 6, 9, 8);
  f.setPeriodic(values);
  Values d(3 * n);
  Values expected(n);
  for (std::size_t p = 0; p < n; ++p)
  {
    const int i = int(p % 9), j = int(p / 9 % 7), k = int(p / 63);
    const int dx = int(p % 9) - 4, dy = int(p % 15) - 7, dz = int(p % 13) - 6; // the whole range that the halos allow
    d[p] = Real(dx);
    d[n + p] = Real(dy);
    d[2 * n + p] = Real(dz);
    expected[p] = values[(i + dx + 90) % 9 + 9 * ((j + dy + 70) % 7) + 63 * ((k + dz + 60) % 6)];
  }
  for (const Interpolation kind : kinds)
  {
    EXPECT_EQ(interpolated(kernels, f, d, kind), expected);
  }
}

TEST_P(KernelsInterpolation, WeightsSumToOne)
{
  const Extents     e{ 13, 6, 5 };
  const std::size_t n = e.points();
  PaddedArray       f(kernels, e, 5, 5, 5);
  f.setPeriodic(Values(n, Real(3)));
  const Values d = randomValues(3 * n, -3.0, 3.0, 2);
  for (const Interpolation kind : kinds)
  {
    // The weights of one axis have an absolute sum of at most 1.25 and carry 3 roundings each; so do three axes, and
    // the sum of 64 terms by rows adds 4 more an axis: 21 roundings of epsilon / 2 on 3 * 1.25^3.
    EXPECT_LE(maximumDifference(interpolated(kernels, f, d, kind), Values(n, Real(3))), 21 * epsilon / 2 * 3 * 1.96);
  }
}

TEST_P(KernelsInterpolation, PolynomialsUpToTheDegreeAreExact)
{
  // One factor per axis, of degree 3 (cubic) or 1 (linear), different for each, so that no axis can stand for another.
  const Extents     e{ 11, 9, 7 };
  const std::size_t n = e.points();
  const Values      d = randomValues(3 * n, -2.0, 2.0, 3);
  for (const Interpolation kind : kinds)
  {
    const double cubic = kind == Interpolation::Cubic ? 1.0 : 0.0;
    const auto   polynomial = [&](double i, double j, double k) {
      const double x = i / 8 - 0.5, y = j / 8 - 0.4, z = k / 8 - 0.3; // within [-1, 1] where it is read
      return (1 + x + cubic * (x * x - 2 * x * x * x)) * (2 - y + cubic * (y * y + y * y * y)) *
             (1 + 2 * z + cubic * (z * z - z * z * z));
    };
    PaddedArray f(kernels, e, 4, 4, 4);
    f.setFunction(polynomial);
    Values expected(n);
    double largest = 0.0;
    for (std::size_t p = 0; p < n; ++p)
    {
      const int i = int(p % 11), j = int(p / 11 % 9), k = int(p / 99);
      expected[p] = static_cast<Real>(polynomial(i + double(d[p]), j + double(d[n + p]), k + double(d[2 * n + p])));
    }
    for (int k = -4; k < 11; ++k)
    {
      for (int j = -4; j < 13; ++j)
      {
        for (int i = -4; i < 15; ++i)
        {
          largest = std::max(largest, std::abs(double(f.at(i, j, k))));
        }
      }
    }
    // as above, and the samples are rounded
    EXPECT_LE(maximumDifference(interpolated(kernels, f, d, kind), expected), 23 * epsilon / 2 * largest * 1.96);
  }
}

TEST_P(KernelsInterpolation, OrderFourAndTwo)
{
  const double displacements[][3] = { { 0.5, 0.5, 0.5 }, { -0.3, 0.6, 1.4 }, { 0.2, -0.9, -0.5 } };
  for (const auto & d : displacements)
  {
    EXPECT_NEAR(observedOrder(errorOfWave(kernels, 12, d, Interpolation::Cubic),
                              errorOfWave(kernels, 24, d, Interpolation::Cubic),
                              2.0),
                4.0,
                0.25);
    EXPECT_NEAR(observedOrder(errorOfWave(kernels, 12, d, Interpolation::Linear),
                              errorOfWave(kernels, 24, d, Interpolation::Linear),
                              2.0),
                2.0,
                0.15);
  }
}

TEST_P(KernelsInterpolation, LargestDisplacementsStayInsideTheHalo)
{
  // Anything outside the halo is NaN. A linear function is reproduced wherever the point lies.
  const Extents     e{ 6, 5, 4 };
  const std::size_t n = e.points();
  const int         halo[3] = { 4, 5, 7 };
  PaddedArray       f(kernels, e, halo[0], halo[1], halo[2]);
  f.setFunction([](int i, int j, int k) { return i + 2 * j - 3 * k; });
  for (const Interpolation kind : kinds)
  {
    for (int corner = 0; corner < 8; ++corner)
    {
      for (const double inward : { 0.0, 1e-3 })
      {
        Real d[3];
        for (int axis = 0; axis < 3; ++axis)
        {
          const double limit = halo[axis] - margin - inward;
          d[axis] = static_cast<Real>(corner >> axis & 1 ? limit : -limit);
        }
        const Values result = interpolated(kernels, f, joined(Values(n, d[0]), Values(n, d[1]), Values(n, d[2])), kind);
        const Values expected =
          sample(e, [&](int i, int j, int k) { return i + d[0] + 2 * (j + d[1]) - 3 * (k + d[2]); });
        // values up to 10 + 20 + 33
        EXPECT_LE(maximumDifference(result, expected), 23 * epsilon / 2 * 63 * 1.96) << "corner " << corner;
      }
    }
  }
}

TEST_P(KernelsInterpolation, TinyNegativeDisplacementsAreNoJump)
{
  // floor(-1e-9) is -1 and the fraction rounds to 1: the other end of the cell to the left.
  const Extents     e{ 8, 8, 8 };
  const std::size_t n = e.points();
  const Values      values = randomValues(n, -1.0, 1.0, 4);
  PaddedArray       f(kernels, e, 3, 3, 3);
  f.setPeriodic(values);
  for (const Interpolation kind : kinds)
  {
    EXPECT_LE(maximumDifference(interpolated(kernels, f, Values(3 * n, Real(-1e-9)), kind), values),
              23 * epsilon + 1e-8);
  }
}

TEST_P(KernelsInterpolation, FactorMultipliesTheResult)
{
  const Extents     e{ 67, 3, 2 }; // longer than a block of the vector code
  const std::size_t n = e.points();
  PaddedArray       f(kernels, e, 4, 4, 4);
  f.setPeriodic(randomValues(n, -1.0, 1.0, 5));
  const Values      d = randomValues(3 * n, -2.0, 2.0, 6), c = randomValues(n, 0.5, 2.0, 7);
  const Array<Real> displacement(kernels, d), factor(kernels, c), out(kernels, n);
  for (const Interpolation kind : kinds)
  {
    kernels.interpolate(f.view(), { displacement.data(), n }, factor.data(), kind, out.data());
    Values expected = interpolated(kernels, f, d, kind);
    for (std::size_t p = 0; p < n; ++p)
    {
      expected[p] *= c[p];
    }
    EXPECT_LE(maximumDifference(out.get(), expected), 2 * epsilon * 2 * 1.96);
  }
}

TEST_P(KernelsTransport, GrowthOfTheAdjointIsOfSecondOrder)
{
  // Along one characteristic let div v be 0.2 + 0.6 cos 2t: the adjoint grows by exp of the integral, and the product
  // of the growth factors of all steps approaches that with order 2. Four characteristics with other phases run beside.
  const std::size_t n = 5;
  double            error[2];
  for (int refinement = 0; refinement < 2; ++refinement)
  {
    const int    steps = 8 << refinement;
    const double h = 1.0 / steps;
    const auto   source = [](std::size_t i, double t) { return 0.2 + 0.6 * std::cos(2 * t + double(i)); };
    Values       product(n, Real(1));
    for (int step = 0; step < steps; ++step)
    {
      Values here(n), departed(n);
      for (std::size_t i = 0; i < n; ++i)
      {
        departed[i] = static_cast<Real>(source(i, step * h));
        here[i] = static_cast<Real>(source(i, (step + 1) * h));
      }
      const Array<Real> d(kernels, here), c(kernels, departed);
      kernels.growth(d.data(), c.data(), Real(h), c.data(), n); // c in place of the departed divergence
      const Values growth = c.get();
      for (std::size_t i = 0; i < n; ++i)
      {
        product[i] *= growth[i];
      }
    }
    Values exact(n);
    for (std::size_t i = 0; i < n; ++i)
    {
      exact[i] = static_cast<Real>(std::exp(0.2 + 0.3 * (std::sin(2.0 + double(i)) - std::sin(double(i)))));
    }
    error[refinement] = maximumDifference(product, exact);
    EXPECT_LT(error[refinement], 1.0 * h * h); // |d'| <= 1.2, |d| <= 0.8: the constant is below one
  }
  EXPECT_NEAR(observedOrder(error[0], error[1], 2.0), 2.0, 0.2);
}

TEST_P(KernelsTransport, GrowthWithoutDivergenceIsOneAndTakesItsFormula)
{
  const Values      d{ 0, 0, 2, -1, Real(0.5) }, departed{ 0, 4, 0, -2, Real(0.25) };
  const Array<Real> x(kernels, d), y(kernels, departed), c(kernels, 5);
  kernels.growth(x.data(), y.data(), Real(0.25), c.data(), 5);
  // 1 + h/2 (d + D + h d D), h = 1/4, exact in binary fractions
  EXPECT_EQ(c.get(), (Values{ 1, Real(1.5), Real(1.25), Real(0.6875), Real(1.09765625) }));
}

GNR_TEST_EVERY_BACKEND(KernelsInterpolation);
GNR_TEST_EVERY_BACKEND(KernelsTransport);
