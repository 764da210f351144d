// SPDX-License-Identifier: Apache-2.0
// The search among all displacements of a window, and the solves that begin with what it finds.
#include "problems.h"
#include "threads.h"

#include "registration/DiscreteSearch.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

using namespace gnr;

namespace
{

using Size = std::array<int, 3>;

SearchImage
noise(const Size & size, int channels, unsigned seed)
{
  std::mt19937 generator(seed);
  SearchImage  image{ size, {} };
  for (int k = 0; k < channels; ++k)
  {
    image.channels.emplace_back(image.points());
    for (std::uint8_t & value : image.channels.back())
    {
      value = static_cast<std::uint8_t>(generator() % (mostSearchValue + 1));
    }
  }
  return image;
}

std::size_t
indexOf(const Size & size, int x, int y, int z)
{
  const auto inside = [&](int value, int axis) { return std::min(std::max(value, 0), size[axis] - 1); };
  return (static_cast<std::size_t>(inside(z, 2)) * size[1] + inside(y, 1)) * size[0] + inside(x, 0);
}

SearchField
fieldOf(const Size & size, const std::array<problems::Scalar, 3> & f)
{
  SearchField field;
  for (int a = 0; a < 3; ++a)
  {
    for (int z = 0; z < size[2]; ++z)
    {
      for (int y = 0; y < size[1]; ++y)
      {
        for (int x = 0; x < size[0]; ++x)
        {
          field[a].push_back(static_cast<float>(f[a](x, y, z)));
        }
      }
    }
  }
  return field;
}

SearchField
zeros(const Size & size)
{
  const problems::Scalar zero = [](double, double, double) { return 0.0; };
  return fieldOf(size, { { zero, zero, zero } });
}

SearchField
searched(const SearchImage &        fixed,
         const SearchImage &        moving,
         const std::vector<float> & weights,
         const SearchRound &        round,
         int                        threads = 1)
{
  const auto               communicator = makeSelfCommunicator();
  const std::vector<float> everywhere;
  SearchField              field = zeros(fixed.size);
  DiscreteSearch(fixed, moving, weights, everywhere, *communicator, threads).improve(round, field);
  return field;
}

/** The displacements of least cost, one by one. */
TEST(DiscreteSearch, FindsTheLeastCost)
{
  const Size               size{ { 9, 8, 7 } }, radius{ { 2, 1, 2 } };
  const SearchImage        fixed = noise(size, 3, 1), moving = noise(size, 3, 2);
  const std::vector<float> weights{ 0.5F, 0.25F, 0.25F };
  const SearchField        found = searched(fixed, moving, weights, { radius, 0, 0, {} });
  for (int z = 0; z < size[2]; z += 2)
  {
    for (int y = 0; y < size[1]; y += 2)
    {
      for (int x = 0; x < size[0]; x += 2)
      {
        const auto costOf = [&](int dx, int dy, int dz) {
          double cost = 0.0;
          for (std::size_t k = 0; k < weights.size(); ++k)
          {
            const double difference = static_cast<double>(fixed.channels[k][indexOf(size, x, y, z)]) -
                                      moving.channels[k][indexOf(size, x + dx, y + dy, z + dz)];
            cost += weights[k] * difference * difference / (mostSearchValue * mostSearchValue);
          }
          return cost;
        };
        double least = 1e9;
        for (int dz = -radius[2]; dz <= radius[2]; ++dz)
        {
          for (int dy = -radius[1]; dy <= radius[1]; ++dy)
          {
            for (int dx = -radius[0]; dx <= radius[0]; ++dx)
            {
              least = std::min(least, costOf(dx, dy, dz));
            }
          }
        }
        const std::size_t i = indexOf(size, x, y, z);
        const double      cost = costOf(static_cast<int>(std::lround(found[0][i])),
                                   static_cast<int>(std::lround(found[1][i])),
                                   static_cast<int>(std::lround(found[2][i])));
        EXPECT_NEAR(cost, least, 1.0 / 16384) << x << " " << y << " " << z; // costs are kept in steps of this
      }
    }
  }
}

/** A translation is smooth, so that no coupling takes anything away from it. */
TEST(DiscreteSearch, FindsATranslation)
{
  const Size               size{ { 20, 18, 22 } }, shift{ { 3, -2, 4 } };
  const SearchImage        moving = noise(size, 2, 3);
  SearchImage              fixed = moving;
  const std::vector<float> weights{ 0.5F, 0.5F };
  for (int z = 0; z < size[2]; ++z)
  {
    for (int y = 0; y < size[1]; ++y)
    {
      for (int x = 0; x < size[0]; ++x)
      {
        for (int k = 0; k < 2; ++k)
        {
          fixed.channels[k][indexOf(size, x, y, z)] =
            moving.channels[k][indexOf(size, x + shift[0], y + shift[1], z + shift[2])];
        }
      }
    }
  }
  const SearchField found = searched(fixed, moving, weights, { { { 4, 4, 4 } }, 1, 1, { 0.001, 0.01, 0.1 } });
  // Where the window is inside of the moving image everything is known, and smoothing reaches one control point.
  for (int z = 4 + 2; z < size[2] - 4 - 2; ++z)
  {
    for (int y = 4 + 2; y < size[1] - 4 - 2; ++y)
    {
      for (int x = 4 + 2; x < size[0] - 4 - 2; ++x)
      {
        for (int a = 0; a < 3; ++a)
        {
          EXPECT_EQ(found[a][indexOf(size, x, y, z)], static_cast<float>(shift[a]));
        }
      }
    }
  }
}

TEST(DiscreteSearch, CostsOfAField)
{
  const Size               size{ { 6, 5, 7 } };
  const SearchImage        fixed = noise(size, 2, 8), moving = noise(size, 2, 9);
  const std::vector<float> weights{ 0.75F, 0.25F };
  const auto               communicator = makeSelfCommunicator();
  const problems::Scalar   one = [](double, double, double) { return 1.0; },
                         zero = [](double, double, double) { return 0.0; };
  std::vector<float>       half(fixed.points(), 0.5F);
  const DiscreteSearch     search(fixed, moving, weights, half, *communicator, 1);
  const std::vector<float> costs = search.costs(fieldOf(size, { { one, zero, zero } }));
  for (int x = 0; x < size[0]; ++x)
  {
    const std::size_t i = indexOf(size, x, 2, 3), other = indexOf(size, x + 1, 2, 3);
    double            expected = 0.0;
    for (int k = 0; k < 2; ++k)
    {
      expected +=
        0.5 * weights[k] * std::pow((fixed.channels[k][i] - moving.channels[k][other]) / double(mostSearchValue), 2);
    }
    EXPECT_NEAR(costs[i], expected, 1e-6);
  }
}

TEST(DiscreteSearch, ZeroWhereNothingIsCompared)
{
  const Size               size{ { 10, 10, 10 } };
  const SearchImage        fixed = noise(size, 1, 4), moving = noise(size, 1, 5);
  const std::vector<float> weights{ 1.0F }, nowhere(fixed.points(), 0.0F);
  const auto               communicator = makeSelfCommunicator();
  SearchField              field = zeros(size);
  DiscreteSearch(fixed, moving, weights, nowhere, *communicator, 1).improve({ { { 3, 3, 3 } }, 1, 1, { 0.1 } }, field);
  EXPECT_EQ(field, zeros(size));
}

TEST(DiscreteSearch, SameBitsForAnyThreadsAndProcesses)
{
  const Size               size{ { 13, 12, 15 } };
  const SearchImage        fixed = noise(size, 18, 6), moving = noise(size, 18, 7);
  const std::vector<float> weights(18, 1.0F / 18), everywhere;
  const SearchRound        round{ { { 2, 3, 2 } }, 2, 2, { 0.01, 0.05 } };
  const SearchField        one = searched(fixed, moving, weights, round);
  for (const int threads : { 2, 3 })
  {
    EXPECT_EQ(searched(fixed, moving, weights, round, threads), one) << threads;
  }
  for (const int ranks : { 2, 3, 11 }) // more than there are planes of control points
  {
    test::ThreadTeam team(ranks);
    team.run([&](std::shared_ptr<Communicator> communicator) {
      SearchField field = zeros(size);
      DiscreteSearch(fixed, moving, weights, everywhere, *communicator, 1).improve(round, field);
      EXPECT_EQ(field, one) << ranks;
    });
  }
}

/** v = a x about a point has exp(v) = e^a x; 2^7 squarings of 1 + a / 2^7 are off by the share a^2 / 2^8, and linear
 * interpolation of a linear field is exact. */
TEST(DiscreteSearch, ExponentialOfALinearVelocity)
{
  const Size   size{ { 21, 21, 21 } };
  const double a = -0.4, middle = 10.0;
  const auto   linear = [&](double factor) {
    return fieldOf(size,
                     { { [=](double x, double, double) { return factor * (x - middle); },
                       [=](double, double y, double) { return factor * (y - middle); },
                       [=](double, double, double z) { return factor * (z - middle); } } });
  };
  const SearchField u = exponential(size, linear(a)), exact = linear(std::exp(a) - 1.0);
  const double      tolerance = middle * std::exp(a) * a * a / 256 + 1e-4;
  for (int c = 0; c < 3; ++c)
  {
    for (std::size_t i = 0; i < u[c].size(); ++i)
    {
      ASSERT_NEAR(u[c][i], exact[c][i], tolerance);
    }
  }
}

TEST(DiscreteSearch, LogarithmInvertsTheExponential)
{
  const Size        size{ { 24, 24, 24 } };
  const double      k = 2 * problems::pi / 24;
  problems::Scalar  wave = [=](double x, double y, double z) { return 0.25 * std::sin(k * y) * std::cos(k * (x + z)); };
  const SearchField u = exponential(size, fieldOf(size, { { wave, wave, wave } }));
  const SearchField again = exponential(size, logarithm(size, u));
  // What linear interpolation is off by is not smooth, so that it stays: at most k^2/8 of the wave for each axis.
  const double tolerance = 3 * 0.25 * k * k / 8;
  for (int c = 0; c < 3; ++c)
  {
    for (std::size_t i = 0; i < u[c].size(); ++i)
    {
      ASSERT_NEAR(again[c][i], u[c][i], tolerance);
    }
  }
}

TEST(DiscreteSearch, TransferIsInVoxelsOfTheOtherGrid)
{
  const Size        from{ { 20, 16, 12 } }, to{ { 10, 8, 6 } };
  const SearchField one = fieldOf(from,
                                  { { [](double x, double, double) { return 0.5 * x; },
                                      [](double, double, double) { return 2.0; },
                                      [](double, double, double z) { return -z; } } });
  // The first point of the coarser grid lies half a coarse voxel from that of the finer.
  const SearchField other = transferred(one, from, to, { { 0.5 / 10, 0.5 / 8, 0.5 / 6 } });
  for (int i = 0; i < 10; ++i)
  {
    EXPECT_NEAR(other[0][indexOf(to, i, 3, 3)], 0.5 * 0.5 * (2 * i + 1), 1e-5);
  }
  EXPECT_FLOAT_EQ(other[1][indexOf(to, 4, 4, 4)], 1.0F);
  EXPECT_NEAR(other[2][indexOf(to, 4, 4, 2)], -0.5 * 5, 1e-5);
}

//---- whole registrations ---------------------------------------------------------------------------------------------

/** Bars of different height, 8 voxels apart, that move by 12: from zero each finds the nearest one. */
struct MovingBars
{
  static constexpr double spacing = 8.0, distance = 12.0;

