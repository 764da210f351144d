// SPDX-License-Identifier: Apache-2.0
#include "testing.h"


#include <algorithm>
#include <cstdint>
#include <numeric>

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsImages = BackendTest;

constexpr Real infinity = std::numeric_limits<Real>::infinity();

std::size_t
indexOf(const Extents & e, int i, int j, int k)
{
  return i + std::size_t(e.nx) * (j + std::size_t(e.ny) * k);
}

Values
extended(Kernels & kernels, const Values & image, const Extents & e, const Extents & box)
{
  const Array<Real> in(kernels, image), out(kernels, box.points());
  kernels.extendPeriodically(in.data(), e, box, out.data());
  return out.get();
}

} // namespace

TEST_P(KernelsImages, ExtensionKeepsTheImage)
{
  const Extents e{ 7, 6, 5 };
  const Values  image = randomValues(e.points(), -1.0, 1.0, 1);
  for (const Extents & box : { Extents{ 12, 9, 8 }, Extents{ 7, 9, 5 }, Extents{ 8, 6, 6 }, e })
  {
    const Values out = extended(kernels, image, e, box);
    for (int k = 0; k < e.nz; ++k)
    {
      for (int j = 0; j < e.ny; ++j)
      {
        for (int i = 0; i < e.nx; ++i)
        {
          ASSERT_EQ(out[indexOf(box, i, j, k)], image[indexOf(e, i, j, k)]);
        }
      }
    }
    EXPECT_LE(maximumDifference(extended(kernels, Values(e.points(), Real(3)), e, box), Values(box.points(), Real(3))),
              8 * epsilon * 3);
  }
}

TEST_P(KernelsImages, ExtensionIsASmoothWayToTheOppositeEdge)
{
  // A ramp along each axis in turn: constant over the first and the last quarter of the way, between them monotone back
  // to its start, half way in the middle, no step steeper than 3/2 of the mean one (the slope of smoothstep).
  for (int axis = 0; axis < 3; ++axis)
  {
    const int     image = 9, n = 20, gap = n - image + 1;
    const Extents e{ axis == 0 ? image : 3, axis == 1 ? image : 3, axis == 2 ? image : 3 };
    const Extents box{ axis == 0 ? n : 3, axis == 1 ? n : 3, axis == 2 ? n : 3 };
    const Values  out =
      extended(kernels, sample(e, [&](int i, int j, int k) { return axis == 0 ? i : (axis == 1 ? j : k); }), e, box);
    const auto value = [&](int i) {
      const int w = i % n;
      return double(out[indexOf(box, axis == 0 ? w : 1, axis == 1 ? w : 1, axis == 2 ? w : 1)]);
    };
    const double range = image - 1;
    for (int i = image; i <= n; ++i)
    {
      const double step = value(i) - value(i - 1);
      if (i <= image - 1 + gap / 4 || i > n - gap / 4)
      {
        EXPECT_NEAR(step, 0.0, 4 * epsilon * range) << i;
      }
      else
      {
        EXPECT_LT(step, 0.0) << i;
        EXPECT_GE(step, -1.5 * range / (gap / 2) - 4 * epsilon * range) << i;
      }
    }
    EXPECT_NEAR(value(image - 1 + gap / 2), range / 2, 4 * epsilon * range);
  }
}

TEST_P(KernelsImages, ExtensionOfAProductIsTheProductOfExtensions)
{
  const Extents e{ 6, 7, 5 }, box{ 14, 12, 9 };
  const auto    f = [](int i) { return 1 + 0.3 * i; };
  const auto    g = [](int j) { return 2 - 0.2 * j; };
  const auto    h = [](int k) { return 0.5 + 0.25 * k * k; };
  const Values  out = extended(kernels, sample(e, [&](int i, int j, int k) { return f(i) * g(j) * h(k); }), e, box);
  const Values  x =
    extended(kernels, sample({ 6, 1, 1 }, [&](int i, int, int) { return f(i); }), { 6, 1, 1 }, { 14, 1, 1 });
  const Values y =
    extended(kernels, sample({ 1, 7, 1 }, [&](int, int j, int) { return g(j); }), { 1, 7, 1 }, { 1, 12, 1 });
  const Values z =
    extended(kernels, sample({ 1, 1, 5 }, [&](int, int, int k) { return h(k); }), { 1, 1, 5 }, { 1, 1, 9 });
  const double largest = 2.5 * 2 * 4.5;
  EXPECT_LE(maximumDifference(out, sample(box, [&](int i, int j, int k) { return double(x[i]) * y[j] * z[k]; })),
            8 * epsilon * largest);
}

