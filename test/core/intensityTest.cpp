// SPDX-License-Identifier: Apache-2.0
// Intensities, masks and solves that have nothing to go by: what is saved, what is refused, what is told.
#include "problems.h"
#include "threads.h"

#include "registration/DetailAgreement.h"
#include "registration/IntensityRange.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace
{

using namespace gnr;

// ---- the robust range ----------------------------------------------------------------------------------------------

ValueSet
setOf(const std::vector<Real> & values)
{
  ValueSet   set;
  const auto extrema = std::minmax_element(values.begin(), values.end());
  set.pieces = { { values.data(), values.size() } };
  set.least = *extrema.first;
  set.most = *extrema.second;
  set.count = static_cast<double>(values.size());
  return set;
}

IntensityRange
rangeOf(const std::vector<Real> & values)
{
  return robustRange(setOf(values), *makeCpuKernels(1), *makeSelfCommunicator());
}

/** 0 ... 200, each as often. */
std::vector<Real>
ramp(std::size_t n = 20100)
{
  std::vector<Real> values(n);
  for (std::size_t i = 0; i < n; ++i)
  {
    values[i] = static_cast<Real>(i % 201);
  }
  return values;
}

TEST(IntensityRange, PercentilesAreClassBordersOf4096)
{
  // 100 of each value: 0.5 % are reached with 1, 99.5 % with 199.
  const IntensityRange range = rangeOf(ramp());
  EXPECT_EQ(range.lower, std::floor(1 * 4096 / 200.0) * 200 / 4096);
  EXPECT_EQ(range.upper, (std::floor(199 * 4096 / 200.0) + 1) * 200 / 4096);
}

TEST(IntensityRange, SurvivesAnyOutlier)
{
  for (const double outlier : { 65535.0, -65535.0, 1e9, -1e30, 3e38 })
  {
    std::vector<Real> values = ramp();
    values[12345] = static_cast<Real>(outlier);
    const IntensityRange range = rangeOf(values);
    EXPECT_NEAR(range.lower, 1.0, 200.0 / 16) << outlier;
    EXPECT_NEAR(range.upper, 199.0, 200.0 / 16) << outlier;
    EXPECT_EQ(countBeyond(setOf(values), range, *makeCpuKernels(1), *makeSelfCommunicator()), 1.0) << outlier;
  }
  // Both ends at once, and two of a kind.
  std::vector<Real> values = ramp();
  values[3] = values[4] = Real(1e30);
  values[5] = Real(-3e38);
  const IntensityRange range = rangeOf(values);
  EXPECT_NEAR(range.lower, 1.0, 200.0 / 16);
  EXPECT_NEAR(range.upper, 199.0, 200.0 / 16);
  EXPECT_EQ(countBeyond(setOf(values), range, *makeCpuKernels(1), *makeSelfCommunicator()), 3.0);
}

TEST(IntensityRange, ASmallBrightObjectGivesMinimumAndMaximum)
{
  for (const double background : { 0.0, 40.0, -1000.0 })
  {
    std::vector<Real> values(100000, static_cast<Real>(background));
    for (int i = 0; i < 400; ++i)
    {
      values[100 + i] = static_cast<Real>(100 + i % 101); // 0.4 %: 100 ... 200
    }
    const IntensityRange range = rangeOf(values);
    EXPECT_EQ(range.lower, background);
    EXPECT_EQ(range.upper, 200.0);

    values[99000] = Real(65535);
    const IntensityRange robust = rangeOf(values);
    EXPECT_NEAR(robust.lower, background, 1e-3) << background;
    EXPECT_NEAR(robust.upper, 200.0, 10.0) << background;
  }
}

TEST(IntensityRange, DoesNotDependOnHowValuesAreShared)
{
  std::vector<Real> values = ramp();
  values[17] = Real(1e20);
  const IntensityRange one = rangeOf(values);
  for (const int ranks : { 2, 3, 5 })
  {
    test::ThreadTeam team(ranks);
    team.run([&](const std::shared_ptr<Communicator> & communicator) {
      ValueSet          part = setOf(values);
      const std::size_t begin = values.size() * communicator->rank() / ranks,
                        end = values.size() * (communicator->rank() + 1) / ranks;
      part.pieces = { { values.data() + begin, end - begin } };
      const IntensityRange range = robustRange(part, *makeCpuKernels(1), *communicator);
      EXPECT_EQ(range.lower, one.lower);
      EXPECT_EQ(range.upper, one.upper);
    });
  }
}

// ---- whole solves
// ----------------------------------------------------------------------------------------------------

/** A head: a bright shell, tissue with structure, dark lakes in it. 0 ... about 200. */
double
head(double x, double y, double z)
{
  const double pi = problems::pi;
  const double r = std::sqrt((x - pi) * (x - pi) + (y - pi) * (y - pi) + (z - pi) * (z - pi));
  const double inside = 1.0 / (1.0 + std::exp((r - 2.2) / 0.08));
  return 200.0 * inside * (0.55 + 0.25 * std::sin(3 * x + std::cos(2 * y)) * std::cos(2.5 * y - z) * std::sin(3 * z));
}

std::vector<float>
movedHead(const Grid & grid)
{
  return problems::image(grid, [](double x, double y, double z) {
    return head(x + 0.15 * std::sin(y), y - 0.12 * std::sin(z + 0.4), z + 0.1 * std::cos(x));
  });
}

struct Case
{
  Grid               grid = problems::cube(32);
  std::vector<float> fixed = problems::image(grid, head);
  std::vector<float> moving = movedHead(grid);
  std::vector<float> fixedWeight, movingWeight;
  Options            options;

  Case()
  {
    options.similarity = SimilarityMeasure::SumOfSquares;
    options.device = problems::solveDevice();
    options.threads = 1; // so small that more only wait for one another
  }

  std::size_t
  at(int i, int j, int k) const
  {
    return i + 32 * (j + 32 * static_cast<std::size_t>(k));
  }
  /** One in a box of voxels. */
  std::vector<float>
  boxMask(int begin, int end) const
  {
    std::vector<float> mask(grid.points(), 0.0F);
    for (int k = begin; k < end; ++k)
    {
      for (int j = begin; j < end; ++j)
      {
        std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(at(begin, j, k)), end - begin, 1.0F);
      }
    }
    return mask;
  }
};

