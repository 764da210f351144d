// SPDX-License-Identifier: Apache-2.0
// Descriptors that do not depend on contrast [C5].
#include "windows.h"

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsSelfSimilarity = BackendTest;

/** A descriptor of four channels of an image. */
Values
descriptor(Kernels & kernels, const Extents & e, const Values & image, Real least, Real most)
{
  const int         pairs[4][2][3] = { { { 1, 0, 0 }, { 0, 1, 0 } },
                                       { { 1, 0, 0 }, { 0, 0, 1 } },
                                       { { -1, 0, 0 }, { 0, -1, 0 } },
                                       { { 0, 0, -1 }, { 0, 1, 0 } } };
  const std::size_t n = e.points();
  PaddedArray       f(kernels, e, 1, 1, 1);
  f.setPeriodic(image);
  const Array<Real> fields(kernels, 4 * n), variance(kernels, Values(n, Real(0)));
  for (int c = 0; c < 4; ++c)
  {
    Real * const field = fields.data() + c * n;
    kernels.shiftedSquaredDifference(f.view(), pairs[c][0], pairs[c][1], field);
    kernels.axpby(Real(0.25), field, 1, variance.data(), n);
  }
  kernels.selfSimilarity(fields.data(), n, 4, variance.data(), least, most, n);
  return fields.get();
}

} // namespace

TEST_P(KernelsSelfSimilarity, DifferenceOfALinearImage)
{
  // f = i + 10 j + 100 k: whole numbers, no rounding. The halo is as wide as the shifts, and behind it is NaN.
  const Extents e{ 11, 6, 5 };
  PaddedArray   f(kernels, e, 2, 1, 3);
  f.setFunction([](int i, int j, int k) { return i + 10 * j + 100 * k; });
  const int         a[3] = { -2, 1, 0 }, b[3] = { 1, -1, 3 };
  const Array<Real> out(kernels, e.points());
  kernels.shiftedSquaredDifference(f.view(), a, b, out.data());
  const double expected = (-3 + 10 * 2 - 100 * 3) * (-3 + 10 * 2 - 100 * 3);
  EXPECT_EQ(maximumDifference(out.get(), Values(e.points(), Real(expected))), 0.0);
}

TEST_P(KernelsSelfSimilarity, ExponentialOfTheDistanceToTheNearestChannel)
{
  // Channel c holds s (c + 3), so that the result is exp(-s c / v); v is bounded on both sides. The argument is rounded
  // three times, which its size multiplies.
  const std::size_t n = 2503; // more than a block of a backend
  const Values      s = randomValues(n, 0.1, 40, 1), v = randomValues(n, 0.1, 3, 2);
  const Real        least = Real(0.5), most = Real(2);
  Values            fields;
  for (int c = 0; c < 3; ++c)
  {
    for (std::size_t i = 0; i < n; ++i)
    {
      fields.push_back(s[i] * Real(5 - c));
    }
  }
  const Array<Real> data(kernels, fields), variance(kernels, v);
  kernels.selfSimilarity(data.data(), n, 3, variance.data(), least, most, n);
  const Values out = data.get();
  for (std::size_t i = 0; i < n; ++i)
  {
    for (int c = 0; c < 3; ++c)
    {
      const double x = double(s[i]) * (2 - c) / std::min(std::max(double(v[i]), double(least)), double(most));
      ASSERT_NEAR(out[c * n + i], std::exp(-x), (6 + 5 * x) * epsilon / 2 * std::exp(-x) + 1e-37);
    }
    ASSERT_EQ(out[2 * n + i], Real(1));
  }
}

TEST_P(KernelsSelfSimilarity, ContrastChangesNothing)
{
  // The factor -4 squared is a power of two: every rounding is the same, and so is the result where the bounds go
  // along.
  const Extents e{ 13, 9, 7 };
  const Values  image = randomValues(e.points(), 0, 1, 1);
  Values        inverted = image;
  for (Real & x : inverted)
  {
    x *= Real(-4);
  }
  const Values a = descriptor(kernels, e, image, Real(0.05), Real(0.2));
  const Values b = descriptor(kernels, e, inverted, Real(16 * 0.05), Real(16) * Real(0.2));
  EXPECT_LE(maximumDifference(a, b), 8 * epsilon); // of the constants above
  EXPECT_GT(maximumOf(a), 0.5);
}

TEST_P(KernelsSelfSimilarity, BytesHoldNumbersFromZeroToOne)
{
  const std::size_t         n = 5 * 256 + 3; // no multiple of a vector
  const Array<std::uint8_t> bytes(kernels, n);
  const Array<Real>         x(kernels, n);
  std::vector<std::uint8_t> all(n);
  Values                    between(n);
  for (std::size_t i = 0; i < n; ++i)
  {
    all[i] = static_cast<std::uint8_t>(i % 256);
    between[i] = Real((i % 256 + (i % 2 == 0 ? 0.49 : -0.49)) / 255); // of the byte's half of the way to its neighbour
  }
  bytes.set(all);
  kernels.fromBytes(bytes.data(), x.data(), n);
  const Values shares = x.get();
  for (std::size_t i = 0; i < n; ++i)
  {
    ASSERT_NEAR(shares[i], all[i] / 255.0, epsilon);
  }
  const auto bytesOfValues = [&](const Values & values) {
    const Array<Real> from(kernels, values);
    kernels.toBytes(from.data(), bytes.data(), n);
    return bytes.get();
  };
  EXPECT_EQ(bytesOfValues(shares), all);
  EXPECT_EQ(bytesOfValues(between), all);
  EXPECT_EQ(bytesOfValues(Values(n, Real(-3))), std::vector<std::uint8_t>(n, 0));
  EXPECT_EQ(bytesOfValues(Values(n, Real(1e9))), std::vector<std::uint8_t>(n, 255));
}

GNR_TEST_EVERY_BACKEND(KernelsSelfSimilarity);
