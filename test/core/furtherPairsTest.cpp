// SPDX-License-Identifier: Apache-2.0
// Several pairs of images that one deformation makes alike.
#include "problems.h"
#include "threads.h"

#include "parallel/Slab.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace gnr;

namespace
{

using Image = std::vector<float>;

struct Pair
{
  Image fixed;
  Image moving;
};

/** Images that are moved by u(x) = (a sin z, b sin x, 0) voxels, of which each may show less than all. */
struct Scene
{
  explicit Scene(int n = 32)
    : grid(problems::cube(n))
  {
    options = problems::ssdOptions();
    options.device = problems::solveDevice();
    options.periodic = true;
  }

  Pair
  pairOf(const problems::Scalar & m) const
  {
    const double h = grid.spacing[0], a = 1.5 * h, b = -1.2 * h;
    return { problems::image(
               grid, [=](double x, double y, double z) { return m(x + a * std::sin(z), y + b * std::sin(x), z); }),
             problems::image(grid, m) };
  }
  Pair
  wholePair() const
  {
    return pairOf([](double x, double y, double z) {
      return std::sin(x) * std::sin(x) + 0.8 * std::sin(y + 0.4) * std::sin(2.0 * x) + std::cos(y) * std::cos(z);
    });
  }

  Problem
  problemOf(const std::vector<Pair> & pairs, const Slab & planes) const
  {
    Problem    problem{ grid, options };
    const Box  box = planesOf(grid, planes.begin, planes.end);
    const auto at = static_cast<std::size_t>(planes.begin) * grid.size[0] * grid.size[1];
    problem.furtherPairs.resize(pairs.size() - 1);
    for (std::size_t i = 0; planes.size() > 0 && i < pairs.size(); ++i)
    {
      const InputBlock fixed{ pairs[i].fixed.data() + at, box }, moving{ pairs[i].moving.data() + at, box };
      (i == 0 ? problem.fixed : problem.furtherPairs[i - 1].fixed) = fixed;
      (i == 0 ? problem.moving : problem.furtherPairs[i - 1].moving) = moving;
    }
    return problem;
  }
  Problem
  problemOf(const std::vector<Pair> & pairs) const
  {
    return problemOf(pairs, { 0, grid.size[2] });
  }

  Image
  run(const std::vector<Pair> & pairs, const char * similarity, Report * report = nullptr)
  {
    options.similarity = SimilarityList::read(similarity).value();
    const auto result = makeEngine()->run(problemOf(pairs));
    Image      u(3 * grid.points());
    result->read(Field::Displacement, { u.data(), wholeOf(grid) });
    if (report != nullptr)
    {
      *report = result->report();
    }
    return u;
  }

  /** Root of the mean square of a component, in voxels. */
  double
  size(const Image & u, int component) const
  {
    double sum = 0.0;
    for (std::size_t i = component; i < u.size(); i += 3)
    {
      sum += std::pow(u[i] / grid.spacing[component], 2);
    }
    return std::sqrt(3.0 * sum / u.size());
  }
  double
  largestDifference(const Image & a, const Image & b) const
  {
    return problems::largestDifference(a, b, grid);
  }

