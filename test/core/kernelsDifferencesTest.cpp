// SPDX-License-Identifier: Apache-2.0
#include "testing.h"

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsHalo = BackendTest;
using KernelsDifferences = BackendTest;
using KernelsDeterminant = BackendTest;


/** What the 8th-order difference makes of the wave exp(i theta x): the factor in place of i theta is i times this. */
double
modifiedWaveNumber(double theta)
{
  return 2.0 * (4.0 / 5.0 * std::sin(theta) - 1.0 / 5.0 * std::sin(2 * theta) + 4.0 / 105.0 * std::sin(3 * theta) -
                1.0 / 280.0 * std::sin(4 * theta));
}

int
component(int axis, int i, int j, int k)
{
  return axis == 0 ? i : (axis == 1 ? j : k);
}

/** Largest error of d/dx sin x on n points per period along one axis. */
double
errorOfDerivative(Kernels & kernels, int axis, int n)
{
  const Extents e{ axis == 0 ? n : 5, axis == 1 ? n : 5, axis == 2 ? n : 5 };
  const double  h = 2 * pi / n;
  PaddedArray   f(kernels, e, 4, 4, 4);
  f.setPeriodic(sample(e, [&](int i, int j, int k) { return std::sin(h * component(axis, i, j, k)); }));
  const Array<Real> out(kernels, e.points());
  kernels.derivative(f.view(), axis, 1.0 / h, 1, 0, out.data());
  return maximumDifference(out.get(),
                           sample(e, [&](int i, int j, int k) { return std::cos(h * component(axis, i, j, k)); }));
}

} // namespace

TEST_P(KernelsHalo, PadContinuesPeriodicallyInXAndY)
{
  // halos narrower and wider than the slab
  for (const int halo : { 0, 2, 4, 13 })
  {
    const Extents     e{ 5, 6, 3 };
    const Values      values = sample(e, [](int i, int j, int k) { return i + 10 * j + 100 * k; });
    const Array<Real> source(kernels, values);
    PaddedArray       padded(kernels, e, halo, halo + 1, 2);
    kernels.pad(source.data(), padded.view());
    padded.fetch();
    for (int k = 0; k < e.nz; ++k)
    {
      for (int j = -halo - 1; j < e.ny + halo + 1; ++j)
      {
        for (int i = -halo; i < e.nx + halo; ++i)
        {
          ASSERT_EQ(padded.at(i, j, k), (i + 50) % 5 + 10 * ((j + 60) % 6) + 100 * k) << i << ' ' << j << ' ' << k;
        }
        ASSERT_TRUE(std::isnan(padded.at(-halo - 1, j, k)));
        ASSERT_TRUE(std::isnan(padded.at(e.nx + halo, j, k)));
      }
    }
    for (const int k : { -2, -1, e.nz, e.nz + 1 }) // the neighbours' planes
    {
      ASSERT_TRUE(std::isnan(padded.at(0, 0, k)));
    }
  }
}

TEST_P(KernelsDifferences, WaveGivesTheModifiedWaveNumber)
{
  // The stencil on a wave has a closed form. Error: each of 8 products of size <= 0.8 / h and their sum is rounded, and
  // so are the samples: less than 8 epsilon / h.
  for (int axis = 0; axis < 3; ++axis)
  {
    const int     n = 11;
    const Extents e{ axis == 0 ? n : 6, axis == 1 ? n : 6, axis == 2 ? n : 6 };
    const double  h = 0.7, theta = 2 * pi * 2 / n; // two periods
    PaddedArray   f(kernels, e, 4, 4, 4);
    f.setPeriodic(sample(e, [&](int i, int j, int k) { return std::sin(theta * component(axis, i, j, k)); }));
    const Array<Real> out(kernels, e.points());
    kernels.derivative(f.view(), axis, 1.0 / h, 1, 0, out.data());
    const Values expected = sample(e, [&](int i, int j, int k) {
      return modifiedWaveNumber(theta) / h * std::cos(theta * component(axis, i, j, k));
    });
    EXPECT_LE(maximumDifference(out.get(), expected), 8 * epsilon / h) << "axis " << axis;
  }
}