struct Outcome
{
  Report             report;
  std::vector<float> u;

  bool
  tells(const std::string & words) const
  {
    return std::any_of(report.messages.begin(), report.messages.end(), [&](const std::string & message) {
      return message.find(words) != std::string::npos;
    });
  }
};

Outcome
solve(const Case & c, const std::shared_ptr<Communicator> & communicator = nullptr)
{
  Problem    problem{ c.grid, c.options };
  const int  nz = communicator && communicator->rank() > 0 ? 0 : c.grid.size[2];
  const auto host = [&](const std::vector<float> & values) {
    return values.empty() || nz == 0 ? InputBlock{} : InputBlock{ values.data(), wholeOf(c.grid) };
  };
  problem.fixed = host(c.fixed);
  problem.moving = host(c.moving);
  problem.fixedWeight = host(c.fixedWeight);
  problem.movingWeight = host(c.movingWeight);
  Outcome    outcome;
  const auto solution = makeEngine(communicator)->run(problem);
  outcome.report = solution->report();
  outcome.u.resize(3 * c.grid.points());
  solution->read(Field::Displacement, nz == 0 ? OutputBlock{} : OutputBlock{ outcome.u.data(), wholeOf(c.grid) });
  return outcome;
}

std::string
refusal(const Case & c)
{
  try
  {
    solve(c);
  }
  catch (const Error & error)
  {
    EXPECT_EQ(error.kind(), ErrorKind::BadInput) << error.what();
    return error.what();
  }
  return "";
}

double
largest(const std::vector<float> & a, const std::vector<float> & b)
{
  double result = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    result = std::max(result, std::abs(double(a[i]) - b[i]));
  }
  return result;
}

