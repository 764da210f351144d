// SPDX-License-Identifier: Apache-2.0
// Images of labels: their words, and registrations by them.
#include "problems.h"
#include "threads.h"

#include "model/similarity/Labels.h"
#include "parallel/Slab.h"
#include "registration/LabelCodes.h"

#include "gnr/Engine.h"
#include "gnr/Error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bitset>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace gnr;

namespace
{

using Image = std::vector<float>;

// The sizes of the lexicographic codes of 16 bits: the Reed-Muller code (1, 4), and the even words, are such.
TEST(LabelCodes, AreAsManyWordsAsAreFarFromEachOther)
{
  for (const auto & [distance, count] :
       { std::pair(8, 32), std::pair(6, 128), std::pair(4, 2048), std::pair(2, 32768) })
  {
    const auto words = lexicode(distance, static_cast<std::size_t>(count));
    ASSERT_EQ(words.size(), static_cast<std::size_t>(count)) << distance;
    int smallest = labelChannels;
    for (std::size_t i = 0; i < std::min<std::size_t>(words.size(), 600); ++i)
    {
      for (std::size_t j = 0; j < i; ++j)
      {
        smallest = std::min(smallest, static_cast<int>(std::bitset<labelChannels>(words[i] ^ words[j]).count()));
      }
    }
    EXPECT_EQ(smallest, distance);
  }
  EXPECT_TRUE(lexicode(8, 33).empty());
}

/** Three nested balls around a centre, of labels that are given from outside to inside. */
Image
balls(const Grid & grid, const std::array<double, 3> & centre, const std::array<float, 4> & labels)
{
  return problems::image(grid, [&](double x, double y, double z) {
    const double r =
      std::sqrt(std::pow(x - centre[0], 2) + std::pow(y - centre[1], 2) + std::pow((z - centre[2]) / 1.2, 2));
    return labels[r > 2.0 ? 0 : r > 1.5 ? 1 : r > 0.8 ? 2 : 3];
  });
}

struct Scene
{
  Scene()
  {
    options.device = problems::solveDevice();
    options.similarity = SimilarityMeasure::Labels;
  }

  Problem
  problem(const Slab & planes) const
  {
    Problem    result{ grid, options };
    const auto at = static_cast<std::size_t>(planes.begin) * grid.size[0] * grid.size[1];
    const Box  box = planesOf(grid, planes.begin, planes.end);
    result.fixed = { fixed.data() + at, box };
    result.moving = { moving.data() + at, box };
    return result;
  }
  Problem
  problem() const
  {
    return problem({ 0, grid.size[2] });
  }
  Image
  run(Report * report = nullptr) const
  {
    const auto result = makeEngine()->run(problem());
    Image      u(3 * grid.points());
    result->read(Field::Displacement, { u.data(), wholeOf(grid) });
    if (report != nullptr)
    {
      *report = result->report();
    }
    return u;
  }
  double
  largestDifference(const Image & a, const Image & b) const
  {
    return problems::largestDifference(a, b, grid);
  }

