// SPDX-License-Identifier: Apache-2.0
// The whole solve on analytic problems: recovery, invariances, modes, limits.
#include "syntheticProblem.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

namespace
{

using gnr::Grid;
using gnr::Options;
using gnr::Problem;
using problems::image;
using problems::reference;
using problems::syntheticOptions;

/** Displacement and report of one run. */
struct Result
{
  std::vector<float> u;
  std::vector<float> inverse;
  std::vector<float> velocity;
  std::vector<float> determinant;
  gnr::Report        report;
};

Result
run(const Grid & grid, const std::vector<float> & fixed, const std::vector<float> & moving, const Options & options)
{
  Problem problem{ grid, options };
  problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
  problem.moving = { moving.data(), gnr::wholeOf(problem.grid) };
  Result     result;
  const auto solution = gnr::makeEngine()->run(problem);
  result.report = solution->report();
  result.u.resize(3 * grid.points());
  result.inverse.resize(3 * grid.points());
  result.velocity.resize(3 * grid.points());
  result.determinant.resize(grid.points());
  solution->read(gnr::Field::Displacement, { result.u.data(), gnr::wholeOf(problem.grid) });
  solution->read(gnr::Field::InverseDisplacement, { result.inverse.data(), gnr::wholeOf(problem.grid) });
  solution->read(gnr::Field::Velocity, { result.velocity.data(), gnr::wholeOf(problem.grid) });
  solution->read(gnr::Field::Determinant, { result.determinant.data(), gnr::wholeOf(problem.grid) });
  return result;
}

double
meanDistance(const std::vector<float> & a, const std::vector<float> & b)
{
  double total = 0.0;
  for (std::size_t i = 0; i < a.size(); i += 3)
  {
    total += std::sqrt(std::pow(a[i] - b[i], 2) + std::pow(a[i + 1] - b[i + 1], 2) + std::pow(a[i + 2] - b[i + 2], 2));
  }
  return total / (a.size() / 3);
}

double
maximumDistance(const std::vector<float> & a, const std::vector<float> & b)
{
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    largest = std::max(largest, double(std::abs(a[i] - b[i])));
  }
  return largest;
}


TEST(Registration, syntheticProblemOfThePapers)
{
  const Grid grid = problems::cube(64);
  Options    options = syntheticOptions();
  options.levels = 1;
  const Result forward = run(grid, image(grid, reference), image(grid, problems::templateImage), options);
  EXPECT_LE(forward.report.mismatch, 0.1);
  EXPECT_LE(forward.report.newtonSteps, 8);
  EXPECT_EQ(forward.report.reason, gnr::StopReason::GradientTolerance);
  EXPECT_EQ(forward.report.foldedVoxels, 0u);

  // Swapping the images gives the inverse map.
  const Result backward = run(grid, image(grid, problems::templateImage), image(grid, reference), options);
  EXPECT_LE(meanDistance(backward.u, forward.inverse), 0.1 * grid.spacing[0]);
}

TEST(Registration, pyramidAgreesWithASingleGrid)
{
  const Grid grid = problems::cube(48);
  Options    options = syntheticOptions();
  options.gradientTolerance = 1e-3;
  options.objectiveTolerance = 1e-6;
  options.levels = 1;
  const Result single = run(grid, image(grid, reference), image(grid, problems::templateImage), options);
  options.levels = 2;
  const Result pyramid = run(grid, image(grid, reference), image(grid, problems::templateImage), options);
  ASSERT_EQ(pyramid.report.levels.size(), 2u);
  EXPECT_EQ(pyramid.report.levels[0].grid.size[0], 24);
  EXPECT_LE(meanDistance(single.u, pyramid.u), 0.05 * grid.spacing[0]);
}

// Everything is measured in units of the box, so millimetres may be metres.
TEST(Registration, unitOfLengthDoesNotMatter)
{
  const Grid         small = problems::cube(32), large = problems::cube(32, 10.0);
  const auto         fixed = image(small, reference), moving = image(small, problems::templateImage);
  std::vector<float> a = run(small, fixed, moving, syntheticOptions()).u;
  std::vector<float> b = run(large, fixed, moving, syntheticOptions()).u;
  for (float & value : b)
  {
    value /= 10.0F;
  }
  EXPECT_LT(maximumDistance(a, b), 1e-3 * small.spacing[0]);
}

TEST(Registration, intensityScaleDoesNotMatter)
{
  const Grid         grid = problems::cube(32);
  const auto         fixed = image(grid, reference), moving = image(grid, problems::templateImage);
  std::vector<float> brighter = moving;
  for (float & value : brighter)
  {
    value = 1000.0F * value - 300.0F;
  }
  Options options = syntheticOptions();
  options.intensityNormalization = gnr::IntensityNormalization::Percentiles;
  const Result a = run(grid, fixed, moving, options), b = run(grid, fixed, brighter, options);
  EXPECT_LT(maximumDistance(a.u, b.u), 2e-3 * grid.spacing[0]);
}