TEST(Outliers, OneVoxelDoesNotDecide)
{
  const Case    clean;
  const Outcome without = solve(clean);
  ASSERT_GT(without.report.maximumDisplacement, 0.5 * clean.grid.spacing[0]) << "nothing has moved";
  EXPECT_TRUE(without.report.messages.empty()) << without.report.messages.front();
  for (const float value : { 65535.0F, -1e30F })
  {
    for (const int image : { 0, 1, 2 })
    {
      Case c;
      if (image != 1)
      {
        c.fixed[c.at(14, 15, 17)] = value;
      }
      if (image != 0)
      {
        c.moving[c.at(18, 15, 13)] = value;
      }
      const Outcome with = solve(c);
      // A limited voxel is like any other that has no counterpart: its neighbours are drawn by a voxel or two.
      EXPECT_LT(largest(with.u, without.u), 2.0 * c.grid.spacing[0]) << value << ' ' << image;
      EXPECT_EQ(with.report.solverGrid.size, without.report.solverGrid.size);
      EXPECT_EQ(with.tells("FixedImage: 1 voxel lies far outside the range"), image != 1);
      EXPECT_EQ(with.tells("MovingImage: 1 voxel lies far outside the range"), image != 0);
    }
  }
}

TEST(Outliers, DoNotHideThatImagesReachTheBorder)
{
  Case c; // a slope, so that every face has structure
  c.fixed = c.moving = problems::image(c.grid, [](double x, double y, double z) { return x + y + 0.5 * z; });
  const auto paddedSize = solve(c).report.solverGrid.size;
  ASSERT_GT(paddedSize[0], 32);
  c.fixed[c.at(16, 16, 16)] = c.moving[c.at(16, 16, 16)] = 65535.0F;
  EXPECT_EQ(solve(c).report.solverGrid.size, paddedSize);
}

TEST(Outliers, UnderAMaskAreNoConcern)
{
  Case c;
  c.fixedWeight.assign(c.grid.points(), 1.0F);
  c.fixedWeight[c.at(14, 15, 17)] = 0.0F;
  c.options.levels = 1;
  const Outcome without = solve(c);
  c.fixed[c.at(14, 15, 17)] = -1e30F;
  const Outcome with = solve(c);
  EXPECT_EQ(with.u, without.u);
  EXPECT_TRUE(with.report.messages.empty()) << with.report.messages.front();
}

TEST(Outliers, AllRanksAgree)
{
  Case c;
  c.options.device = Device::Cpu;
  c.moving[c.at(18, 15, 13)] = 65535.0F;
  const Outcome one = solve(c);
  for (const int ranks : { 2, 3, 5 })
  {
    test::ThreadTeam team(ranks);
    team.run([&](const std::shared_ptr<Communicator> & communicator) {
      const Outcome many = solve(c, communicator);
      EXPECT_EQ(many.report.messages, one.report.messages);
      if (communicator->rank() == 0)
      {
        EXPECT_LT(largest(many.u, one.u), 1e-3 * c.grid.spacing[0]);
      }
    });
  }
}

/** CT numbers: air of -1000 about a body; `value` outside a cylinder in the second image, as scanners fill it. */
Case
tomogram(float value)
{
  Case c;
  for (std::vector<float> * image : { &c.fixed, &c.moving })
  {
    for (float & v : *image)
    {
      v = 10.0F * v - 1000.0F;
    }
  }
  for (std::size_t i = 0; i < c.moving.size(); ++i)
  {
    const double x = static_cast<double>(i % 32) - 15.5, y = static_cast<double>(i / 32 % 32) - 15.5;
    c.moving[i] = x * x + y * y > 15.5 * 15.5 ? value : c.moving[i];
  }
  return c;
}

TEST(Padding, OutsideTheScannedCylinderIsNotAnatomy)
{
  const Case    clean = tomogram(-1000.0F);
  const Outcome without = solve(clean);
  EXPECT_FALSE(without.tells("padding"));
  for (const float value : { -2000.0F, -3024.0F })
  {
    const Case c = tomogram(value);
    // Set to air, as it is in the clean image, up to the width of a class and the noise of the percentile.
    const Outcome with = solve(c);
    EXPECT_LT(largest(with.u, without.u), 0.05 * c.grid.spacing[0]) << value;
    EXPECT_TRUE(with.tells("MovingImage: 28 % of the voxels hold " + std::to_string(static_cast<int>(value))));
    EXPECT_FALSE(with.tells("FixedImage"));

    Case other = c; // the same in the other image
    std::swap(other.fixed, other.moving);
    EXPECT_TRUE(solve(other).tells("FixedImage: 28 % of the voxels hold"));

    Case both = c; // a background that both have says something
    both.fixed = both.moving;
    EXPECT_FALSE(solve(both).tells("padding"));
  }
}