TEST_P(KernelsDifferences, OrderEight)
{
  for (int axis = 0; axis < 3; ++axis)
  {
    const double coarse = errorOfDerivative(kernels, axis, 7);
    const double fine = errorOfDerivative(kernels, axis, 10);
    // The error is theta^8 / 630 (1 - 0.27 theta^2 + ...): 0.898 of the leading term on 10 points a period, order 7.68
    // between 7 and 10 points. Rounding, 2.5 epsilon / h, is below 2 % of the finer error.
    EXPECT_NEAR(observedOrder(coarse, fine, 10.0 / 7.0), 7.68, 0.1) << "axis " << axis;
    EXPECT_NEAR(fine / (std::pow(2 * pi / 10, 8) / 630.0), 0.898, 0.02) << "axis " << axis;
  }
}

TEST_P(KernelsDifferences, GradientOfALinearFunctionIsExact)
{
  // Whole numbers below 2^12 and spacings that are powers of two; the weights 1/5, 4/105, 1/280 are rounded: each
  // product is off by at most epsilon times its size (sum of |weight * difference| is 1.6 + 0.8 + 0.23 + 0.03 < 3 per
  // unit slope).
  const Extents e{ 9, 7, 6 };
  const double  inverse[3] = { 2.0, 1.0, 0.5 };
  PaddedArray   m(kernels, e, 4, 5, 6); // halos may be wider than the stencil
  m.setFunction([](int i, int j, int k) { return 3 * i - 5 * j + 8 * k; });
  const std::size_t n = e.points();
  const Values      v = joined(randomValues(n, -1, 1, 1), randomValues(n, -1, 1, 2), randomValues(n, -1, 1, 3));
  const Array<Real> velocity(kernels, v);
  const double      slope[3] = { 6.0, -5.0, 4.0 };
  const double      rounding = 16 * epsilon * (6.0 + 5.0 + 4.0) * 3;

  Values expected(n);
  for (std::size_t i = 0; i < n; ++i)
  {
    expected[i] = static_cast<Real>(slope[0] * v[i] + slope[1] * v[n + i] + slope[2] * v[2 * n + i]);
  }
  const Array<Real> out(kernels, Values(n, notANumber)); // with b = 0 it must not be read
  kernels.gradientDot(m.view(), inverse, { velocity.data(), n }, 1, 0, out.data());
  EXPECT_LE(maximumDifference(out.get(), expected), rounding);

  out.set(Values(n, Real(2)));
  kernels.gradientDot(m.view(), inverse, { velocity.data(), n }, -2, 3, out.data());
  for (Real & value : expected)
  {
    value = -2 * value + 6;
  }
  EXPECT_LE(maximumDifference(out.get(), expected), 2 * rounding);

  // the components of b may lie further apart than n
  const std::size_t stride = n + 5;
  const Values      lambda = randomValues(n, -1, 1, 4);
  const Array<Real> scale(kernels, lambda), b(kernels, Values(3 * stride, Real(1)));
  kernels.scaledGradient(m.view(), inverse, scale.data(), 2, 1, { b.data(), stride });
  const Values result = b.get();
  for (int axis = 0; axis < 3; ++axis)
  {
    for (std::size_t i = 0; i < n; ++i)
    {
      ASSERT_NEAR(result[axis * stride + i], 1 + 2 * slope[axis] * lambda[i], 2 * rounding);
    }
    for (std::size_t i = n; axis < 2 && i < stride; ++i)
    {
      ASSERT_EQ(result[axis * stride + i], 1) << "the gap between components was written";
    }
  }
}

TEST_P(KernelsDifferences, DerivativeAccumulates)
{
  const Extents e{ 8, 6, 5 };
  PaddedArray   f(kernels, e, 4, 4, 4);
  f.setFunction([](int i, int j, int k) { return 2 * i + 4 * j - 6 * k; });
  const double      slope[3] = { 2.0, 4.0, -6.0 };
  const Array<Real> out(kernels, Values(e.points(), notANumber));
  for (int axis = 0; axis < 3; ++axis)
  {
    kernels.derivative(f.view(), axis, 0.5, 3, 0, out.data());
    EXPECT_LE(maximumDifference(out.get(), Values(e.points(), Real(1.5 * slope[axis]))), 16 * epsilon * 27);
    kernels.derivative(f.view(), axis, 0.5, 3, -1, out.data()); // cancels what is there
    EXPECT_LE(maximumOf(out.get()), 32 * epsilon * 27);
  }
}

