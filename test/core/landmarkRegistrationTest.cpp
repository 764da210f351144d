// SPDX-License-Identifier: Apache-2.0
// Whole registrations with landmarks, on the box [0, 2 pi)^3.
#include "problems.h"

#include "gnr/Engine.h"
#include "gnr/Error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace
{

using namespace gnr;
using problems::pi;

struct Pair
{
  Pair(const problems::Scalar & f, const problems::Scalar & m)
    : fixed(problems::image(grid, f))
    , moving(problems::image(grid, m))
  {
    options.similarity = SimilarityMeasure::SumOfSquares;
    options.device = problems::solveDevice();
    options.intensityNormalization = IntensityNormalization::None;
    options.periodic = true;
    options.gamma = 0.0;
    options.gridScale = 0.0;
    options.beta = 1e-3;
    options.threads = 1;
  }

  std::unique_ptr<Result>
  run() const
  {
    Problem problem{ grid, options, { fixed.data(), wholeOf(grid) }, { moving.data(), wholeOf(grid) } };
    problem.landmarks = landmarks;
    return makeEngine()->run(problem);
  }
  std::vector<float>
  displacement() const
  {
    std::vector<float> u(3 * grid.points());
    run()->read(Field::Displacement, { u.data(), wholeOf(grid) });
    return u;
  }

  Grid                      grid = problems::cube(24);
  std::vector<float>        fixed;
  std::vector<float>        moving;
  Options                   options;
  std::vector<LandmarkPair> landmarks;
};

double
layers(double, double, double z)
{
  return 0.5 + 0.5 * std::sin(z);
}

// Images that vary along z alone show nothing of a motion along x. v = (-d cos y, 0, 0) brings landmarks at y = 0 by d,
// and those at y = pi by -d, exactly, at D = 0 and <v, A v> / 2 = beta d^2 / 4. The minimum is not above that, so that
// s / (2 sigma^2) times the mean square of the distances is not either; the images, from 0 to 1, have a range of one.
TEST(LandmarkRegistration, DistancesAreWhatTheRegularisationIsWorth)
{
  Pair         pair(layers, layers);
  const double d = 1.0, sigma = 0.5;
  pair.options.landmarkSigma = sigma;
  for (const double z : { 0.5, 2.1, 4.4 })
  {
    pair.landmarks.push_back({ { { 2.0, 0.0, z } }, { { 2.0 + d, 0.0, z } } });
    pair.landmarks.push_back({ { { 3.5, pi, z } }, { { 3.5 - d, pi, z } } });
  }
  const Report report = pair.run()->report();
  ASSERT_TRUE(report.landmarks.has_value());
  EXPECT_NEAR(report.landmarks->meanBefore, d, 1e-12);
  EXPECT_NEAR(report.landmarks->maximumBefore, d, 1e-12);
  const double bound = std::sqrt(2 * sigma * sigma / 0.01 * pair.options.beta * d * d / 4);
  ASSERT_LT(bound, 0.15);
  // A mean is not above the root of the mean square. The solver stops when J falls by a hundredth; the map is good to
  // 0.03 voxel.
  EXPECT_LT(report.landmarks->meanAfter, 1.01 * bound + 0.03 * pair.grid.spacing[0]);
  EXPECT_GT(report.landmarks->maximumAfter, report.landmarks->meanAfter);
  EXPECT_EQ(report.foldedVoxels, 0u);
}

// Stripes that have moved by one period look the same: the images see no motion at all, and resist the way there. Only
// a start that leaves them out finds it, where both D and P are zero.
TEST(LandmarkRegistration, TheirStartFindsAMotionThatImagesWouldNot)
{
  const auto   stripes = [](double x, double, double) { return 0.5 + 0.5 * std::sin(4 * x); };
  const double period = pi / 2;
  Pair         pair(stripes, stripes);
  pair.options.levels = 1;
  pair.options.landmarkSigma = 2.0; // P = 0.003 at rest, and D = 0.06 halfway
  pair.landmarks = { { { { 1.0, 2.0, 3.0 } }, { { 1.0 + period, 2.0, 3.0 } } },
                     { { { 4.0, 5.0, 1.0 } }, { { 4.0 + period, 5.0, 1.0 } } } };
  EXPECT_LT(pair.run()->report().landmarks->maximumAfter, 0.05);
  const std::vector<float> u = pair.displacement();
  for (std::size_t i = 0; i < u.size(); i += 3 * 997)
  {
    EXPECT_NEAR(u[i], period, 0.1);
  }
  // The search compares no starts.
  pair.options.betaStrategy = BetaStrategy::Search;
  EXPECT_GT(pair.run()->report().landmarks->maximumAfter, 0.5 * period);
}

TEST(LandmarkRegistration, WithoutThemTheResultHasTheSameBits)
{
  Pair pair(layers, [](double x, double y, double z) { return layers(x, y, z + 0.3 * std::cos(x)); });
  const std::vector<float> expected = pair.displacement();
  pair.options.landmarkSigma = 0.1;
  EXPECT_EQ(pair.displacement(), expected);
  EXPECT_FALSE(pair.run()->report().landmarks.has_value());
  pair.landmarks = { { { { 1.0, 2.0, 3.0 } }, { { 1.2, 2.0, 3.0 } } } };
  EXPECT_NE(pair.displacement(), expected);
}

// The images move by 0.6, as y(z) = z + 0.6; the landmarks ask for the opposite and hardly count.
TEST(LandmarkRegistration, TellsWhereLandmarksEndFurtherApart)
{
  Pair pair(layers, [](double x, double y, double z) { return layers(x, y, z - 0.6); });
  pair.options.landmarkSigma = 1000.0;
  pair.landmarks = { { { { 1.0, 2.0, 3.0 } }, { { 1.0, 2.0, 2.4 } } } };
  const Report report = pair.run()->report();
  EXPECT_GT(report.landmarks->meanAfter, 0.9);
  const auto isIt = [](const std::string & message) {
    return message.find("the landmarks are no closer than before") != std::string::npos;
  };
  EXPECT_EQ(std::count_if(report.messages.begin(), report.messages.end(), isIt), 1);
}

TEST(LandmarkRegistration, RefusesPointsThatCannotBe)
{
  Pair                                       pair(layers, layers);
  const double                               nan = std::numeric_limits<double>::quiet_NaN();
  const LandmarkPair                         good{ { { 1.0, 2.0, 3.0 } }, { { 1.0, 2.0, 3.5 } } };
  const std::pair<LandmarkPair, std::string> cases[] = {
    { { { { 1.0, nan, 3.0 } }, good.moving }, "FixedLandmarks: point 2 has a coordinate that is NaN" },
    { { good.fixed, { { nan, 2.0, 3.0 } } }, "MovingLandmarks: point 2 has a coordinate that is NaN" },
    { { { { 1.0, 2.0, 6.3 } }, good.moving }, "FixedLandmarks: point 2 lies outside FixedImage" },
    { { { { -0.2, 2.0, 3.0 } }, good.moving }, "FixedLandmarks: point 2 lies outside FixedImage" },
    { { good.fixed, { { 1.0, 5.2, 3.0 } } }, "MovingLandmarks: point 2 is 3.2" },
  };
  for (const auto & [wrong, message] : cases)
  {
    pair.landmarks = { good, wrong };
    try
    {
      pair.run();
      ADD_FAILURE() << "was taken: " << message;
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::BadInput);
      EXPECT_EQ(std::string(error.what()).find(message), 0u) << error.what();
    }
  }
}

} // namespace
