// SPDX-License-Identifier: Apache-2.0
// Transport equations against closed forms, with the observed order; adjointness of the discrete operators.
#include "problems.h"

#include "model/Characteristics.h"
#include "model/FlowMap.h"
#include "model/Trajectory.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace
{

using problems::Bench;

double
wave(double x, double y, double z)
{
  return std::sin(x) * std::cos(2 * y) + 0.5 * std::cos(z);
}

/** v = (a sin x, 0, 0): dx/dt = v has the closed form tan(x(t)/2) = tan(x0/2) e^{a t}. */
double
sineFlow(double x, double a)
{
  const double shifted = std::atan2(std::sin(x), std::cos(x)); // to (-pi, pi]
  return 2.0 * std::atan(std::tan(shifted / 2) * std::exp(a));
}

std::array<problems::Scalar, 3>
sineVelocity(double a)
{
  return { { [=](double x, double, double) { return a * std::sin(x); },
             [](double, double, double) { return 0.0; },
             [](double, double, double) { return 0.0; } } };
}

double
maximumDifference(const std::vector<gnr::Real> & a, const std::vector<gnr::Real> & b)
{
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    largest = std::max(largest, std::abs(double(a[i]) - double(b[i])));
  }
  return largest;
}

TEST(Trajectory, constantVelocityShiftsByWholeVoxelsExactly)
{
  // One voxel along x and minus one along z in each of the four steps.
  const gnr::Grid grid = problems::cube(32);
  const double    h = grid.spacing[0];
  Bench           bench(grid);
  const auto      v = bench.vector({ { [=](double, double, double) { return 4 * h; },
                                       [](double, double, double) { return 0.0; },
                                       [=](double, double, double) { return -4 * h; } } });
  const auto      m0 = bench.scalar(wave);
  gnr::Buffer     scratch = bench.domain().vector();
  gnr::Trajectory trajectory(bench.domain(), gnr::Interpolation::Cubic);
  trajectory.expect(0.0);
  gnr::State state{ m0.data(), {} };
  trajectory.setVelocity(bench.domain().view(v), 4, bench.domain().view(scratch));
  trajectory.solve(state);
  const auto expected =
    problems::sample(grid, [=](double x, double y, double z) { return wave(x - 4 * h, y, z + 4 * h); });
  // Whole voxels: the interpolation is exact up to the rounding of the displacement.
  EXPECT_LT(maximumDifference(bench.read(trajectory.end(state), grid.points()), expected), 2e-5);
}

TEST(Trajectory, zeroVelocityLeavesTheStateAndTheAdjoint)
{
  const gnr::Grid grid = problems::cube(16);
  Bench           bench(grid);
  const auto      zero = bench.vector(problems::smoothVelocity(0.0));
  const auto      m0 = bench.scalar(wave);
  gnr::Buffer     scratch = bench.domain().vector(), lambda = bench.scalar(wave), b = bench.domain().vector();
  gnr::Trajectory trajectory(bench.domain(), gnr::Interpolation::Cubic);
  trajectory.expect(0.0);
  gnr::State state{ m0.data(), {} };
  trajectory.setVelocity(bench.domain().view(zero), 4, bench.domain().view(scratch));
  trajectory.solve(state);
  EXPECT_EQ(trajectory.end(state), m0.data());
  bench.kernels().fill(b.data(), b.size(), 0);
  trajectory.prepareBackward(bench.domain().view(zero), bench.domain().view(scratch));
  trajectory.integrateAdjoint(state, lambda.data(), true, bench.domain().view(b));
  // lambda and m do not change, so the integral is lambda grad m; d/dx of sin x cos 2y is cos x cos 2y.
  const auto expected =
    problems::sample(grid, [](double x, double y, double z) { return wave(x, y, z) * std::cos(x) * std::cos(2 * y); });
  EXPECT_LT(maximumDifference(bench.read(b.data(), grid.points()), expected), 1e-4);
}

