// SPDX-License-Identifier: Apache-2.0
// Vector fields at points anywhere: sampling, its slopes, and the transpose.
#include "agreement.h"

#include "parallel/Slab.h"

#include <cmath>
#include <cstddef>
#include <algorithm>
#include <random>
#include <vector>

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsPoints = BackendTest;
using KernelsPointsAgreement = AgreementTest;

const Grid grids[] = { { { 9, 12, 10 }, { 1.0, 1.0, 1.0 } }, { { 33, 18, 5 }, { 0.9, 1.3, 2.1 } } };

std::vector<double>
randomNumbers(std::size_t count, double least, double most, unsigned seed)
{
  std::mt19937                           engine(seed);
  std::uniform_real_distribution<double> number(least, most);
  std::vector<double>                    numbers(count);
  for (double & each : numbers)
  {
    each = number(engine);
  }
  return numbers;
}

/** In and around the box. */
std::vector<double>
randomPositions(const Grid & grid, std::size_t count, unsigned seed)
{
  std::vector<double> positions = randomNumbers(3 * count, -0.7, 1.7, seed);
  for (std::size_t i = 0; i < positions.size(); ++i)
  {
    positions[i] *= grid.size[i % 3];
  }
  return positions;
}

PeriodicSlab
slabOfRank(const Grid & grid, int ranks, int rank)
{
  const Slab planes = slabOf(grid.size[2], ranks, rank);
  return { { grid.size[0], grid.size[1], planes.size() }, planes.begin, grid.size[2] };
}

/** The planes of a rank of a vector field. */
Values
partOf(const Values & field, const Grid & grid, const PeriodicSlab & slab)
{
  const std::size_t plane = std::size_t(grid.size[0]) * grid.size[1], n = grid.points();
  Values            part;
  for (int c = 0; c < 3; ++c)
  {
    const auto first = field.begin() + c * n + plane * slab.firstPlane;
    part.insert(part.end(), first, first + plane * slab.extents.nz);
  }
  return part;
}

struct Samples
{
  std::vector<double> values;
  std::vector<double> slopes;
};

Samples
samplesOf(Kernels & kernels, const Values & field, const Grid & grid, const std::vector<double> & positions, int ranks)
{
  const std::size_t count = positions.size() / 3;
  Samples           sum{ std::vector<double>(3 * count), std::vector<double>(9 * count) };
  for (int rank = 0; rank < ranks; ++rank)
  {
    const PeriodicSlab slab = slabOfRank(grid, ranks, rank);
    const Array<Real>  v(kernels, partOf(field, grid, slab));
    Samples            own = sum;
    kernels.sampleAtPoints(
      { v.data(), slab.extents.points() }, slab, positions.data(), own.values.data(), own.slopes.data(), count);
    for (std::size_t i = 0; i < 3 * count; ++i)
    {
      sum.values[i] = own.values[i] + (rank > 0 ? sum.values[i] : 0.0);
    }
    for (std::size_t i = 0; i < 9 * count; ++i)
    {
      sum.slopes[i] = own.slopes[i] + (rank > 0 ? sum.slopes[i] : 0.0);
    }
  }
  return sum;
}

double
largestDifference(const std::vector<double> & a, const std::vector<double> & b)
{
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    largest = std::max(largest, std::abs(a[i] - b[i]));
  }
  return largest;
}

// The interpolant of a cubic polynomial is that polynomial, and so are its slopes, away from where the box wraps.
TEST_P(KernelsPoints, CubicPolynomialsAreExact)
{
  const Grid grid{ { 12, 10, 11 }, { 1.0, 1.0, 1.0 } };
  const auto f = [](int c, double x, double y, double z) {
    return 1.0 + c + 0.3 * x - 0.02 * x * x + 0.004 * x * x * x + (0.1 * c + 0.05 * y * y) * x - 0.01 * y * z * z * z;
  };
  const auto slope = [](int c, int axis, double x, double y, double z) {
    return axis == 0   ? 0.3 - 0.04 * x + 0.012 * x * x + 0.1 * c + 0.05 * y * y
           : axis == 1 ? 0.1 * x * y - 0.01 * z * z * z
                       : -0.03 * y * z * z;
  };
  Values values;
  for (int c = 0; c < 3; ++c)
  {
    for (std::size_t i = 0; i < grid.points(); ++i)
    {
      values.push_back(Real(f(c, double(i % 12), double(i / 12 % 10), double(i / 120))));
    }
  }
  const std::vector<double> positions{ 1.0, 2.0, 3.0, 4.25, 5.5, 6.75, 9.9, 7.9, 8.9, 1.01, 1.0, 1.0 };
  const Samples             samples = samplesOf(kernels, values, grid, positions, 1);
  // Values up to 130, each rounded to Real; the sizes of their weights sum up to 1.25^3, of slopes to 2 1.25^2.
  const double rounding = 130.0 * epsilon / 2;
  for (std::size_t i = 0; i < 4; ++i)
  {
    const double x = positions[3 * i], y = positions[3 * i + 1], z = positions[3 * i + 2];
    for (int c = 0; c < 3; ++c)
    {
      EXPECT_NEAR(samples.values[3 * i + c], f(c, x, y, z), 2.0 * rounding);
      for (int axis = 0; axis < 3; ++axis)
      {
        EXPECT_NEAR(samples.slopes[9 * i + 3 * c + axis], slope(c, axis, x, y, z), 3.2 * rounding);
      }
    }
  }
}