  static constexpr double pi = problems::pi;
  std::array<float, 4>    labels{ { 0, 1, 2, 3 } };
  std::array<double, 3>   there{ { pi + 0.5, pi - 0.3, pi } };
  Grid                    grid = problems::cube(40);
  Options                 options;
  Image                   fixed = balls(grid, { { pi, pi, pi } }, labels);
  Image                   moving = balls(grid, there, labels);
};

// y(x) = x + (0.5, -0.3, 0) where the labels tell: inside the balls.
TEST(Labels, FindHowFarTheStructuresHaveMoved)
{
  const Scene scene;
  Report      report;
  const Image u = scene.run(&report);
  double      sums[3]{}, count = 0.0;
  for (std::size_t i = 0; i < scene.grid.points(); ++i)
  {
    if (scene.fixed[i] >= 2.0F)
    {
      ++count;
      for (int c = 0; c < 3; ++c)
      {
        sums[c] += u[3 * i + c];
      }
    }
  }
  const double voxel = scene.grid.spacing[0];
  EXPECT_NEAR(sums[0] / count, 0.5, 0.3 * voxel);
  EXPECT_NEAR(sums[1] / count, -0.3, 0.3 * voxel);
  EXPECT_NEAR(sums[2] / count, 0.0, 0.1 * voxel);
  EXPECT_LT(report.mismatch, 0.5);
  EXPECT_FALSE(report.detailCorrelation);
  EXPECT_EQ(report.similarity.text(), "labels");
}

TEST(Labels, ThatAreAlikeAreNotMoved)
{
  Scene scene;
  scene.moving = scene.fixed;
  Report report;
  scene.run(&report);
  EXPECT_EQ(report.reason, StopReason::ImagesIdentical);
  EXPECT_EQ(report.maximumDisplacement, 0.0);
}

// Words of up to 16 labels all have the same distance.
TEST(Labels, NumbersSayNothing)
{
  Scene       scene;
  const Image expected = scene.run();
  scene.labels = { { 500, 65535, 3, 40 } };
  scene.fixed = balls(scene.grid, { { scene.pi, scene.pi, scene.pi } }, scene.labels);
  scene.moving = balls(scene.grid, scene.there, scene.labels);
  EXPECT_LT(scene.largestDifference(scene.run(), expected), 1e-3);
}

TEST(Labels, ThatLookLikeIntensitiesAreTold)
{
  Scene        scene;
  const Report segmentations = makeEngine()->run(scene.problem())->report();
  EXPECT_TRUE(segmentations.messages.empty()) << segmentations.messages.front();
  scene.moving = problems::image(scene.grid, [](double x, double y, double z) {
    return std::round(100.0 + 50.0 * std::sin(x) * std::cos(y) + 40.0 * std::sin(z + x));
  });
  scene.fixed = scene.moving;
  const Report report = makeEngine()->run(scene.problem())->report();
  ASSERT_EQ(report.messages.size(), 2u);
  EXPECT_EQ(report.messages[0].rfind("FixedImage: has ", 0), 0u);
  EXPECT_NE(report.messages[1].find("looks like an image of intensities"), std::string::npos);
}

TEST(Labels, StandBesideImages)
{
  const Scene scene;
  // The images show no motion at all.
  const Image still =
    problems::image(scene.grid, [](double x, double y, double z) { return std::sin(x) * std::sin(y) + std::cos(z); });
  Problem problem = scene.problem();
  problem.furtherPairs = { { problem.fixed, problem.moving } };
  problem.fixed = problem.moving = { still.data(), wholeOf(scene.grid) };
  for (const char * similarity : { "0.01*ssd,labels", "0.01*lncc,2*labels" })
  {
    problem.options.similarity = SimilarityList::read(similarity).value();
    const auto result = makeEngine()->run(problem);
    EXPECT_GT(result->report().maximumDisplacement, 0.4) << similarity;
    EXPECT_EQ(result->report().overflowBytes, 0u);
    EXPECT_EQ(result->report().memoryPlan.fieldBytes, result->report().fieldBytes);
  }
}

TEST(Labels, AreSharedByProcesses)
{
  Scene       scene;
  const Image expected = scene.run();
  scene.options.threads = 1;
  Image            u(3 * scene.grid.points());
  test::ThreadTeam team(3);
  team.run([&](const std::shared_ptr<Communicator> & communicator) {
    const Slab own = slabOf(scene.grid.size[2], 3, communicator->rank());
    const auto result = makeEngine(communicator)->run(scene.problem(own));
    result->read(Field::Displacement,
                 { u.data() + 3 * static_cast<std::size_t>(own.begin) * scene.grid.size[0] * scene.grid.size[1],
                   planesOf(scene.grid, own.begin, own.end) });
  });
  EXPECT_LT(scene.largestDifference(u, expected), 1e-3);
}

TEST(Labels, ThatCannotBeComparedAreNamed)
{
  const auto message = [](const Scene & scene) -> std::string {
    try
    {
      scene.run();
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::BadInput);
      return error.what();
    }
    return "nothing was thrown";
  };
  for (const float wrong : { 0.5F, -1.0F, 65536.0F, std::nanf("") })
  {
    Scene scene;
    scene.moving[77] = wrong;
    const char * const words =
      std::isnan(wrong) ? "MovingImage: has values that are not numbers" : "MovingImage: has the value ";
    EXPECT_EQ(message(scene).rfind(words, 0), 0u) << message(scene);
  }
  Scene scene;
  scene.fixed.assign(scene.fixed.size(), 7.0F);
  EXPECT_EQ(message(scene).rfind("FixedImage: every voxel has the label 7", 0), 0u) << message(scene);
  scene = Scene();
  scene.moving = balls(scene.grid, scene.there, { { 0, 10, 20, 30 } });
  EXPECT_EQ(message(scene).rfind("FixedImage: has but one label in common with MovingImage", 0), 0u) << message(scene);
  scene = Scene();
  scene.options.similarity = SimilarityList::read("labels+ssd").value();
  EXPECT_NE(message(scene).find("let labels stand alone"), std::string::npos) << message(scene);
}

} // namespace