// D goes with the square of unnormalised intensities, beta is the user's, and the limits must go along. A power of two
// changes no rounding.
TEST(Registration, limitsGoWithUnnormalisedIntensities)
{
  const Grid         grid = problems::cube(32);
  std::vector<float> fixed = image(grid, reference), moving = image(grid, problems::templateImage);
  Options            options = syntheticOptions();
  options.gradientLimit = 0.6; // the solution without limits reaches twice that
  options.divergenceLimit = 0.3;
  const Result a = run(grid, fixed, moving, options);
  for (std::size_t i = 0; i < fixed.size(); ++i)
  {
    fixed[i] *= 8.0F;
    moving[i] *= 8.0F;
  }
  options.beta *= 64.0;
  EXPECT_EQ(a.u, run(grid, fixed, moving, options).u);
  options.gradientLimit = options.divergenceLimit = std::nullopt;
  EXPECT_GT(maximumDistance(a.u, run(grid, fixed, moving, options).u), 0.05 * grid.spacing[0]);
}

// The moving image has next to no contrast, so that the Hessian has next to nothing to hold a step with: of the order
// of 5e-6 / (4 beta + 5e-11), more than ten thousand boxes long. No state can be solved for that, nor does it have to
// be: such a trial is refused, and the velocity from before is the result.
TEST(Registration, directionsThatLeaveTheBoxAreRefused)
{
  const Grid grid = problems::cube(16);
  const auto wave = [](double x, double, double) { return std::sin(x); };
  const auto faint = [](double x, double, double) { return 1e-5 * std::sin(x); };
  Options    options = syntheticOptions();
  options.beta = 1e-13;
  options.gradientLimit.reset();
  options.divergenceLimit.reset();
  options.levels = 1;
  const Result result = run(grid, image(grid, wave), image(grid, faint), options);
  EXPECT_EQ(result.report.levels.front().reason, gnr::StopReason::LineSearchFailed);
  EXPECT_EQ(result.report.maximumDisplacement, 0.0);
}

TEST(Registration, axesAreTreatedAlike)
{
  const Grid grid = problems::cube(32);
  const auto permuted = [](const problems::Scalar & f) {
    return [=](double x, double y, double z) { return f(y, z, x); };
  };
  Options options = syntheticOptions();
  options.gradientTolerance = 5e-3;
  const Result a = run(grid, image(grid, reference), image(grid, problems::templateImage), options);
  const Result b = run(grid, image(grid, permuted(reference)), image(grid, permuted(problems::templateImage)), options);
  // Point (i, j, k) of the second problem is (j, k, i) of the first, and so are the components.
  const int n = 32;
  double    largest = 0.0;
  for (int k = 0; k < n; ++k)
  {
    for (int j = 0; j < n; ++j)
    {
      for (int i = 0; i < n; ++i)
      {
        const float * p = &b.u[3 * (i + n * (j + static_cast<std::size_t>(n) * k))];
        const float * q = &a.u[3 * (j + n * (k + static_cast<std::size_t>(n) * i))];
        largest = std::max(
          { largest, double(std::abs(p[1] - q[0])), double(std::abs(p[2] - q[1])), double(std::abs(p[0] - q[2])) });
      }
    }
  }
  EXPECT_LT(largest, 1e-2 * grid.spacing[0]);
}

// Mirror images give the mirrored field, for an odd number of voxels too, and with padding on every axis.
TEST(Registration, mirroringAnAxisMirrorsTheField)
{
  Grid grid = problems::cube(32);
  grid.size = { { 30, 27, 32 } };
  Options options = syntheticOptions();
  options.periodic = false;
  options.levels = 2;
  const auto   fixed = image(grid, reference), moving = image(grid, problems::templateImage);
  const Result straight = run(grid, fixed, moving, options);
  for (int axis = 0; axis < 3; ++axis)
  {
    const auto index = [&](int i, int j, int k, bool mirrored) {
      int p[3] = { i, j, k };
      p[axis] = mirrored ? grid.size[axis] - 1 - p[axis] : p[axis];
      return p[0] + grid.size[0] * (p[1] + grid.size[1] * static_cast<std::size_t>(p[2]));
    };
    std::vector<float> mirroredFixed(fixed.size()), mirroredMoving(fixed.size());
    const auto         forEach = [&](auto action) {
      for (int k = 0; k < grid.size[2]; ++k)
      {
        for (int j = 0; j < grid.size[1]; ++j)
        {
          for (int i = 0; i < grid.size[0]; ++i)
          {
            action(index(i, j, k, false), index(i, j, k, true));
          }
        }
      }
    };
    forEach([&](std::size_t p, std::size_t q) {
      mirroredFixed[q] = fixed[p];
      mirroredMoving[q] = moving[p];
    });
    const Result mirrored = run(grid, mirroredFixed, mirroredMoving, options);
    double       largest = 0.0;
    forEach([&](std::size_t p, std::size_t q) {
      for (int c = 0; c < 3; ++c)
      {
        const double expected = straight.u[3 * p + c] * (c == axis ? -1.0 : 1.0);
        largest = std::max(largest, std::abs(mirrored.u[3 * q + c] - expected));
      }
    });
    EXPECT_LT(largest, 1e-3 * grid.spacing[0]) << "axis " << axis;
  }
}

