// SPDX-License-Identifier: Apache-2.0
// The wall in front of velocity gradients that the grid cannot carry [S1].
#include "problems.h"

#include "model/DeformationLimit.h"

#include <gtest/gtest.h>

#include <cmath>

namespace
{

using gnr::Buffer;
using gnr::DeformationLimit;
using problems::Bench;

gnr::Options
limits(std::optional<double> gradient, std::optional<double> divergence)
{
  gnr::Options options;
  options.gradientLimit = gradient;
  options.divergenceLimit = divergence;
  return options;
}

/** v = (a sin y, 0, 0): no divergence, |grad v| = a |cos y|. */
std::array<problems::Scalar, 3>
shear(double a)
{
  return { { [a](double, double y, double) { return a * std::sin(y); },
             [](double, double, double) { return 0.0; },
             [](double, double, double) { return 0.0; } } };
}

/** v = (a sin x, 0, 0): |grad v| = |div v| = a |cos x|. */
std::array<problems::Scalar, 3>
compression(double a)
{
  return { { [a](double x, double, double) { return a * std::sin(x); },
             [](double, double, double) { return 0.0; },
             [](double, double, double) { return 0.0; } } };
}

double
valueOf(Bench & bench, const gnr::Options & options, const std::array<problems::Scalar, 3> & v)
{
  DeformationLimit limit(bench.domain(), options, 1.0);
  const Buffer     field = bench.vector(v);
  return limit.value(bench.domain().view(field));
}

// Phi = kappa / 10 g^10 / l^8 below the knee, kappa = 0.02 for the gradient; the mean of cos^10 is 63/256. The mean of
// the squared one-sided differences of sin at spacing h is cos^2 (1 - h^2/3) + sin^2 h^2/4 + O(h^4), and the mean of
// cos^8 sin^2 is a ninth of that of cos^10: the fifth power is off by 5 h^2 (1/36 - 1/3).
TEST(DeformationLimit, valueOfAShear)
{
  const double a = 1.3, limit = 2.0;
  const double exact = 0.02 / 10.0 * std::pow(a, 10) / std::pow(limit, 8) * 63.0 / 256.0;
  Bench        coarse(problems::cube(32)), fine(problems::cube(64));
  const double error32 = valueOf(coarse, limits(limit, {}), shear(a)) / exact - 1.0;
  const double error64 = valueOf(fine, limits(limit, {}), shear(a)) / exact - 1.0;
  const double h = 2.0 * problems::pi / 64, predicted = 5.0 * h * h * (1.0 / 36.0 - 1.0 / 3.0);
  EXPECT_NEAR(error64 / predicted, 1.0, 0.03);
  EXPECT_NEAR(error32 / error64, 4.0, 0.2);
}

TEST(DeformationLimit, valueOfACompression)
{
  const double a = 0.9, limit = 1.1;
  const double exact = 0.004 / 10.0 * std::pow(a, 10) / std::pow(limit, 8) * 63.0 / 256.0;
  Bench        bench(problems::cube(32)); // differences of eighth order
  EXPECT_NEAR(valueOf(bench, limits({}, limit), compression(a)) / exact, 1.0, 1e-4);
  EXPECT_LT(valueOf(bench, limits({}, limit), shear(a)), 1e-12 * exact) << "a shear does not compress";
}

// Far behind the knee the walls are parabolas of stiffness 0.04 and 0.02: S -> 0.02 <|grad v|^2> and 0.01 <(div v)^2>.
TEST(DeformationLimit, parabolaBehindTheKnee)
{
  Bench bench(problems::cube(64));
  EXPECT_NEAR(valueOf(bench, limits(0.1, {}), shear(20.0)) / (0.02 * 20.0 * 20.0 * 0.5), 1.0, 0.01);
  EXPECT_NEAR(valueOf(bench, limits({}, 0.1), compression(20.0)) / (0.01 * 20.0 * 20.0 * 0.5), 1.0, 0.01);
}

TEST(DeformationLimit, withoutLimitsThereIsNothing)
{
  Bench            bench(problems::cube(16));
  DeformationLimit limit(bench.domain(), limits({}, {}), 1.0);
  const Buffer     v = bench.vector(shear(5.0));
  const auto       before = bench.kernels().peakBytes();
  EXPECT_EQ(limit.value(bench.domain().view(v)), 0.0);
  limit.addGradient(bench.domain().view(v), true, bench.domain().view(v));
  EXPECT_EQ(bench.kernels().peakBytes(), before);
}

struct Derivatives : ::testing::TestWithParam<std::pair<std::optional<double>, std::optional<double>>>
{
  Derivatives()
    : bench(problems::cube(24))
    , limit(bench.domain(), limits(GetParam().first, GetParam().second), 1.0)
    , v(bench.vector(problems::smoothVelocity(1.0)))
    , w(bench.vector(
        { { [](double x, double y, double z) { return std::sin(z + 0.4) * std::cos(y - 0.3) * std::sin(x); },
            [](double x, double y, double z) { return std::sin(x + 0.2) * std::cos(z) * std::cos(y); },
            [](double x, double y, double z) { return std::cos(x - z) + std::sin(y) * std::cos(x); } } }))
  {}

  double
  valueAt(double epsilon)
  {
    Buffer trial = bench.domain().vector();
    bench.kernels().combine(1, v.data(), gnr::Real(epsilon), w.data(), trial.data(), trial.size());
    return limit.value(bench.domain().view(trial));
  }

  Buffer
  zeros()
  {
    Buffer result = bench.domain().vector();
    bench.kernels().fill(result.data(), result.size(), 0);
    return result;
  }

  Bench            bench;
  DeformationLimit limit;
  Buffer           v, w;
};

// S is a polynomial of degree ten in v on each side of the knee: a central difference with step e is off by O(e^2),
// Richardson's combination of two steps by O(e^4).
TEST_P(Derivatives, gradientIsTheDerivativeOfTheValue)
{
  Buffer g = zeros();
  limit.addGradient(bench.domain().view(v), true, bench.domain().view(g));
  const double slope = bench.inner(g, w);
  const auto   difference = [&](double e) { return (valueAt(e) - valueAt(-e)) / (2 * e); };
  const double extrapolated = (4 * difference(0.02) - difference(0.04)) / 3;
  EXPECT_NEAR(extrapolated / slope, 1.0, 1e-3);
}

TEST_P(Derivatives, hessianIsSymmetricAndNotNegative)
{
  Buffer hv = zeros(), hw = zeros(), g = zeros();
  limit.addGradient(bench.domain().view(v), true, bench.domain().view(g)); // takes the weights
  limit.addHessian(bench.domain().view(v), true, bench.domain().view(hv));
  limit.addHessian(bench.domain().view(w), true, bench.domain().view(hw));
  const double norm = std::sqrt(bench.inner(hv, v) * bench.inner(hw, w));
  EXPECT_GT(bench.inner(hv, v), 0.0);
  EXPECT_GT(bench.inner(hw, w), 0.0);
  EXPECT_NEAR(bench.inner(hv, w) / norm, bench.inner(hw, v) / norm, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(DeformationLimit,
                         Derivatives,
                         ::testing::Values(std::pair<std::optional<double>, std::optional<double>>{ 1.5, {} },
                                           std::pair<std::optional<double>, std::optional<double>>{ {}, 0.8 },
                                           std::pair<std::optional<double>, std::optional<double>>{ 0.5, 0.3 }));

} // namespace
