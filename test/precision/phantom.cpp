// SPDX-License-Identifier: Apache-2.0
#include "phantom.h"

#include "problems.h"

#include <array>
#include <cmath>

namespace
{

using Point = std::array<double, 3>;
using problems::pi;

/** From 0 to 1 where the distance to a boundary changes its sign. */
double
inside(double distance)
{
  return 0.5 * (1.0 + std::tanh(distance / 0.1));
}

double
radius(double x, double y, double z)
{
  return std::sqrt(x * x + y * y + z * z);
}

double
head(double x, double y, double z)
{
  const double fold = 0.06 * std::cos(5 * x) * std::cos(4 * y + 1) * std::cos(5 * z + 2);
  const double u = x - pi, v = y - pi, w = z - pi;
  const double shell = radius(u / 2.0, v / 2.3, w / 1.9);
  return 0.4 * inside(1.0 - shell) + 0.5 * inside(0.78 + fold - shell) -
         0.6 * inside(0.3 - radius(u - 0.3, 0.63 * v, w));
}

/** Where the point was a unit of time ago, by eight classical Runge-Kutta steps. */
Point
origin(Point p)
{
  static const auto velocity = problems::smoothVelocity(0.5);
  constexpr int     steps = 8;
  const double      h = 1.0 / steps;
  for (int step = 0; step < steps; ++step)
  {
    Point slope[4];
    for (int stage = 0; stage < 4; ++stage)
    {
      Point q = p;
      for (int c = 0; c < 3 && stage > 0; ++c)
      {
        q[c] += (stage == 3 ? h : h / 2) * slope[stage - 1][c];
      }
      for (int c = 0; c < 3; ++c)
      {
        slope[stage][c] = -velocity[c](q[0], q[1], q[2]);
      }
    }
    for (int c = 0; c < 3; ++c)
    {
      p[c] += h / 6 * (slope[0][c] + 2 * slope[1][c] + 2 * slope[2][c] + slope[3][c]);
    }
  }
  return p;
}

double
carriedHead(double x, double y, double z)
{
  const Point  p = origin({ { x, y, z } });
  const double lump = 0.25 * inside(0.25 - radius(x - pi - 0.7, y - pi + 0.9, z - pi - 0.4));
  return head(p[0], p[1], p[2]) + lump;
}

} // namespace

namespace precision
{

std::vector<float>
movingHead(int points)
{
  return problems::image(problems::cube(points), head);
}

std::vector<float>
fixedHead(int points)
{
  return problems::image(problems::cube(points), carriedHead);
}

} // namespace precision
