// SPDX-License-Identifier: Apache-2.0
// Pairs of landmarks as a term of the objective [Q1]-[Q3].
#include "problems.h"
#include "slabs.h"
#include "threads.h"

#include "model/FlowMap.h"
#include "model/LandmarkTerm.h"
#include "model/PointPaths.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <mutex>
#include <vector>

namespace
{

using namespace gnr;
using problems::Bench;
using problems::pi;

/** Points in the box [0, 2 pi)^3, none of them on the grid. */
const std::vector<double> points{ 0.3, 1.1, 2.0, 3.0, 0.2, 5.9, 4.4, 3.3, 1.7, 6.1, 5.2, 0.9 };

std::vector<LandmarkPair>
pairsFrom(const std::vector<double> & fixed)
{
  std::vector<LandmarkPair> pairs(fixed.size() / 3);
  for (std::size_t i = 0; i < fixed.size(); ++i)
  {
    pairs[i / 3].fixed[i % 3] = fixed[i];
    pairs[i / 3].moving[i % 3] = fixed[i] + 0.4 * std::sin(static_cast<double>(i));
  }
  return pairs;
}

Options
withSigma(double sigma)
{
  Options options;
  options.landmarkSigma = sigma;
  return options;
}

std::array<problems::Scalar, 3>
constant(double x, double y, double z)
{
  return { { [=](double, double, double) { return x; },
             [=](double, double, double) { return y; },
             [=](double, double, double) { return z; } } };
}

// y = p - v, and J is minus the identity for a constant direction, whatever the number of steps.
TEST(PointPaths, ConstantVelocityMovesPointsAsItIs)
{
  Bench               bench(problems::cube(16));
  const Buffer        v = bench.vector(constant(0.75, -1.5, 2.25)), w = bench.vector(constant(0.5, 0.25, -0.125));
  PointPaths          paths(bench.domain(), points);
  const VectorView    view = bench.domain().view(v);
  const double        velocity[3] = { 0.75, -1.5, 2.25 }, direction[3] = { 0.5, 0.25, -0.125 };
  std::vector<double> ends = paths.linearize(view), change = paths.push(bench.domain().view(w));
  EXPECT_EQ(ends, paths.follow(view));
  for (std::size_t i = 0; i < points.size(); ++i)
  {
    // The weights of 64 nodes sum up to one within a few roundings in double, and 9 steps of 4 stages do no more.
    EXPECT_NEAR(ends[i], points[i] - velocity[i % 3], 1e-12);
    EXPECT_NEAR(change[i], -direction[i % 3], 1e-12);
  }
}

// Both are methods of fourth order on the same interpolant; integrateFlow() promises 0.03 voxel, and steps of a voxel
// here are finer than its own.
TEST(PointPaths, AgreeWithTheMap)
{
  const Grid       grid = problems::cube(24);
  Bench            bench(grid);
  const Buffer     v = bench.vector(problems::smoothVelocity(1.2)), u = bench.domain().vector();
  const VectorView map = bench.domain().view(u);
  integrateFlow(bench.domain(), bench.domain().view(v), false, map);
  std::vector<double>      starts;
  std::vector<std::size_t> at;
  for (std::size_t n = 17; n < grid.points(); n += 1009)
  {
    const std::size_t index[3] = { n % 24, n / 24 % 24, n / 576 };
    for (int a = 0; a < 3; ++a)
    {
      starts.push_back(static_cast<double>(index[a]) * grid.spacing[a]);
    }
    at.push_back(n);
  }
  const std::vector<double> ends = PointPaths(bench.domain(), starts).follow(bench.domain().view(v));
  double                    farthest = 0.0;
  for (int c = 0; c < 3; ++c)
  {
    const std::vector<Real> values = bench.read(map[c], grid.points());
    for (std::size_t i = 0; i < at.size(); ++i)
    {
      EXPECT_NEAR(ends[3 * i + c] - starts[3 * i + c], double(values[at[i]]), 0.03 * grid.spacing[c]);
      farthest = std::max(farthest, std::abs(double(values[at[i]])));
    }
  }
  EXPECT_GT(farthest, 3 * grid.spacing[0]) << "the points move";
}

// On a grid that begins elsewhere the same velocity takes the same points to the same places, up to the interpolation
// of its waves of one period a box: error at most 3/128 h^4 |f''''| a stage and axis, over unit time.
TEST(PointPaths, KnowWhereTheGridBegins)
{
  const Grid   grid = problems::cube(32);
  const double share = 0.4 / 32, shift = 2 * pi * share;
  Bench        bench(grid);
  Domain       shifted(grid, bench.kernels(), bench.domain().communicator(), { { share, share, share } });
  const auto   f = problems::smoothVelocity(1.0);
  const Buffer v = bench.vector(f);
  const Buffer moved =
    bench.vector({ { [&](double x, double y, double z) { return f[0](x + shift, y + shift, z + shift); },
                     [&](double x, double y, double z) { return f[1](x + shift, y + shift, z + shift); },
                     [&](double x, double y, double z) { return f[2](x + shift, y + shift, z + shift); } } });
  const std::vector<double> ends = PointPaths(bench.domain(), points).follow(bench.domain().view(v));
  const std::vector<double> others = PointPaths(shifted, points).follow(shifted.view(moved));
  const double              h = 2 * pi / 32, error = 2 * 3 * 3.0 / 128 * std::pow(h, 4) * std::exp(1.5);
  for (std::size_t i = 0; i < points.size(); ++i)
  {
    EXPECT_NEAR(ends[i], others[i], error);
  }
}

struct Landmarks : ::testing::Test
{
  Landmarks()
    : options(withSigma(1.0))
    , bench(problems::cube(24))
    , term(bench.domain(), options, 1.0, pairsFrom(points))
    , v(bench.vector(problems::smoothVelocity(1.0)))
    , w(bench.vector(problems::direction(0.4)))
  {}