  Grid    grid;
  Options options;
};

std::string
messageOf(const std::function<void()> & f)
{
  try
  {
    f();
  }
  catch (const Error & error)
  {
    EXPECT_EQ(error.kind(), ErrorKind::BadInput) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

// D = sum of weights times the same value is the D of one pair; in vector form, for three and more, too.
TEST(FurtherPairs, TheSamePairSeveralTimesIsThatPair)
{
  Scene      scene;
  const Pair pair = scene.wholePair();
  scene.options.gradientTolerance = 1e-3; // two discretisations: they must not stop at different steps
  scene.options.objectiveTolerance = 0.0;
  const Image expected = scene.run({ pair }, "ssd");
  EXPECT_GT(scene.size(expected, 0), 0.8);
  EXPECT_LT(scene.largestDifference(scene.run({ pair, pair }, "0.25*ssd,0.75*ssd"), expected), 1e-3);
  EXPECT_LT(scene.largestDifference(scene.run({ pair, pair, pair, pair }, "0.25*ssd"), expected), 0.05);
}

// What varies along one axis says nothing of motion along the others.
TEST(FurtherPairs, EachShowsWhatTheOthersDoNot)
{
  Scene        scene;
  const Pair   alongX = scene.pairOf([](double x, double, double) { return std::sin(x) + 0.5 * std::cos(2.0 * x); });
  const Pair   alongY = scene.pairOf([](double, double y, double) { return std::cos(y) + 0.5 * std::sin(2.0 * y); });
  const double a = 1.5 / std::sqrt(2.0), b = 1.2 / std::sqrt(2.0); // root mean squares of the motion
  for (const char * similarity : { "ssd", "lncc", "ssd,lncc", "ncc+mind,ssd" })
  {
    SCOPED_TRACE(similarity);
    const Image both = scene.run({ alongX, alongY }, similarity);
    EXPECT_NEAR(scene.size(both, 0), a, 0.1 * a);
    EXPECT_NEAR(scene.size(both, 1), b, 0.1 * b);
  }
  const Image one = scene.run({ alongX }, "ssd");
  EXPECT_NEAR(scene.size(one, 0), a, 0.1 * a);
  EXPECT_LT(scene.size(one, 1), 0.02 * b);
}

TEST(FurtherPairs, AreEachComparedByWhatSuitsThem)
{
  Scene scene(64);
  // Of one contrast; and of contrasts that no monotone function relates.
  const auto m = [](double x, double y, double z) {
    return std::sin(3.0 * x) * std::sin(2.0 * y) + std::cos(3.0 * z + x) + 0.5 * std::sin(5.0 * y + 4.0 * z);
  };
  const Pair alike = scene.pairOf(m);
  Pair       unlike = alike;
  for (float & value : unlike.fixed)
  {
    value = std::abs(value);
  }
  Report report;
  scene.run({ alike, unlike }, "auto", &report);
  EXPECT_EQ(report.similarity.text(), "lncc,mind");
  EXPECT_EQ(report.overflowBytes, 0u);
  scene.run({ alike, alike }, "auto", &report);
  EXPECT_EQ(report.similarity.text(), "lncc");
  scene.run({ alike, unlike }, "0.5*auto,ssd", &report);
  EXPECT_EQ(report.similarity.text(), "0.5*lncc,ssd");
}

TEST(FurtherPairs, AreSharedByProcesses)
{
  Scene                   scene;
  const std::vector<Pair> pairs{
    scene.pairOf([](double x, double, double z) { return std::sin(x) + 0.3 * std::cos(2.0 * z); }),
    scene.pairOf([](double, double y, double) { return std::cos(y) + 0.5 * std::sin(2.0 * y); })
  };
  const char * const similarity = "lncc,0.5*ssd";
  const Image        expected = scene.run(pairs, similarity);
  scene.options.threads = 1;
  for (const bool isAtRoot : { true, false })
  {
    Image            u(3 * scene.grid.points());
    test::ThreadTeam team(3);
    team.run([&](const std::shared_ptr<Communicator> & communicator) {
      const int  rank = communicator->rank();
      const Slab own = slabOf(scene.grid.size[2], 3, rank);
      const Slab given = !isAtRoot ? own : rank == 0 ? Slab{ 0, scene.grid.size[2] } : Slab{ 0, 0 };
      const auto result = makeEngine(communicator)->run(scene.problemOf(pairs, given));
      result->read(Field::Displacement,
                   { u.data() + 3 * static_cast<std::size_t>(own.begin) * scene.grid.size[0] * scene.grid.size[1],
                     planesOf(scene.grid, own.begin, own.end) });
    });
    EXPECT_LT(scene.largestDifference(u, expected), 1e-3);
  }
}

TEST(FurtherPairs, TakeTheMemoryThatIsPlanned)
{
  Scene                   scene;
  const std::vector<Pair> pairs(3, scene.wholePair());
  scene.options.threads = 1;
  scene.options.gradientTolerance = 1e-9; // every level takes steps
  scene.options.objectiveTolerance = 0.0;
  scene.options.maximumIterations = 3;
  for (const char * similarity : { "ssd", "lncc", "auto", "ssd+mind,lncc,ssd" })
  {
    for (const bool isPeriodic : { true, false })
    {
      SCOPED_TRACE(similarity);
      scene.options.periodic = isPeriodic;
      scene.options.similarity = SimilarityList::read(similarity).value();
      const Problem    problem = scene.problemOf(pairs);
      const MemoryPlan plan = makeEngine()->plan(problem);
      const Report     report = makeEngine()->run(problem)->report();
      EXPECT_EQ(report.overflowBytes, 0u);
      for (std::size_t i = 0; i < report.phaseBytes.size(); ++i)
      {
        EXPECT_EQ(report.memoryPlan.phases[i], report.phaseBytes[i]);
      }
      EXPECT_EQ(report.memoryPlan.fieldBytes, report.fieldBytes);
      if (scene.options.similarity.isAutomatic())
      {
        EXPECT_GT(plan.fieldBytes, report.fieldBytes) << "one pair by self-similarity would need more";
      }
      else
      {
        EXPECT_EQ(plan.fieldBytes, report.fieldBytes);
      }
    }
  }
}

TEST(FurtherPairs, OfWhichOneCannotBeRegisteredAreNamed)
{
  Scene      scene;
  const Pair pair = scene.wholePair();
  Pair       constant = pair;
  std::fill(constant.moving.begin(), constant.moving.end(), 7.0F);
  const auto runWith = [&](const Pair & second) { makeEngine()->run(scene.problemOf({ pair, second })); };
  EXPECT_EQ(messageOf([&] { runWith(constant); }).rfind("MovingImage2: every voxel", 0), 0u);
  Pair notFinite = pair;
  notFinite.fixed[100] = std::nanf("");
  EXPECT_EQ(messageOf([&] { runWith(notFinite); }).rfind("FixedImage2: 1 voxels are NaN", 0), 0u);

  const std::vector<Pair> pairs{ pair, pair };
  Problem                 missing = scene.problemOf(pairs);
  missing.furtherPairs[0].fixed = {};
  EXPECT_EQ(messageOf([&] { makeEngine()->run(missing); }).rfind("FixedImage2: the image data is missing", 0), 0u);

  scene.options.similarity = SimilarityList::read("ssd,lncc,mind").value();
  EXPECT_NE(messageOf([&] { runWith(pair); }).find("is for 3 pairs of images, and there are 2"), std::string::npos);
  scene.options.similarity = SimilarityList::read("ssd,lncc").value();
  EXPECT_NE(
    messageOf([&] { makeEngine()->run(scene.problemOf({ pair })); }).find("is for 2 pairs of images, and there is one"),
    std::string::npos);
}

TEST(FurtherPairs, AreAsManyInAllProcesses)
{
  Scene            scene;
  const Pair       pair = scene.wholePair();
  test::ThreadTeam team(2);
  const auto       run = [&] {
    team.run([&](const std::shared_ptr<Communicator> & communicator) {
      const int rank = communicator->rank();
      makeEngine(communicator)
        ->run(scene.problemOf(std::vector<Pair>(2 - rank, pair), slabOf(scene.grid.size[2], 2, rank)));
    });
  };
  EXPECT_NE(messageOf(run).find("number of further image pairs: differs"), std::string::npos);
}

} // namespace