TEST(Registration, resultsAreReproducibleToTheBitForAnyNumberOfThreads)
{
  const Grid grid = problems::cube(32);
  const auto fixed = image(grid, reference), moving = image(grid, problems::templateImage);
  Options    options = syntheticOptions();
  options.threads = 1;
  const Result a = run(grid, fixed, moving, options), again = run(grid, fixed, moving, options);
  options.threads = 3;
  const Result b = run(grid, fixed, moving, options);
  EXPECT_EQ(a.u, again.u);
  EXPECT_EQ(a.u, b.u);
  EXPECT_EQ(a.velocity, b.velocity);
}

TEST(Registration, referenceKernelsGiveTheSameField)
{
  const Grid   grid = problems::cube(16);
  const auto   fixed = image(grid, reference), moving = image(grid, problems::templateImage);
  Options      options = syntheticOptions();
  const Result cpu = run(grid, fixed, moving, options);
  options.device = gnr::Device::Reference;
  const Result plain = run(grid, fixed, moving, options);
  EXPECT_EQ(cpu.report.hessianProducts, plain.report.hessianProducts);
  EXPECT_LT(maximumDistance(cpu.u, plain.u), 1e-3 * grid.spacing[0]);
}

TEST(Registration, higherOrderRegularisationsConverge)
{
  const Grid grid = problems::cube(32);
  for (const auto regularization : { gnr::Regularization::H2, gnr::Regularization::H3 })
  {
    Options options = syntheticOptions();
    options.regularization = regularization;
    // |k|^{2s} of the frequencies in question is that much larger than |k|^2.
    options.beta *= regularization == gnr::Regularization::H2 ? 0.1 : 0.01;
    const Result result = run(grid, image(grid, reference), image(grid, problems::templateImage), options);
    EXPECT_EQ(result.report.reason, gnr::StopReason::GradientTolerance) << static_cast<int>(regularization);
    EXPECT_LE(result.report.mismatch, 0.1) << static_cast<int>(regularization);
    EXPECT_EQ(result.report.foldedVoxels, 0u);
  }
}

// A divergence-free velocity keeps volumes: det = 1 up to the discretisation of the determinant.
TEST(Registration, incompressibleModeKeepsVolumes)
{
  const Grid grid = problems::cube(64);
  Options    options = syntheticOptions();
  const auto fixed = image(grid, reference), moving = image(grid, problems::templateImage);
  options.incompressible = true;
  const Result kept = run(grid, fixed, moving, options);
  EXPECT_LT(kept.report.mismatch, 1.0);
  EXPECT_NEAR(kept.report.determinantMinimum, 1.0, 0.02);
  EXPECT_NEAR(kept.report.determinantMaximum, 1.0, 0.02);
  options.incompressible = false;
  const Result free = run(grid, fixed, moving, options);
  EXPECT_GT(free.report.determinantMaximum - free.report.determinantMinimum, 0.2)
    << "the problem must need volume change";
}

TEST(Registration, divergencePenaltyNarrowsTheRangeOfTheDeterminant)
{
  const Grid grid = problems::cube(32);
  const auto fixed = image(grid, reference), moving = image(grid, problems::templateImage);
  double     previous = std::numeric_limits<double>::infinity();
  for (const double gamma : { 0.0, 10.0, 100.0 })
  {
    Options options = syntheticOptions();
    options.gamma = gamma;
    const Result result = run(grid, fixed, moving, options);
    const double range = result.report.determinantMaximum - result.report.determinantMinimum;
    EXPECT_LT(range, previous) << "gamma " << gamma;
    previous = range;
  }
}

TEST(Registration, determinantOutputAgreesWithTheReport)
{
  const Grid   grid = problems::cube(32);
  const Result result = run(grid, image(grid, reference), image(grid, problems::templateImage), syntheticOptions());
  const auto   range = std::minmax_element(result.determinant.begin(), result.determinant.end());
  EXPECT_FLOAT_EQ(*range.first, result.report.determinantMinimum);
  EXPECT_FLOAT_EQ(*range.second, result.report.determinantMaximum);
}