TEST_P(KernelsDifferences, ConstantHasNoDerivative)
{
  const Extents e{ 9, 6, 5 };
  PaddedArray   f(kernels, e, 4, 4, 4);
  f.setPeriodic(Values(e.points(), Real(1234.56)));
  const Array<Real> out(kernels, e.points());
  for (int axis = 0; axis < 3; ++axis)
  {
    kernels.derivative(f.view(), axis, 1.0, 1, 0, out.data());
    // the stencil is antisymmetric: what rounding there is comes from sums in double
    EXPECT_LE(maximumOf(out.get()), 8 * std::numeric_limits<double>::epsilon() * 1234.56);
  }
}

TEST_P(KernelsDeterminant, AffineMapIsExact)
{
  // u = (M - I) x with entries that are multiples of 1/8 and whole coordinates: everything is exact but the product.
  const double  g[3][3] = { { 0.25, -0.5, 0.125 }, { 0.375, -0.25, 0.5 }, { -0.125, 0.25, 0.75 } };
  const Extents e{ 7, 6, 5 };
  const double  spacing[3] = { 0.5, 1.0, 2.0 };
  const double  inverse[3] = { 2.0, 1.0, 0.5 };
  PaddedArray   x(kernels, e, 1, 1, 1), y(kernels, e, 2, 1, 1), z(kernels, e, 1, 3, 2);
  PaddedArray * components[3] = { &x, &y, &z };
  for (int c = 0; c < 3; ++c)
  {
    components[c]->setFunction([&](int i, int j, int k) {
      return g[c][0] * spacing[0] * i + g[c][1] * spacing[1] * j + g[c][2] * spacing[2] * k;
    });
  }
  // det of { 1.25, -0.5, 0.125 }, { 0.375, 0.75, 0.5 }, { -0.125, 0.25, 1.75 }
  const double expected =
    1.25 * (0.75 * 1.75 - 0.5 * 0.25) + 0.5 * (0.375 * 1.75 + 0.5 * 0.125) + 0.125 * (0.375 * 0.25 + 0.75 * 0.125);
  const Padded      u[3] = { x.view(), y.view(), z.view() };
  const Array<Real> out(kernels, e.points());
  kernels.jacobianDeterminant(u, inverse, out.data());
  EXPECT_LE(maximumDifference(out.get(), Values(e.points(), Real(expected))), 8 * epsilon * expected);
}

TEST_P(KernelsDeterminant, OrderTwo)
{
  // u = (a sin y, b sin z, c sin x): det(I + grad u) = 1 + a b c cos x cos y cos z; a central difference replaces every
  // cosine by cos * sin(h) / h, an error of 3 h^2 / 6 relative to the product.
  double error[2];
  for (int refinement = 0; refinement < 2; ++refinement)
  {
    const int     n = 12 << refinement;
    const Extents e{ n, n, n };
    const double  h = 2 * pi / n;
    const double  inverse[3] = { 1 / h, 1 / h, 1 / h };
    PaddedArray   x(kernels, e, 1, 1, 1), y(kernels, e, 1, 1, 1), z(kernels, e, 1, 1, 1);
    x.setPeriodic(sample(e, [&](int, int j, int) { return 0.5 * std::sin(h * j); }));
    y.setPeriodic(sample(e, [&](int, int, int k) { return 0.8 * std::sin(h * k); }));
    z.setPeriodic(sample(e, [&](int i, int, int) { return 0.9 * std::sin(h * i); }));
    const Padded      u[3] = { x.view(), y.view(), z.view() };
    const Array<Real> out(kernels, e.points());
    kernels.jacobianDeterminant(u, inverse, out.data());
    error[refinement] = maximumDifference(out.get(), sample(e, [&](int i, int j, int k) {
                                            return 1 + 0.36 * std::cos(h * i) * std::cos(h * j) * std::cos(h * k);
                                          }));
    EXPECT_NEAR(error[refinement] / (0.36 * (1 - std::pow(std::sin(h) / h, 3))), 1.0, 1e-3);
  }
  EXPECT_NEAR(observedOrder(error[0], error[1], 2.0), 2.0, 0.1);
}

GNR_TEST_EVERY_BACKEND(KernelsHalo);
GNR_TEST_EVERY_BACKEND(KernelsDifferences);
GNR_TEST_EVERY_BACKEND(KernelsDeterminant);