  double
  valueAt(double epsilon)
  {
    Buffer trial = bench.domain().vector();
    bench.kernels().combine(1, v.data(), Real(epsilon), w.data(), trial.data(), trial.size());
    return term.value(bench.domain().view(trial));
  }
  VectorView
  view(const Buffer & field)
  {
    return bench.domain().view(field);
  }

  Options      options;
  Bench        bench;
  LandmarkTerm term;
  Buffer       v, w;
};

// At rest y(p) = p: P = s / (2 N sigma^2) sum |p - q|^2.
TEST_F(Landmarks, ValueAtRest)
{
  double sum = 0.0;
  for (const LandmarkPair & pair : pairsFrom(points))
  {
    for (int a = 0; a < 3; ++a)
    {
      sum += std::pow(pair.fixed[a] - pair.moving[a], 2);
    }
  }
  bench.kernels().fill(v.data(), v.size(), 0);
  for (const double range : { 1.0, 20.0 })
  {
    for (const double sigma : { 1.0, 0.3 })
    {
      options.landmarkSigma = sigma;
      LandmarkTerm other(bench.domain(), options, range, pairsFrom(points));
      const double expected = 0.01 * range * range / (2 * 4 * sigma * sigma) * sum;
      EXPECT_NEAR(other.value(view(v)), expected, 1e-12 * expected);
    }
  }
}

// Of a cube of edge 2 pi.
TEST_F(Landmarks, SigmaIsATenthOfTheBoxUnlessItIsGiven)
{
  options.landmarkSigma.reset();
  LandmarkTerm automatic(bench.domain(), options, 1.0, pairsFrom(points));
  const double ratio = std::pow(0.2 * pi, 2);
  EXPECT_NEAR(automatic.value(view(v)) * ratio / term.value(view(v)), 1.0, 1e-12);
}

TEST_F(Landmarks, GradientHasATaylorRemainderOfSecondOrder)
{
  const Buffer g = bench.domain().vector();
  term.addGradient(view(v), false, view(g));
  problems::expectSecondOrderRemainder([&](double e) { return valueAt(e); }, bench.inner(g, w));
}

// The interpolant of a polynomial of third degree is that polynomial, without the kinks between cells that others have.
// Then a central difference is off by O(e^2), Richardson's combination of two by O(e^4) = 1e-7 of it; v + e w is
// rounded to Real, 6e-8 of values of one, and divided by e.
TEST_F(Landmarks, GradientIsThatOfTheSteps)
{
  const auto polynomials = [](double s) -> std::array<problems::Scalar, 3> {
    return { { [=](double x, double y, double z) { return 0.6 * s + 0.3 * (x - pi) - 0.2 * (y - pi) * (z - pi); },
               [=](double x, double y, double z) {
                 return -0.4 + 0.2 * s * (x - pi) * (x - pi) + 0.3 * (z - pi) * y / pi;
               },
               [=](double x, double y, double z) { return 0.3 + 0.1 * (y - pi) * (x - pi) - 0.25 * s * (z - pi); } } };
  };
  v = bench.vector(polynomials(1.0));
  w = bench.vector(polynomials(-0.7));
  const std::vector<double> middle{ 3.3, 2.9, 3.05, 2.7, 3.5, 3.2, 3.6, 3.4, 2.8 };
  LandmarkTerm              other(bench.domain(), options, 1.0, pairsFrom(middle));
  const Buffer              g = bench.domain().vector(), trial = bench.domain().vector();
  other.addGradient(view(v), false, view(g));
  const double slope = bench.inner(g, w);
  const auto   valueOf = [&](double e) {
    bench.kernels().combine(1, v.data(), Real(e), w.data(), trial.data(), trial.size());
    return other.value(view(trial));
  };
  const auto difference = [&](double e) { return (valueOf(e) - valueOf(-e)) / (2 * e); };
  EXPECT_NEAR((4 * difference(0.01) - difference(0.02)) / 3 / slope, 1.0, 1e-5);
}

// <a, H b> = s / (N sigma^2) sum J a . J b, with J from PointPaths.
TEST_F(Landmarks, HessianIsSymmetricAndThatOfTheProjectedDirections)
{
  const Buffer g = bench.domain().vector(), hv = bench.domain().vector(), hw = bench.domain().vector();
  term.addGradient(view(v), false, view(g));
  term.addHessian(view(v), false, view(hv));
  bench.kernels().copy(g.data(), hw.data(), hw.size());
  term.addHessian(view(w), true, view(hw));
  bench.kernels().axpby(Real(-1), g.data(), Real(1), hw.data(), hw.size());
  PointPaths paths(bench.domain(), points);
  paths.linearize(view(v));
  const std::vector<double> jv = paths.push(view(v)), jw = paths.push(view(w));
  const auto                product = [](const std::vector<double> & a, const std::vector<double> & b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i)
    {
      sum += a[i] * b[i];
    }
    return 0.01 / 4 * sum;
  };
  const double size = std::sqrt(product(jv, jv) * product(jw, jw));
  const double rounding = 1e-5 * size; // of sums of Real at the nodes
  EXPECT_NEAR(bench.inner(hv, w), product(jv, jw), rounding);
  EXPECT_NEAR(bench.inner(hw, v), product(jv, jw), rounding);
  EXPECT_NEAR(bench.inner(hv, v), product(jv, jv), rounding);
  EXPECT_NEAR(bench.inner(hw, w), product(jw, jw), rounding);
  EXPECT_GT(product(jv, jv), 0.0);
}