/** Error of m(1) for the sine velocity with `steps` steps on n points. */
double
stateError(int n, int steps)
{
  const double    a = 0.8;
  const gnr::Grid grid = problems::cube(n);
  Bench           bench(grid);
  const auto      v = bench.vector(sineVelocity(a));
  const auto      m0 = bench.scalar(wave);
  gnr::Buffer     scratch = bench.domain().vector();
  gnr::Trajectory trajectory(bench.domain(), gnr::Interpolation::Cubic);
  trajectory.expect(0.0);
  gnr::State state{ m0.data(), {} };
  trajectory.setVelocity(bench.domain().view(v), steps, bench.domain().view(scratch));
  trajectory.solve(state);
  const auto expected =
    problems::sample(grid, [=](double x, double y, double z) { return wave(sineFlow(x, -a), y, z); });
  return maximumDifference(bench.read(trajectory.end(state), grid.points()), expected);
}

TEST(Trajectory, stateIsOfSecondOrderInTime)
{
  const double coarse = stateError(64, 2), fine = stateError(64, 4);
  EXPECT_GT(std::log2(coarse / fine), 1.8) << coarse << " " << fine;
}

// A constant velocity has exact departure points, so only the cubic interpolation errs: fourth order in the mesh.
TEST(Trajectory, stateIsOfFourthOrderInSpace)
{
  double error[2];
  for (int i = 0; i < 2; ++i)
  {
    const gnr::Grid grid = problems::cube(16 << i);
    Bench           bench(grid);
    const auto      constant = [](double value) { return [=](double, double, double) { return value; }; };
    const auto      v = bench.vector({ { constant(0.0), constant(1.0), constant(0.0) } });
    const auto      m0 = bench.scalar(wave);
    gnr::Buffer     scratch = bench.domain().vector();
    gnr::Trajectory trajectory(bench.domain(), gnr::Interpolation::Cubic);
    trajectory.expect(0.0);
    gnr::State state{ m0.data(), {} };
    trajectory.setVelocity(bench.domain().view(v), 4, bench.domain().view(scratch));
    trajectory.solve(state);
    const auto expected = problems::sample(grid, [](double x, double y, double z) { return wave(x, y - 1.0, z); });
    error[i] = maximumDifference(bench.read(trajectory.end(state), grid.points()), expected);
  }
  EXPECT_GT(std::log2(error[0] / error[1]), 3.6) << error[0] << " " << error[1];
}

// -dl/dt - div(l v) = 0 keeps the integral of lambda.
TEST(Trajectory, adjointConservesMass)
{
  const gnr::Grid grid = problems::cube(48);
  Bench           bench(grid);
  const auto      v = bench.vector(problems::smoothVelocity(0.5));
  const auto      m0 = bench.scalar(wave);
  const auto      density = [](double x, double y, double z) { return 1.0 + 0.5 * wave(x, y, z); };
  gnr::Buffer     scratch = bench.domain().vector(), lambda = bench.scalar(density), b = bench.domain().vector();
  const double    before = bench.domain().average(bench.kernels().sum(lambda.data(), lambda.size()));
  gnr::Trajectory trajectory(bench.domain(), gnr::Interpolation::Cubic);
  trajectory.expect(0.0);
  gnr::State state{ m0.data(), {} };
  trajectory.setVelocity(bench.domain().view(v), 8, bench.domain().view(scratch));
  trajectory.solve(state);
  trajectory.prepareBackward(bench.domain().view(v), bench.domain().view(scratch));
  bench.kernels().fill(b.data(), b.size(), 0);
  trajectory.integrateAdjoint(state, lambda.data(), true, bench.domain().view(b));
  const double after = bench.domain().average(bench.kernels().sum(lambda.data(), lambda.size()));
  EXPECT_NEAR(after, before, 1e-3 * before);
}

/** Without the symmetries that would make the product below vanish. */
double
uneven(double x, double y, double z)
{
  return std::cos(2 * x + 0.7) + std::sin(2 * y - 0.4) * std::cos(z) + 0.3 * std::cos(2 * z + 0.2);
}

