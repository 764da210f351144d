// SPDX-License-Identifier: Apache-2.0
// What the walls of the limits let through is smoothed where it folds the grid [S2].
#include "problems.h"

#include "model/Unfolding.h"
#include "parallel/FourierTransform.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace
{

using gnr::Buffer;
using gnr::Grid;
using gnr::Real;
using problems::Bench;

constexpr int n = 64;

std::size_t
at(int x, int y, int z)
{
  const auto wrap = [](int i) { return static_cast<std::size_t>((i + n) % n); };
  return (wrap(z) * n + wrap(y)) * n + wrap(x);
}

/** A flow along x by 20.5 voxels, with a ripple of 8 voxels across, which it carries along unchanged. */
class Ripple : public ::testing::Test
{
protected:
  Ripple()
    : bench(problems::cube(n))
    , transform(bench.domain())
    , v(bench.vector({ { [this](double, double, double) { return 20.5 * h; },
                         [](double, double, double z) { return 0.01 * std::cos(8 * z); },
                         [](double, double, double) { return 0.0; } } }))
    , before(bench.read(v.data(), v.size()))
  {}

  /** The velocity after a mark at a point, on y = z = 32, smoothed by a Gaussian of that many voxels. */
  std::vector<Real>
  smoothed(int x, double width)
  {
    std::vector<Real> marks(bench.domain().points(), Real(0));
    marks[at(x, 32, 32)] = Real(1);
    Buffer device = bench.domain().scalar(), scratch = bench.domain().vector();
    bench.kernels().copyFromHost(marks.data(), device.data(), marks.size() * sizeof(Real));
    gnr::smoothAlongTrajectories(
      bench.domain(), transform, bench.domain().view(v), width, device.data(), bench.domain().view(scratch));
    return bench.read(v.data(), v.size());
  }

  /** v_y over what it was. */
  double
  ratio(const std::vector<Real> & after, int x, int y, int z) const
  {
    const std::size_t i = std::size_t(n) * n * n + at(x, y, z);
    return double(after[i]) / double(before[i]);
  }

  const double          h = 2.0 * problems::pi / n;
  Bench                 bench;
  gnr::FourierTransform transform;
  Buffer                v;
  std::vector<Real>     before;
};

// A Gaussian of s voxels damps a wave of 8 by exp(-(2 pi s / 8)^2 / 2) = 0.7346 for s = 1.
TEST_F(Ripple, isDampedAlongTheTrajectoryThatEndsInTheMark)
{
  const auto   after = smoothed(50, 1.0);
  const double damping = std::exp(-0.5 * std::pow(2.0 * problems::pi / 8.0, 2));
  // The point that the flow takes to x = 50 was at 29.5: the pullback map looks there.
  for (int x = 29; x <= 50; ++x)
  {
    EXPECT_NEAR(ratio(after, x, 32, 32), damping, 1e-4) << x;
    EXPECT_NEAR(ratio(after, x, 35, 32), damping, 1e-4) << x << ", 3 voxels beside";
  }
}

TEST_F(Ripple, isAsItWasElsewhere)
{
  const auto after = smoothed(50, 1.0);
  for (int x = 0; x < n; ++x)
  {
    EXPECT_EQ(ratio(after, x, 42, 32), 1.0) << x << ", 10 voxels beside";
    EXPECT_EQ(ratio(after, x, 32, 44), 1.0) << x << ", 12 voxels above";
    // Each of the six steps of the flow interpolates the weight, which widens it by less than a voxel.
    if (x < 29 - 9 - 6 || x > 50 + 9)
    {
      EXPECT_EQ(ratio(after, x, 32, 32), 1.0) << x << ", before or behind";
    }
  }
}

TEST_F(Ripple, isLeftAloneWithoutMarks)
{
  const auto host = std::vector<Real>(bench.domain().points(), Real(0));
  Buffer     marks = bench.domain().scalar(), scratch = bench.domain().vector();
  bench.kernels().copyFromHost(host.data(), marks.data(), host.size() * sizeof(Real));
  gnr::smoothAlongTrajectories(
    bench.domain(), transform, bench.domain().view(v), 1.0, marks.data(), bench.domain().view(scratch));
  EXPECT_EQ(bench.read(v.data(), v.size()), before);
}

constexpr int    slices = 16;
constexpr double turn = 10.0; // radians, in the middle of the vortex
constexpr double size = 4.0;  // voxels

/** A vortex about the middle of every slice: at the distance of r voxels points turn by turn exp(-r^2 / 2 size^2). Its
 * flow keeps areas, and yet the grid cannot carry it: angles of neighbours are up to 1.5 apart. */
struct Vortex
{
  gnr::Report        report;
  std::vector<float> u;
};

Vortex
vortex(std::optional<double> floor)
{
  Grid         grid = problems::cube(n);
  const double h = grid.spacing[0];
  grid.size[2] = slices;
  std::vector<float> fixed, moving, velocity;
  for (int z = 0; z < slices; ++z)
  {
    for (int y = 0; y < n; ++y)
    {
      for (int x = 0; x < n; ++x)
      {
        const double dx = x - 31.5, dy = y - 31.5;
        const double rate = turn * std::exp(-0.5 * (dx * dx + dy * dy) / (size * size));
        velocity.insert(velocity.end(),
                        { static_cast<float>(-rate * dy * h), static_cast<float>(rate * dx * h), 0.0F });
        fixed.push_back(static_cast<float>(std::sin(x * h)));
        moving.push_back(static_cast<float>(std::cos(x * h)));
      }
    }
  }
  gnr::Options options;
  options.device = problems::solveDevice();
  options.determinantFloor = floor;
  options.levels = 1;
  options.timeLimit = 1e-6; // so that the start is the result
  gnr::Problem problem{ grid, options };
  problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
  problem.moving = { moving.data(), gnr::wholeOf(problem.grid) };
  problem.initialVelocity = { velocity.data(), gnr::wholeOf(problem.grid) };
  const auto solution = gnr::makeEngine()->run(problem);
  Vortex     result{ solution->report(), std::vector<float>(3 * grid.points()) };
  solution->read(gnr::Field::Displacement, { result.u.data(), gnr::wholeOf(problem.grid) });
  return result;
}

bool
tells(const gnr::Report & report, const std::string & words)
{
  return std::any_of(report.messages.begin(), report.messages.end(), [&](const std::string & message) {
    return message.find(words) != std::string::npos;
  });
}

/** Voxels of a slice in which central differences of the turned points fold. */
std::size_t
foldsOfTheExactVortex()
{
  const auto turned = [](double x, double y, double out[2]) {
    const double angle = turn * std::exp(-0.5 * (x * x + y * y) / (size * size));
    out[0] = std::cos(angle) * x - std::sin(angle) * y;
    out[1] = std::sin(angle) * x + std::cos(angle) * y;
  };
  std::size_t folds = 0;
  for (int j = 0; j < n; ++j)
  {
    for (int i = 0; i < n; ++i)
    {
      const double x = i - 31.5, y = j - 31.5;
      double       east[2], west[2], north[2], south[2];
      turned(x + 1, y, east);
      turned(x - 1, y, west);
      turned(x, y + 1, north);
      turned(x, y - 1, south);
      const double det =
        (east[0] - west[0]) * (north[1] - south[1]) / 4.0 - (east[1] - west[1]) * (north[0] - south[0]) / 4.0;
      folds += det <= 0.0 ? 1 : 0;
    }
  }
  return folds;
}

TEST(Unfolding, noDeterminantIsBelowTheFloor)
{
  const Vortex free = vortex({}), limited = vortex(0.12);
  ASSERT_EQ(free.report.reason, gnr::StopReason::TimeLimit);
  const std::size_t folds = slices * foldsOfTheExactVortex();
  ASSERT_GT(folds, 0U);
  EXPECT_EQ(free.report.foldedVoxels, folds);
  EXPECT_TRUE(tells(free.report, "fold"));

  EXPECT_EQ(limited.report.foldedVoxels, 0U);
  EXPECT_GE(limited.report.determinantMinimum, 0.12);
  EXPECT_TRUE(tells(limited.report, "smoothed"));
  EXPECT_FALSE(tells(limited.report, "fold"));
  // Far from the vortex nothing has changed, except that the flow is followed in other steps.
  const double voxel = 2.0 * problems::pi / n;
  for (int y = 0; y < n; ++y)
  {
    const std::size_t i = 3 * at(4, y, 8);
    EXPECT_NEAR(limited.u[i], free.u[i], 1e-5 * voxel) << y;
    EXPECT_NEAR(limited.u[i + 1], free.u[i + 1], 1e-5 * voxel) << y;
  }
}

} // namespace