TEST_F(Landmarks, WithoutThemThereIsNothing)
{
  LandmarkTerm none(bench.domain(), options, 1.0, {});
  const auto   before = bench.kernels().peakBytes();
  const auto   values = bench.read(v.data(), v.size());
  EXPECT_FALSE(none.isActive());
  EXPECT_EQ(none.value(view(w)), 0.0);
  none.addGradient(view(w), true, view(v));
  none.addHessian(view(w), true, view(v));
  EXPECT_EQ(bench.read(v.data(), v.size()), values);
  EXPECT_EQ(bench.kernels().peakBytes(), before);
  none.addGradient(view(w), false, view(v));
  EXPECT_EQ(bench.kernels().maximumAbsolute(v.data(), v.size()), 0.0);
}

// Each process has some planes, and points cross them. Sums over processes are in double, so that paths differ by its
// rounding only; nodes are sums of Real in the same order.
TEST(LandmarksOnSlabs, AreThoseOfOneProcess)
{
  const Grid        grid = problems::cube(24);
  std::vector<Real> whole, direction;
  for (int c = 0; c < 3; ++c)
  {
    const auto v = problems::sample(grid, problems::smoothVelocity(1.5)[c]);
    const auto w = problems::sample(grid, problems::direction(0.3)[c]);
    whole.insert(whole.end(), v.begin(), v.end());
    direction.insert(direction.end(), w.begin(), w.end());
  }
  struct Result
  {
    double value;
    double square; ///< of the gradient
    double curvature;
  };
  const auto resultOf = [&](int ranks) {
    Result           result{};
    test::ThreadTeam team(ranks);
    std::mutex       mutex;
    team.run([&](const std::shared_ptr<Communicator> & communicator) {
      const auto   kernels = makeCpuKernels(1);
      Domain       domain(grid, *kernels, *communicator);
      LandmarkTerm term(domain, withSigma(1.0), 1.0, pairsFrom(points));
      const Buffer v = test::part(domain, whole, 3), w = test::part(domain, direction, 3);
      const Buffer g = domain.vector(), h = domain.vector();
      const double value = term.value(domain.view(v));
      term.addGradient(domain.view(v), false, domain.view(g));
      term.addHessian(domain.view(w), false, domain.view(h));
      const double                      square = domain.inner(g.data(), g.data(), g.size());
      const double                      curvature = domain.inner(h.data(), w.data(), h.size());
      const std::lock_guard<std::mutex> lock(mutex);
      result = { value, square, curvature };
    });
    return result;
  };
  const Result one = resultOf(1);
  EXPECT_GT(one.square, 0.0);
  for (const int ranks : { 2, 3 })
  {
    const Result several = resultOf(ranks);
    EXPECT_NEAR(several.value / one.value, 1.0, 1e-12);
    EXPECT_NEAR(several.square / one.square, 1.0, 1e-6);
    EXPECT_NEAR(several.curvature / one.curvature, 1.0, 1e-6);
  }
}

} // namespace
