// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_cuda_pair_h
#define gnr_test_cuda_pair_h

#include "problems.h"

#include "gnr/Engine.h"

#include <cmath>
#include <memory>
#include <vector>

namespace problems
{

/** Two soft ellipsoids that differ in place and shape. */
struct Pair
{
  explicit Pair(int points)
    : grid(cube(points))
    , fixed(image(grid, [](double x, double y, double z) { return blob(x, y, z, 0.0); }))
    , moving(image(grid, [](double x, double y, double z) { return blob(x - 0.3, y + 0.15, z, 0.3); }))
  {}

  static double
  blob(double x, double y, double z, double width)
  {
    const double a = x - pi, b = y - pi, c = z - pi;
    const double r = std::sqrt(a * a + 1.5 * b * b + c * c / (1.0 + width));
    return 1.0 / (1.0 + std::exp(8.0 * (r - 1.4)));
  }

  gnr::Problem
  problem(gnr::Options options = ssdOptions(), gnr::Device device = gnr::Device::Cuda) const
  {
    options.device = device;
    gnr::Problem result{ grid, options };
    result.fixed = { fixed.data(), gnr::wholeOf(grid) };
    result.moving = { moving.data(), gnr::wholeOf(grid) };
    return result;
  }
  std::unique_ptr<gnr::Result>
  run() const
  {
    return gnr::makeEngine()->run(problem());
  }

  gnr::Grid          grid;
  std::vector<float> fixed, moving;
};

} // namespace problems

#endif