TEST_P(KernelsPoints, TheGridIsPeriodic)
{
  for (const Grid & grid : grids)
  {
    const Values              field = randomValues(3 * grid.points(), -1, 1, 1);
    const std::vector<double> positions{ 0.25, 0.5, 0.75, 3.5, 4.0, 2.125 };
    std::vector<double>       shifted = positions;
    for (std::size_t i = 0; i < shifted.size(); ++i)
    {
      shifted[i] += (i % 2 == 0 ? 1 : -2) * grid.size[i % 3]; // exact: multiples of 1/8
    }
    const Samples a = samplesOf(kernels, field, grid, positions, 1), b = samplesOf(kernels, field, grid, shifted, 1);
    EXPECT_EQ(a.values, b.values);
    EXPECT_EQ(a.slopes, b.slopes);
  }
}

// Each process adds what its planes hold: the sums differ from one process by the order of 16 addends in double.
TEST_P(KernelsPoints, SlabsAddUp)
{
  for (const Grid & grid : grids)
  {
    const Values  field = randomValues(3 * grid.points(), -1, 1, 1);
    const auto    positions = randomPositions(grid, 50, 2);
    const Samples one = samplesOf(kernels, field, grid, positions, 1);
    for (const int ranks : { 2, 3, 5 })
    {
      const Samples several = samplesOf(kernels, field, grid, positions, ranks);
      EXPECT_LE(largestDifference(one.values, several.values), 1e-14);
      EXPECT_LE(largestDifference(one.slopes, several.slopes), 1e-13);
    }
  }
}

// <sample(v), w> = <v, add(w)>: exact but for the rounding of the nodes' sums to Real. A node gets up to 60 addends of
// which each is below 1.
TEST_P(KernelsPoints, AddingIsTheTransposeOfSampling)
{
  for (const Grid & grid : grids)
  {
    const std::size_t count = 60, n = grid.points();
    const Values      field = randomValues(3 * n, -1, 1, 1);
    const auto        positions = randomPositions(grid, count, 2), weights = randomNumbers(3 * count, -1, 1, 3);
    const Samples     samples = samplesOf(kernels, field, grid, positions, 1);
    double            left = 0.0, right = 0.0, size = 0.0;
    for (std::size_t i = 0; i < 3 * count; ++i)
    {
      left += samples.values[i] * weights[i];
      size += std::abs(samples.values[i] * weights[i]);
    }
    for (const int ranks : { 1, 3 })
    {
      right = 0.0;
      for (int rank = 0; rank < ranks; ++rank)
      {
        const PeriodicSlab slab = slabOfRank(grid, ranks, rank);
        const Array<Real>  sum(kernels, Values(3 * slab.extents.points(), Real(0)));
        kernels.addAtPoints(
          positions.data(), weights.data(), count, slab, VectorView{ sum.data(), slab.extents.points() });
        const Values got = sum.get(), own = partOf(field, grid, slab);
        for (std::size_t i = 0; i < got.size(); ++i)
        {
          right += double(got[i]) * double(own[i]);
        }
      }
      EXPECT_NEAR(left, right, 8 * epsilon * size) << ranks;
    }
  }
}

TEST_P(KernelsPointsAgreement, WithTheReference)
{
  const std::size_t count = 700; // more than a GPU takes at once
  const Values      field = randomValues(3 * n, -1, 1, 1);
  const auto        positions = randomPositions(grid, count, 2), weights = randomNumbers(3 * count, -1, 1, 3);
  const auto        reference = makeReferenceKernels(), other = makeBackend(backend);
  const Samples     a = samplesOf(*reference, field, grid, positions, 1);
  const Samples     b = samplesOf(*other, field, grid, positions, 1);
  EXPECT_LE(largestDifference(a.values, b.values), 1e-13); // both in double
  EXPECT_LE(largestDifference(a.slopes, b.slopes), 1e-12);
  // On the small grid a node has about 700 * 64 / 1080 = 40 addends below 1, each with a rounding.
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> sum(k, Values(3 * n, Real(0)));
              k.addAtPoints(
                positions.data(), weights.data(), count, slabOfRank(grid, 1, 0), VectorView{ sum.data(), n });
              return sum.get();
            }),
            100 * epsilon);
}

TEST(KernelsPointsThreads, SameBits)
{
  const Grid          grid{ { 20, 18, 17 }, { 1.0, 1.0, 1.0 } };
  const std::size_t   count = 5000, n = grid.points(); // enough for all threads to take part
  const Values        field = randomValues(3 * n, -1, 1, 1);
  const auto          positions = randomPositions(grid, count, 2), weights = randomNumbers(3 * count, -1, 1, 3);
  std::vector<double> expected;
  Values              expectedSums;
  for (const int threads : { 1, 2, 3, 5 })
  {
    const auto        kernels = makeCpuKernels(threads);
    const Samples     samples = samplesOf(*kernels, field, grid, positions, 1);
    const Array<Real> sum(*kernels, Values(3 * n, Real(0)));
    kernels->addAtPoints(positions.data(), weights.data(), count, slabOfRank(grid, 1, 0), VectorView{ sum.data(), n });
    if (threads == 1)
    {
      expected = samples.values;
      expectedSums = sum.get();
    }
    EXPECT_EQ(samples.values, expected);
    EXPECT_EQ(sum.get(), expectedSums);
  }
}

GNR_TEST_EVERY_BACKEND(KernelsPoints);
INSTANTIATE_TEST_SUITE_P(,
                         KernelsPointsAgreement,
                         ::testing::Combine(::testing::ValuesIn(fastBackends()), ::testing::ValuesIn(grids)),
                         sizeName);

} // namespace