/** |<L vt, l> - <vt, L^T l>| relative, L: direction -> incremental state at t = 1, L^T: minus the adjoint integral. */
double
adjointError(int n, int steps)
{
  const gnr::Grid grid = problems::cube(n);
  Bench           bench(grid);
  const auto      v = bench.vector(problems::smoothVelocity(0.5));
  const auto      vt = bench.vector(problems::smoothVelocity(1.0));
  const auto      m0 = bench.scalar(problems::templateImage);
  const auto      l = bench.scalar(uneven);
  gnr::Buffer     scratch = bench.domain().vector(), mt = bench.domain().scalar(), b = bench.domain().vector();
  gnr::Trajectory trajectory(bench.domain(), gnr::Interpolation::Cubic);
  trajectory.expect(0.0);
  gnr::State state{ m0.data(), {} };
  trajectory.setVelocity(bench.domain().view(v), steps, bench.domain().view(scratch));
  trajectory.solve(state);
  trajectory.prepareBackward(bench.domain().view(v), bench.domain().view(scratch));
  trajectory.incrementalState(state, bench.domain().view(vt), mt.data());
  const double forward = bench.inner(mt, l);
  gnr::Buffer  lambda = bench.scalar(uneven);
  bench.kernels().fill(b.data(), b.size(), 0);
  trajectory.integrateAdjoint(state, lambda.data(), true, bench.domain().view(b));
  const double backward = -bench.inner(vt, b);
  return std::abs(forward - backward) / std::abs(forward);
}

TEST(Trajectory, incrementalStateAndAdjointAreTransposes)
{
  const double coarse = adjointError(32, 4), fine = adjointError(64, 8);
  EXPECT_LT(fine, 2e-3);
  EXPECT_LT(fine, coarse / 3) << coarse << " " << fine;
}

// The derivative of m(1) with respect to v in a direction, against differences of the state itself.
TEST(Trajectory, incrementalStateIsTheDerivativeOfTheState)
{
  const gnr::Grid grid = problems::cube(64);
  Bench           bench(grid);
  const auto      v = bench.vector(problems::smoothVelocity(0.5));
  const auto      vt = bench.vector(problems::smoothVelocity(1.0));
  const auto      m0 = bench.scalar(problems::templateImage);
  gnr::Buffer     scratch = bench.domain().vector(), trial = bench.domain().vector(), mt = bench.domain().scalar();
  gnr::Trajectory trajectory(bench.domain(), gnr::Interpolation::Cubic);
  trajectory.expect(0.0);
  gnr::State             state{ m0.data(), {} };
  const double           epsilon = 1e-2;
  std::vector<gnr::Real> side[2];
  for (int s = 0; s < 2; ++s)
  {
    const auto signedEpsilon = static_cast<gnr::Real>(s == 0 ? epsilon : -epsilon);
    bench.kernels().combine(1, v.data(), signedEpsilon, vt.data(), trial.data(), trial.size());
    trajectory.setVelocity(bench.domain().view(trial), 8, bench.domain().view(scratch));
    trajectory.solve(state);
    side[s] = bench.read(trajectory.end(state), grid.points());
  }
  trajectory.setVelocity(bench.domain().view(v), 8, bench.domain().view(scratch));
  trajectory.solve(state);
  trajectory.incrementalState(state, bench.domain().view(vt), mt.data());
  const auto incremental = bench.read(mt.data(), grid.points());
  double     error = 0.0, size = 0.0;
  for (std::size_t i = 0; i < incremental.size(); ++i)
  {
    const double difference = (double(side[0][i]) - double(side[1][i])) / (2 * epsilon);
    error += std::pow(incremental[i] - difference, 2);
    size += difference * difference;
  }
  EXPECT_LT(std::sqrt(error / size), 1e-2);
}