  explicit MovingBars(double way)
  {
    options.device = problems::solveDevice();
    options.periodic = true;
    fixed = bars(0.0);
    moving = bars(way);
  }

  std::vector<float>
  bars(double shift) const
  {
    const double       heights[6] = { 0.3, 1.0, 0.45, 0.8, 0.3, 0.6 };
    std::vector<float> image;
    for (int k = 0; k < grid.size[2]; ++k)
    {
      for (int j = 0; j < grid.size[1]; ++j)
      {
        for (int i = 0; i < grid.size[0]; ++i)
        {
          double value = 0.0;
          for (int bar = 0; bar < 6; ++bar)
          {
            value += heights[bar] * std::exp(-std::pow((k - shift - 28.0 - spacing * bar) / 1.8, 2));
          }
          image.push_back(static_cast<float>(value * 0.5 * (1.0 - std::tanh(std::hypot(i - 16.0, j - 16.0) - 11.0))));
        }
      }
    }
    return image;
  }

  std::vector<float>
  displacement(Start start, std::shared_ptr<Communicator> communicator = makeSelfCommunicator())
  {
    options.start = start;
    const Problem      problem{ grid, options, { fixed.data(), wholeOf(grid) }, { moving.data(), wholeOf(grid) } };
    const auto         result = makeEngine(communicator)->run(problem);
    std::vector<float> u(3 * grid.points());
    result->read(Field::Displacement, { u.data(), wholeOf(grid) });
    report = result->report();
    return u;
  }