TEST(Registration, continuesFromAnInitialVelocity)
{
  const Grid         grid = problems::cube(32);
  const auto         fixed = image(grid, reference), moving = image(grid, problems::templateImage);
  Options            options = syntheticOptions();
  const Result       first = run(grid, fixed, moving, options);
  Problem            problem{ grid, options };
  std::vector<float> u(first.velocity.size());
  problem.fixed = { fixed.data(), gnr::wholeOf(grid) };
  problem.moving = { moving.data(), gnr::wholeOf(grid) };
  problem.initialVelocity = { first.velocity.data(), gnr::wholeOf(grid) };
  const auto          again = gnr::makeEngine()->run(problem);
  const gnr::Report & report = again->report();
  again->read(gnr::Field::Displacement, { u.data(), gnr::wholeOf(grid) });
  // The finest level starts where the first run ended: nothing to do there.
  EXPECT_LE(report.levels.back().iterations.size(), 1u);
  EXPECT_LT(report.levels.back().initialMismatch, 1.1 * first.report.mismatch + 1e-3);
  EXPECT_LE(meanDistance(u, first.u), 0.05 * grid.spacing[0]);
}

// What lies under a zero weight has no influence at all.
TEST(Registration, maskedVoxelsDoNotCount)
{
  const Grid         grid = problems::cube(32);
  const auto         fixed = image(grid, reference), moving = image(grid, problems::templateImage);
  std::vector<float> disturbed = fixed, weight(grid.points(), 1.0F);
  for (int k = 10; k < 16; ++k)
  {
    for (int j = 12; j < 18; ++j)
    {
      for (int i = 14; i < 20; ++i)
      {
        const std::size_t p = i + 32 * (j + 32 * static_cast<std::size_t>(k));
        weight[p] = 0.0F;
        disturbed[p] = 50.0F; // so bright that it would set the scale of all
      }
    }
  }
  Options options = syntheticOptions();
  options.levels = 1; // a coarser grid mixes neighbours
  options.intensityNormalization = gnr::IntensityNormalization::Percentiles;
  const auto masked = [&](const std::vector<float> & f, bool moves) {
    Problem            problem{ grid, options };
    std::vector<float> u(3 * grid.points());
    problem.fixed = { moves ? fixed.data() : f.data(), gnr::wholeOf(problem.grid) };
    problem.moving = { moving.data(), gnr::wholeOf(problem.grid) };
    problem.fixedWeight = { weight.data(), gnr::wholeOf(problem.grid) };
    const auto solution = gnr::makeEngine()->run(problem);
    solution->read(gnr::Field::Displacement, { u.data(), gnr::wholeOf(problem.grid) });
    return u;
  };
  EXPECT_EQ(masked(disturbed, false), masked(fixed, false));
}

TEST(Registration, movingMaskTravelsWithTheMovingImage)
{
  // The moving image is shifted by four voxels along x and disturbed inside its mask's hole.
  const Grid   grid = problems::cube(32);
  const double h = grid.spacing[0], shift = 4 * h;
  const auto   pattern = [](double x, double y, double z) {
    return problems::templateImage(x, y, z) + 0.2 * std::cos(x) * std::sin(y + 0.3) + 0.1 * std::cos(z);
  };
  const auto         fixed = image(grid, pattern);
  const auto         moving = image(grid, [&](double x, double y, double z) { return pattern(x - shift, y, z); });
  std::vector<float> disturbed = moving, weight(grid.points(), 1.0F);
  for (int k = 12; k < 18; ++k)
  {
    for (int j = 12; j < 18; ++j)
    {
      for (int i = 10; i < 16; ++i)
      {
        const std::size_t p = i + 32 * (j + 32 * static_cast<std::size_t>(k));
        weight[p] = 0.0F;
        disturbed[p] += 1.0F;
      }
    }
  }
  const auto error = [&](const std::vector<float> & image, bool withMask) {
    Options options = syntheticOptions();
    Problem problem{ grid, options };
    problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
    problem.moving = { image.data(), gnr::wholeOf(problem.grid) };
    if (withMask)
    {
      problem.movingWeight = { weight.data(), gnr::wholeOf(problem.grid) };
    }
    const auto         solution = gnr::makeEngine()->run(problem);
    std::vector<float> u(3 * grid.points()), truth(3 * grid.points(), 0.0F);
    solution->read(gnr::Field::Displacement, { u.data(), gnr::wholeOf(problem.grid) });
    for (std::size_t i = 0; i < truth.size(); i += 3)
    {
      truth[i] = static_cast<float>(shift);
    }
    return meanDistance(u, truth) / h;
  };
  const double clean = error(moving, false), with = error(disturbed, true), without = error(disturbed, false);
  EXPECT_LT(with, 1.5 * clean) << with << " " << clean;
  EXPECT_LT(with, 0.6 * without) << with << " " << without;
}

} // namespace
