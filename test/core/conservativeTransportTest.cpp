// SPDX-License-Identifier: Apache-2.0
// What a density loses to the interpolation of the solver, against a scheme that cannot lose anything: the transpose of
// the interpolation of the adjoint, which hands each value out to 64 points in place of collecting it from them.
#include "problems.h"

#include "model/Trajectory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

namespace
{

using gnr::Buffer;
using problems::Bench;

constexpr int points = 64;

/** Weights of the cubic through -1, 0, 1, 2 at t, from 0 to 1. */
std::array<double, 4>
cubic(double t)
{
  return { { -t * (t - 1) * (t - 2) / 6,
             (t + 1) * (t - 1) * (t - 2) / 2,
             -(t + 1) * t * (t - 2) / 2,
             (t + 1) * t * (t - 1) / 6 } };
}

/** m <- W^T m, W the cubic interpolation at the points i + d(i) of the periodic grid, d in voxels. */
void
scatter(const std::vector<gnr::Real> & d, std::vector<double> & m)
{
  const std::size_t   n = m.size();
  std::vector<double> out(n, 0.0);
  const auto          wrapped = [](int i) { return ((i % points) + points) % points; };
  for (std::size_t at = 0; at < n; ++at)
  {
    const int             index[3] = { int(at % points), int(at / points % points), int(at / points / points) };
    std::array<double, 4> w[3];
    int                   first[3];
    for (int a = 0; a < 3; ++a)
    {
      const double x = index[a] + double(d[a * n + at]);
      first[a] = static_cast<int>(std::floor(x)) - 1;
      w[a] = cubic(x - std::floor(x));
    }
    for (int r = 0; r < 4; ++r)
    {
      for (int q = 0; q < 4; ++q)
      {
        const std::size_t row = (std::size_t(wrapped(first[2] + r)) * points + wrapped(first[1] + q)) * points;
        for (int p = 0; p < 4; ++p)
        {
          out[row + wrapped(first[0] + p)] += w[0][p] * w[1][q] * w[2][r] * m[at];
        }
      }
    }
  }
  m = out;
}

double
blob(double x, double y, double z)
{
  const auto squared = [](double a, double b) { return (a - b) * (a - b); };
  return std::exp(-2.0 * (squared(x, 2.8) + squared(y, 3.3) + squared(z, 3.1)));
}

struct Masses
{
  double gather;        ///< change by the solver, as a share
  double scatter;       ///< by the reference
  double difference;    ///< of where the two densities are, <cos x m>, as a share of the mass
  double voxelsPerStep; ///< the farthest that a point moves
};

Masses
carry(int steps)
{
  // Farther than four voxels in a step of a quarter, most of it as a whole, so that all of it is resolved.
  constexpr double amplitude = 0.3, drift = 1.5;
  Bench            bench(problems::cube(points));
  gnr::Domain &    domain = bench.domain();
  Buffer           scratch = domain.vector(), m0 = bench.scalar(blob);
  auto             velocity = problems::smoothVelocity(amplitude);
  velocity[0] = [smooth = velocity[0]](double x, double y, double z) { return drift + smooth(x, y, z); };
  const Buffer    v = bench.vector(velocity);
  gnr::Trajectory trajectory(domain, gnr::Interpolation::Cubic);
  gnr::State      state{ m0.data(), 1.0 };
  trajectory.expect(1.0);
  trajectory.setVelocity(domain.view(v), steps, domain.view(scratch));
  trajectory.solve(state);
  trajectory.prepareBackward(domain.view(v), domain.view(scratch));

  const std::size_t            n = domain.points();
  const std::vector<gnr::Real> start = bench.read(m0.data(), n), end = bench.read(trajectory.end(state), n);
  const std::vector<gnr::Real> d = bench.read(trajectory.departure(gnr::Sense::Backward).data, 3 * n);
  std::vector<double>          conserved(start.begin(), start.end());
  for (int step = 0; step < steps; ++step)
  {
    scatter(d, conserved);
  }
  const auto   sum = [](const auto & m) { return std::accumulate(m.begin(), m.end(), 0.0); };
  const double mass = sum(start);
  double       difference = 0.0;
  for (std::size_t i = 0; i < n; ++i)
  {
    difference += std::cos(2.0 * problems::pi * static_cast<double>(i % points) / points) * (end[i] - conserved[i]);
  }
  double farthest = 0.0;
  for (const gnr::Real each : d)
  {
    farthest = std::max(farthest, std::abs(double(each)));
  }
  return {
    std::abs(sum(end) / mass - 1.0), std::abs(sum(conserved) / mass - 1.0), std::abs(difference) / mass, farthest
  };
}

TEST(ConservativeTransport, WhatTheSolverLosesIsOfSecondOrder)
{
  const Masses four = carry(4), eight = carry(8);
  EXPECT_GT(four.voxelsPerStep, 4.0);
  EXPECT_LT(four.scatter, 1e-6);
  EXPECT_LT(eight.scatter, 1e-6);
  EXPECT_LT(four.gather, 1e-3);
  EXPECT_LT(eight.gather, four.gather / 3.5) << four.gather << " " << eight.gather;
  // Both solve one equation.
  EXPECT_LT(four.difference, 2e-3);
  EXPECT_LT(eight.difference, four.difference / 3.0) << four.difference << " " << eight.difference;
}

} // namespace