TEST(Padding, AValueInTheMidstIsTold)
{
  const Case c = tomogram(0.0F);
  EXPECT_TRUE(solve(c).tells("MovingImage: 28 % of the voxels hold the value"));
  Case both = c;
  both.fixed = both.moving;
  EXPECT_FALSE(solve(both).tells("padding"));
}

TEST(Padding, AStrippedHeadIsNot)
{
  Case c; // no voxel of the head is darker than 30
  for (float & v : c.moving)
  {
    v = v < 30.0F ? 0.0F : v;
  }
  EXPECT_FALSE(solve(c).tells("padding"));
}

TEST(Precision, OffsetsThatSinglePrecisionCannotHoldAreToldOrRefused)
{
  const auto shifted = [](float offset) {
    Case c;
    for (std::vector<float> * image : { &c.fixed, &c.moving })
    {
      for (float & value : *image)
      {
        value = std::round(value) + offset;
      }
    }
    return c;
  };
  const Outcome plain = solve(shifted(0.0F));
  // 100,000: steps of 1/128, so that whole numbers are still exact, and so is the result but for rounding.
  const Outcome exact = solve(shifted(1e5F));
  EXPECT_LT(largest(exact.u, plain.u), 0.05 * problems::cube(32).spacing[0]);
  EXPECT_FALSE(exact.tells("single precision"));
  EXPECT_TRUE(solve(shifted(1e7F)).tells("FixedImage: intensities from"));          // steps of 1
  EXPECT_NE(refusal(shifted(1e9F)).find("subtract a constant"), std::string::npos); // steps of 64
}

TEST(Masks, ThatLeaveTooLittleAreRefused)
{
  Case c;
  c.fixedWeight = c.boxMask(4, 12);
  c.movingWeight = c.boxMask(16, 24);
  std::string message = refusal(c);
  EXPECT_NE(message.find("FixedImageMask: no voxel counts"), std::string::npos) << message;
  EXPECT_NE(message.find("MovingImageMask"), std::string::npos) << message;

  c.movingWeight = c.boxMask(9, 24); // 3^3 voxels in common
  message = refusal(c);
  EXPECT_NE(message.find("only 27 voxels count"), std::string::npos) << message;

  c.movingWeight.clear();
  c.fixedWeight = c.boxMask(12, 15);
  message = refusal(c);
  EXPECT_NE(message.find("FixedImageMask: only 27 voxels count"), std::string::npos) << message;

  c.fixedWeight = c.boxMask(12, 18);
  EXPECT_TRUE(solve(c).tells("FixedImageMask: only 216 voxels count"));
  c.fixedWeight = c.boxMask(6, 26);
  EXPECT_FALSE(solve(c).tells("FixedImageMask"));
}

TEST(Masks, UnderWhichAnImageIsConstantAreRefused)
{
  Case c;
  c.fixedWeight = c.boxMask(12, 20);
  for (int k = 12; k < 20; ++k)
  {
    for (int j = 12; j < 20; ++j)
    {
      std::fill_n(c.moving.begin() + static_cast<std::ptrdiff_t>(c.at(12, j, k)), 8, 77.0F);
    }
  }
  const std::string message = refusal(c);
  EXPECT_NE(message.find("MovingImage: every voxel that counts"), std::string::npos) << message;
  EXPECT_NE(message.find("77"), std::string::npos) << message;
}

TEST(Degenerate, SmoothingThatLeavesNothingIsRefused)
{
  Case c;
  c.options.smoothing = 100.0;
  const std::string message = refusal(c);
  EXPECT_NE(message.find("smoothing: a Gaussian of 100 voxels"), std::string::npos) << message;
  c.options.smoothing = 1.0;
  EXPECT_EQ(refusal(c), "");
}

