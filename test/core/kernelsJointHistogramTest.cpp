// SPDX-License-Identifier: Apache-2.0
// Joint histograms, and the tables that are looked up in them [L6].
#include "windows.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace gnr;
using namespace gnr::test;

namespace
{

constexpr double quantum = 1.0 / (1 << 24);
constexpr double lower = -0.5, upper = 1.5;
constexpr int    bins = 11; // nodes of m every 0.25 from -0.75 on, of f every 0.2 from -0.5 on
constexpr double stepM = (upper - lower) / (bins - 3), stepF = (upper - lower) / (bins - 1);

class KernelsJointHistogram : public BackendTest
{
public:
  std::vector<std::uint64_t>
  count(const Values & m, const Values & f, const Values & weight)
  {
    const Array<Real>          x(kernels, m), y(kernels, f), w(kernels, weight);
    std::vector<std::uint64_t> counts(bins * bins, 7); // are overwritten
    kernels.jointHistogram(x.data(), y.data(), w.data(), m.size(), lower, upper, counts.data(), bins);
    return counts;
  }
  Values
  lookUp(const Values & m, const Values & f, const Values & table, bool isDerivative)
  {
    const Array<Real> x(kernels, m), y(kernels, f), t(kernels, table), out(kernels, m.size());
    kernels.lookUp(x.data(), y.data(), t.data(), lower, upper, bins, isDerivative, out.data(), m.size());
    return out.get();
  }
};

} // namespace

TEST_P(KernelsJointHistogram, SplineAtItsNode)
{
  // m at node 4, f a quarter of the way from node 3 to 4; a weight of one half.
  const auto counts = count({ Real(0.25) }, { Real(lower + 3.25 * stepF) }, { Real(0.5) });
  const auto expected = [](double share) { return 0.5 * share / quantum; };
  for (int i = 0; i < bins; ++i)
  {
    const double b = i == 4 ? 4.0 / 6 : std::abs(i - 4) == 1 ? 1.0 / 6 : 0.0;
    for (int j = 0; j < bins; ++j)
    {
      const double h = j == 3 ? 0.75 : j == 4 ? 0.25 : 0.0;
      ASSERT_NEAR(double(counts[i * bins + j]), expected(b * h), 8.0) << i << ' ' << j; // rounding of real numbers
    }
  }
}

TEST_P(KernelsJointHistogram, KeepsTheSumAndTheMeans)
{
  const std::size_t n = 2503;
  const Values      m = randomValues(n, lower, upper, 1), f = randomValues(n, lower, upper, 2);
  const Values      weight = randomValues(n, 0, 1, 3);
  const auto        counts = count(m, f, weight);
  double            expected[3] = {}, found[3] = {};
  for (std::size_t p = 0; p < n; ++p)
  {
    expected[0] += weight[p];
    expected[1] += double(weight[p]) * m[p];
    expected[2] += double(weight[p]) * f[p];
  }
  for (int i = 0; i < bins; ++i)
  {
    for (int j = 0; j < bins; ++j)
    {
      const double share = counts[i * bins + j] * quantum;
      found[0] += share;
      found[1] += share * (lower + (i - 1) * stepM);
      found[2] += share * (lower + j * stepF);
    }
  }
  // Eight addends a point, each off by half a quantum, and weights off by the rounding of positions of up to 10 steps.
  const double tolerance = n * (4 * quantum + 20 * epsilon);
  for (int k = 0; k < 3; ++k)
  {
    EXPECT_NEAR(found[k], expected[k], tolerance) << k;
  }
}

TEST_P(KernelsJointHistogram, LooksUpWhatIsLinear)
{
  // The table 0.3 + 2 x_i - 0.7 y_j gives back that function, and 2 where m lies inside.
  Values table;
  for (int i = 0; i < bins; ++i)
  {
    for (int j = 0; j < bins; ++j)
    {
      table.push_back(Real(0.3 + 2 * (lower + (i - 1) * stepM) - 0.7 * (lower + j * stepF)));
    }
  }
  const std::size_t n = 1003;
  const Values      m = randomValues(n, lower - 0.4, upper + 0.4, 1), f = randomValues(n, lower - 0.4, upper + 0.4, 2);
  const Values      values = lookUp(m, f, table, false), slopes = lookUp(m, f, table, true);
  for (std::size_t p = 0; p < n; ++p)
  {
    const double x = std::clamp<double>(m[p], lower, upper), y = std::clamp<double>(f[p], lower, upper);
    ASSERT_NEAR(values[p], 0.3 + 2 * x - 0.7 * y, 60 * epsilon);
    ASSERT_NEAR(slopes[p], x == double(m[p]) ? 2.0 : 0.0, 200 * epsilon);
  }
}

TEST_P(KernelsJointHistogram, IsThatOfTheFormula)
{
  const std::size_t n = 777;
  const Values      m = randomValues(n, lower - 0.2, upper + 0.2, 1), f = randomValues(n, lower - 0.2, upper + 0.2, 2);
  const Values      weight = randomValues(n, 0, 1, 3), table = randomValues(bins * bins, -1, 1, 4);
  const auto        reference = makeReferenceKernels();
  const Array<Real> x(*reference, m), y(*reference, f), w(*reference, weight), t(*reference, table), out(*reference, n);
  std::vector<std::uint64_t> expected(bins * bins);
  reference->jointHistogram(x.data(), y.data(), w.data(), n, lower, upper, expected.data(), bins);
  const auto counts = count(m, f, weight);
  for (std::size_t k = 0; k < counts.size(); ++k)
  {
    ASSERT_NEAR(double(counts[k]), double(expected[k]), n * (1.0 + 40 * epsilon / quantum)) << k;
  }
  for (const bool isDerivative : { false, true })
  {
    reference->lookUp(x.data(), y.data(), t.data(), lower, upper, bins, isDerivative, out.data(), n);
    EXPECT_LE(maximumDifference(lookUp(m, f, table, isDerivative), out.get()), 200 * epsilon) << isDerivative;
  }
}

GNR_TEST_EVERY_BACKEND(KernelsJointHistogram);