TEST_P(KernelsImages, ReversingAnAxisReversesTheExtension)
{
  const Extents e{ 6, 7, 5 }, box{ 13, 10, 9 };
  const Values  image = randomValues(e.points(), -1.0, 1.0, 2);
  const Values  straight = extended(kernels, image, e, box);
  const Values  mirrored = extended(
    kernels,
    sample(e, [&](int i, int j, int k) { return image[indexOf(e, e.nx - 1 - i, e.ny - 1 - j, e.nz - 1 - k)]; }),
    e,
    box);
  const Values expected = sample(box, [&](int i, int j, int k) {
    return straight[indexOf(
      box, (e.nx - 1 - i + box.nx) % box.nx, (e.ny - 1 - j + box.ny) % box.ny, (e.nz - 1 - k + box.nz) % box.nz)];
  });
  EXPECT_LE(maximumDifference(mirrored, expected), 8 * epsilon);
}

TEST_P(KernelsImages, ConstantExtensionAndCrop)
{
  const Extents     e{ 5, 4, 3 }, box{ 9, 6, 7 };
  const Values      image = randomValues(e.points(), -1.0, 1.0, 3);
  const Array<Real> in(kernels, image), out(kernels, box.points()), back(kernels, e.points());
  kernels.extendByConstant(in.data(), e, box, Real(0.25), out.data());
  EXPECT_EQ(out.get(), sample(box, [&](int i, int j, int k) {
              return i < e.nx && j < e.ny && k < e.nz ? image[indexOf(e, i, j, k)] : Real(0.25);
            }));
  kernels.crop(out.data(), box, e, back.data());
  EXPECT_EQ(back.get(), image);
}

TEST_P(KernelsImages, StatisticsOfARegion)
{
  const Extents e{ 6, 5, 4 };
  Values        values = sample(e, [](int i, int j, int k) { return i + 10 * j + 100 * k; });
  values[indexOf(e, 2, 2, 1)] = -7;
  values[indexOf(e, 3, 2, 1)] = 0;
  values[indexOf(e, 1, 1, 2)] = notANumber;
  values[indexOf(e, 1, 2, 2)] = infinity;
  values[indexOf(e, 5, 4, 3)] = 9999;       // outside the region
  values[indexOf(e, 0, 1, 1)] = notANumber; // outside
  const Array<Real> x(kernels, values);
  Region            region;
  const int         begin[3] = { 1, 1, 1 }, end[3] = { 5, 4, 3 };
  std::copy(begin, begin + 3, region.begin);
  std::copy(end, end + 3, region.end);
  const Statistics result = kernels.statistics(x.data(), e, region);
  // 4 * 3 * 2 points, i in 1..4, j in 1..3, k in 1..2: mean 2.5 + 20 + 150; less what was overwritten
  EXPECT_EQ(result.count, 24u);
  EXPECT_EQ(result.minimum, -7.0);
  EXPECT_EQ(result.maximum, 234.0);
  EXPECT_EQ(result.sum, 24 * 172.5 - (122 + 7) - 123 - 211 - 221);
  EXPECT_EQ(result.notPositive, 2u);
  EXPECT_EQ(result.notFinite, 2u);
}

TEST_P(KernelsImages, StatisticsOfNothingAreNeutral)
{
  const Extents     e{ 3, 3, 3 };
  const Array<Real> x(kernels, Values(e.points(), notANumber));
  Region            all;
  all.end[0] = all.end[1] = all.end[2] = 3;
  for (const Region & region : { all, Region() })
  {
    const Statistics result = kernels.statistics(x.data(), e, region);
    EXPECT_EQ(result.minimum, std::numeric_limits<double>::infinity());
    EXPECT_EQ(result.maximum, -std::numeric_limits<double>::infinity());
    EXPECT_EQ(result.sum, 0.0);
    EXPECT_EQ(result.notPositive, 0u);
    EXPECT_EQ(result.notFinite, result.count);
  }
}

TEST_P(KernelsImages, HistogramCountsEveryValueOnce)
{
  // 0, 1/8, ... 15 7/8 in 16 classes over [0, 16]: eight each; values outside go to the ends, the upper limit to the
  // last.
  Values values;
  for (int i = 0; i < 128; ++i)
  {
    values.push_back(Real(i) / 8);
  }
  values.insert(values.end(), { -3, Real(-0.125), 16, 17, 1000 });
  const Array<Real>          x(kernels, values);
  std::vector<std::uint64_t> counts(16, 12345); // whatever was there
  kernels.histogram(x.data(), values.size(), 0.0, 16.0, counts.data(), 16);
  std::vector<std::uint64_t> expected(16, 8);
  expected.front() += 2;
  expected.back() += 3;
  EXPECT_EQ(counts, expected);

  const Values      random = randomValues(10007, -5.0, 3.0, 4);
  const Array<Real> y(kernels, random);
  counts.assign(7, 0);
  kernels.histogram(y.data(), random.size(), -4.0, 2.5, counts.data(), 7);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::uint64_t(0)), random.size());
}

GNR_TEST_EVERY_BACKEND(KernelsImages);