  /** Largest error on the axis at the bars. */
  double
  error(const std::vector<float> & u) const
  {
    double most = 0.0;
    for (int k = 28; k <= 68; k += 8)
    {
      most = std::max(most, std::abs(u[3 * ((static_cast<std::size_t>(k) * 32 + 16) * 32 + 16) + 2] - distance));
    }
    return most;
  }

  Grid               grid{ { { 32, 32, 96 } }, { { 1.0, 1.0, 1.0 } } };
  Options            options = problems::ssdOptions();
  std::vector<float> fixed;
  std::vector<float> moving;
  Report             report;
};

TEST(SearchStart, FindsWhatASolveFromZeroDoesNot)
{
  MovingBars pair(MovingBars::distance);
  EXPECT_GT(pair.error(pair.displacement(Start::None)), MovingBars::spacing);
  EXPECT_LT(pair.error(pair.displacement(Start::Automatic)), 0.5);
}

TEST(SearchStart, ChangesNothingWhereItIsNotNeeded)
{
  MovingBars               pair(1.0);
  const std::vector<float> without = pair.displacement(Start::None);
  EXPECT_EQ(pair.displacement(Start::Automatic), without);
}

TEST(SearchStart, ProcessesAgree)
{
  MovingBars               pair(MovingBars::distance);
  const std::vector<float> one = pair.displacement(Start::Search);
  test::ThreadTeam         team(3);
  team.run([&](std::shared_ptr<Communicator> communicator) {
    MovingBars own(MovingBars::distance);
    own.options.device = Device::Cpu;
    own.options.threads = 1;
    const std::vector<float> u = own.displacement(Start::Search, communicator);
    if (communicator->rank() == 0)
    {
      EXPECT_LT(problems::largestDifference(u, one, own.grid), 1e-3);
    }
  });
}

/** Both walls are kept to, and a velocity that keeps to them stays. */
TEST(DiscreteSearch, SmoothsUntilAVelocityIsAdmissible)
{
  const Size                  size{ { 16, 16, 16 } };
  const std::array<double, 3> spacing{ { 1.0, 2.0, 1.0 } };
  const auto                  step = [](double x, double, double) { return x < 8 ? 0.0 : 6.0; };
  const problems::Scalar      zero = [](double, double, double) { return 0.0; };
  SearchField                 v = fieldOf(size, { { step, zero, zero } });
  smoothUntil(size, spacing, 2.0, 1.0, v);
  double steepest = 0.0;
  for (int x = 1; x < 15; ++x)
  {
    steepest = std::max(steepest, 0.5 * (v[0][indexOf(size, x + 1, 8, 8)] - v[0][indexOf(size, x - 1, 8, 8)]));
  }
  EXPECT_LE(steepest, 1.0);
  EXPECT_GT(steepest, 0.5); // a pass takes away less than half
  const SearchField before = v;
  smoothUntil(size, spacing, 2.0, 1.0, v);
  EXPECT_EQ(v, before);
}

} // namespace