TEST(Degenerate, OnlyIdenticalImagesAreCalledIdentical)
{
  Case c;
  c.moving = c.fixed;
  EXPECT_EQ(solve(c).report.reason, StopReason::ImagesIdentical);
  EXPECT_TRUE(solve(c).report.messages.empty());

  // Different images that are the same where they count.
  c.fixedWeight = c.boxMask(8, 24);
  c.fixed[c.at(3, 16, 16)] += 50.0F;
  c.options.levels = 1;
  EXPECT_EQ(solve(c).report.reason, StopReason::ImagesIdentical);

  // The fixed image has a second ball where the moving one is constant: (f - m) grad m is zero everywhere.
  Case       balls;
  const auto ball = [&](std::vector<float> & image, int x) {
    for (int k = 6; k < 12; ++k)
    {
      for (int j = 6; j < 12; ++j)
      {
        for (int i = x; i < x + 6; ++i)
        {
          image[balls.at(i, j, k)] = 1.0F;
        }
      }
    }
  };
  balls.fixed.assign(balls.grid.points(), 0.0F);
  balls.moving = balls.fixed;
  ball(balls.fixed, 4);
  ball(balls.moving, 4);
  ball(balls.fixed, 20);
  balls.options.intensityNormalization = IntensityNormalization::None;
  balls.options.periodic = true;
  balls.options.levels = 1;
  const Outcome outcome = solve(balls);
  EXPECT_EQ(outcome.report.reason, StopReason::NoGradient);
  EXPECT_EQ(outcome.report.maximumDisplacement, 0.0);
  EXPECT_TRUE(outcome.tells("which way to move"));
}

// ---- contrast
// ----------------------------------------------------------------------------------------------------------

TEST(Contrast, IsWarnedOfWhenItDiffers)
{
  Case          c;
  const Outcome same = solve(c);
  ASSERT_TRUE(same.report.detailCorrelation.has_value());
  EXPECT_GT(same.report.detailCorrelation->after, 0.9);
  EXPECT_FALSE(same.tells("different contrast"));

  for (float & value : c.moving)
  {
    value = 200.0F - value;
  }
  const Outcome other = solve(c);
  ASSERT_TRUE(other.report.detailCorrelation.has_value());
  EXPECT_LT(other.report.detailCorrelation->before, 0.25);
  EXPECT_TRUE(other.tells("Images of different contrast need --similarity mind"));

  // A correlation does not mind that one is the negative of the other.
  c.options.similarity = SimilarityMeasure::LocalCorrelation;
  const Outcome negative = solve(c);
  ASSERT_TRUE(negative.report.detailCorrelation.has_value());
  EXPECT_LT(negative.report.detailCorrelation->after, -0.9);
  EXPECT_FALSE(negative.tells("different contrast"));
}

TEST(Contrast, CorrelationOfDetailsIsThatOfTheFormula)
{
  // Waves whose correlation is the cosine of the phase between them; constants and scales do not matter.
  problems::Bench  bench(problems::cube(32));
  FourierTransform transform(bench.domain());
  const auto       wave = [&](double scale, double phase) {
    return bench.scalar([=](double x, double y, double) { return 5.0 + scale * std::sin(4 * x + 3 * y + phase); });
  };
  const Buffer                           a = wave(1.0, 0.0), b = wave(3.0, 2.0), c = wave(0.2, 0.5);
  const std::optional<DetailCorrelation> result =
    compareDetails(bench.domain(), transform, bench.domain().grid(), a.data(), b.data(), c.data(), nullptr);
  ASSERT_TRUE(result.has_value());
  EXPECT_NEAR(result->before, std::cos(2.0), 1e-4);
  EXPECT_NEAR(result->after, std::cos(0.5), 1e-4);

  const Buffer flat = bench.scalar([](double, double, double) { return 5.0; });
  EXPECT_FALSE(
    compareDetails(bench.domain(), transform, bench.domain().grid(), a.data(), flat.data(), c.data(), nullptr));
}

TEST(Contrast, WarningsComeBelowBothBoundsOrWhenItGotWorse)
{
  EXPECT_TRUE(contrastWarning({ 0.0, 0.7 }, Contrasts::One).has_value());   // T1 and T2 of the head
  EXPECT_FALSE(contrastWarning({ 0.0, 0.9 }, Contrasts::One).has_value());  // one contrast, far apart at first
  EXPECT_FALSE(contrastWarning({ 0.47, 0.8 }, Contrasts::One).has_value()); // one contrast, with a tumour
  EXPECT_TRUE(contrastWarning({ 0.6, 0.5 }, Contrasts::One).has_value());
}

} // namespace