TEST(Trajectory, stepsRiseWithTheVelocity)
{
  const gnr::Grid grid = problems::cube(32);
  Bench           bench(grid);
  const double    h = grid.spacing[0];
  // 40 voxels along x need seven steps of at most 6 voxels.
  const auto v = bench.vector({ { [=](double, double, double) { return 40 * h; },
                                  [](double, double, double) { return 0.0; },
                                  [=](double, double, double) { return -9 * h; } } });
  EXPECT_EQ(gnr::requiredSteps(bench.domain(), bench.domain().view(v), 4), 7);
  EXPECT_EQ(gnr::requiredSteps(bench.domain(), bench.domain().view(v), 12), 12);
}

TEST(FlowMap, sineFlowMatchesItsClosedForm)
{
  const double    a = 0.8;
  const gnr::Grid grid = problems::cube(64);
  Bench           bench(grid);
  const auto      v = bench.vector(sineVelocity(a));
  gnr::Buffer     u = bench.domain().vector();
  for (const bool inverse : { false, true })
  {
    gnr::integrateFlow(bench.domain(), bench.domain().view(v), inverse, bench.domain().view(u));
    const auto   values = bench.read(u.data(), grid.points());
    const double h = grid.spacing[0];
    for (int i = 0; i < 64; ++i)
    {
      const double x = i * h;
      const double moved = sineFlow(x, inverse ? a : -a);
      const double start = std::atan2(std::sin(x), std::cos(x));
      EXPECT_NEAR(values[i], moved - start, 0.01 * h) << "x " << x;
    }
  }
}

// Eight waves in a row: v = (a sin(8 x), 0, 0) stretches by e^(8 a) = 11, but the first step, which only looks at how
// far the points move, is a third of the time. It and others like it have to be taken back.
TEST(FlowMap, stepsThatAreTooLongLeaveNoTrace)
{
  const double a = 0.3;
  const int    waves = 8, points = 128;
  gnr::Grid    grid;
  grid.size = { points, 8, 8 };
  grid.spacing = { 2 * problems::pi / points, 1.0, 1.0 };
  Bench             bench(grid);
  const auto        v = bench.vector({ { [=](double x, double, double) { return a * std::sin(waves * x); },
                                         [](double, double, double) { return 0.0; },
                                         [](double, double, double) { return 0.0; } } });
  const gnr::Buffer u = bench.domain().vector();
  const double      h = grid.spacing[0];
  EXPECT_GT(gnr::integrateFlow(bench.domain(), bench.domain().view(v), false, bench.domain().view(u)), 3);
  const auto values = bench.read(u.data(), grid.points());
  for (int i = 0; i < points; ++i)
  {
    const double x = i * h * waves;
    const double start = std::atan2(std::sin(x), std::cos(x));
    EXPECT_NEAR(values[i], (sineFlow(x, -a * waves) - start) / waves, 0.01 * h) << "point " << i;
  }
}

TEST(FlowMap, inverseUndoesTheMap)
{
  const gnr::Grid grid = problems::cube(48);
  Bench           bench(grid);
  const double    h = grid.spacing[0];
  const auto      v = bench.vector(problems::smoothVelocity(0.8));
  gnr::Buffer     u = bench.domain().vector(), inverse = bench.domain().vector(), voxels = bench.domain().vector();
  gnr::integrateFlow(bench.domain(), bench.domain().view(v), false, bench.domain().view(u));
  gnr::integrateFlow(bench.domain(), bench.domain().view(v), true, bench.domain().view(inverse));
  bench.kernels().axpby(gnr::Real(1 / h), u.data(), 0, voxels.data(), u.size());
  const auto d = bench.domain().view(voxels);
  const auto halo = gnr::interpolationHalo(bench.domain(), d);
  for (int c = 0; c < 3; ++c)
  {
    gnr::Buffer there = bench.domain().scalar();
    bench.kernels().interpolate(bench.domain().padded(bench.domain().view(inverse)[c], halo),
                                d,
                                nullptr,
                                gnr::Interpolation::Cubic,
                                there.data());
    bench.kernels().axpby(1, bench.domain().view(u)[c], 1, there.data(), there.size());
    EXPECT_LT(bench.kernels().maximumAbsolute(there.data(), there.size()), 0.02 * h);
  }
}

} // namespace
