// SPDX-License-Identifier: Apache-2.0
// What the solver says that it will need, against what it then takes.
#include "problems.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>

namespace
{

using gnr::Grid;
using gnr::Options;
using gnr::Problem;

/** Two Gaussian blobs of a size relative to the box, apart by shares of it. */
std::vector<float>
blob(const Grid & grid, double width, double offset)
{
  return problems::image(grid, [=](double x, double y, double z) {
    const double pi = problems::pi;
    const auto   squared = [=](double a, double b) { return (a - b) * (a - b) / (width * width); };
    return std::exp(-squared(x, pi + offset) - squared(y, pi) - squared(z, pi - 0.5 * offset)) +
           0.5 * std::exp(-4.0 * (squared(x, pi - 0.3) + squared(y, pi + 0.2) + squared(z, pi + offset)));
  });
}

Grid
box(int nx, int ny, int nz)
{
  Grid grid;
  grid.size = { { nx, ny, nz } };
  grid.spacing = { { 0.01, 2.0, 37.0 } }; // the plan must not depend on it
  return grid;
}

Options
fewSteps()
{
  Options options;
  options.similarity = gnr::SimilarityMeasure::SumOfSquares;
  options.device = problems::solveDevice();
  options.maximumIterations = 3;
  options.maximumKrylovIterations = 5;
  options.gradientTolerance = 1e-9; // every level takes steps: one that has nothing to do needs less memory
  options.objectiveTolerance = 0.0;
  options.threads = 1;
  options.gridScale = 0.0; // of no use on such voxels
  return options;
}

Options
halfGrid()
{
  Options options = fewSteps();
  options.velocityGrid = gnr::VelocityGrid::Half;
  return options;
}

struct Listener : gnr::Observer
{
  std::vector<std::string> messages;
  void
  onEvent(const gnr::Event & event) override
  {
    if (event.kind == gnr::Event::Kind::Message)
    {
      messages.push_back(event.message);
    }
  }
};

/** Plans, runs, asks for every result; what was used, phase by phase, must be what was planned. */
void
expectExactPlan(
  const char *                           what,
  const Grid &                           grid,
  const Options &                        options,
  double                                 width,
  const std::function<void(Problem &)> & prepare = [](Problem &) {})
{
  SCOPED_TRACE(what);
  const std::vector<float> fixed = blob(grid, width, 0.0), moving = blob(grid, width, 0.15);
  Problem                  problem{ grid, options };
  Listener                 listener;
  problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
  problem.moving = { moving.data(), gnr::wholeOf(problem.grid) };
  prepare(problem);

  const gnr::MemoryPlan plan = gnr::makeEngine()->plan(problem);
  const auto            solution = gnr::makeEngine()->run(problem, &listener);
  const gnr::Report     report = solution->report();
  EXPECT_EQ(report.memoryPlan.fieldBytes, plan.fieldBytes);
  EXPECT_EQ(report.solverGrid.size, plan.solverGrid.size);
  EXPECT_EQ(report.overflowBytes, 0u);

  // The results come last in the plan; after run() nobody counts them but the allocator.
  ASSERT_EQ(plan.phases.size(), report.phaseBytes.size() + 2);
  std::size_t largest = 0;
  for (std::size_t i = 0; i < plan.phases.size(); ++i)
  {
    largest = std::max(largest, plan.phases[i].second);
    if (i < report.phaseBytes.size())
    {
      EXPECT_EQ(plan.phases[i].first, report.phaseBytes[i].first);
      EXPECT_EQ(plan.phases[i].second, report.phaseBytes[i].second) << plan.phases[i].first;
    }
  }
  EXPECT_EQ(plan.fieldBytes, largest);
  EXPECT_LE(report.fieldBytes, plan.fieldBytes);

  std::vector<float> u(3 * grid.points());
  solution->read(gnr::Field::Displacement, { u.data(), gnr::wholeOf(problem.grid) });
  solution->read(gnr::Field::InverseDisplacement, { u.data(), gnr::wholeOf(problem.grid) });
  solution->read(gnr::Field::Velocity, { u.data(), gnr::wholeOf(problem.grid) });
  solution->read(gnr::Field::Determinant, { u.data(), gnr::wholeOf(problem.grid) });
  EXPECT_EQ(solution->report().overflowBytes, 0u);
  for (const std::string & message : listener.messages)
  {
    EXPECT_EQ(message.find("memory"), std::string::npos) << message;
  }
}

TEST(MemoryPlan, IsWhatTheSolveTakes)
{
  const Grid grid = box(40, 36, 32);
  expectExactPlan("pyramid", grid, fewSteps(), 0.6);
  Options options = fewSteps();
  options.levels = 1;
  expectExactPlan("one grid", grid, options, 0.6);
  options = fewSteps();
  options.timeSteps = 8;
  options.interpolation = gnr::Interpolation::Linear;
  expectExactPlan("eight time steps", grid, options, 0.6);
  options = fewSteps();
  options.smoothing = 1.0;
  expectExactPlan("smoothing", grid, options, 0.6);
  options = fewSteps();
  options.incompressible = true;
  expectExactPlan("incompressible", grid, options, 0.6);
  expectExactPlan("padding for the FFT only", box(33, 29, 31), fewSteps(), 0.6);
  expectExactPlan("images that reach the border", grid, fewSteps(), 3.0);
  options = fewSteps();
  options.device = gnr::Device::Reference;
  options.maximumKrylovIterations = 1;
  expectExactPlan("reference kernels", box(16, 18, 20), options, 0.6);
}

TEST(MemoryPlan, CountsEveryPreconditioner)
{
  for (const auto preconditioner :
       { gnr::Preconditioner::InvA, gnr::Preconditioner::InvH0, gnr::Preconditioner::TwoLevelInvH0 })
  {
    Options options = fewSteps();
    options.preconditioner = preconditioner;
    expectExactPlan(
      ("preconditioner " + std::to_string(static_cast<int>(preconditioner))).c_str(), box(40, 36, 32), options, 0.6);
  }
}

TEST(MemoryPlan, CountsEveryMeasure)
{
  for (const auto similarity : { gnr::SimilarityMeasure::GlobalCorrelation,
                                 gnr::SimilarityMeasure::LocalCorrelation,
                                 gnr::SimilarityMeasure::SelfSimilarity })
  {
    Options options = fewSteps();
    options.similarity = similarity;
    expectExactPlan(gnr::nameOf(similarity), box(40, 36, 32), options, 0.6);
  }
}

TEST(MemoryPlan, CountsBothSidesOfTheSymmetricForm)
{
  for (const auto similarity : { gnr::SimilarityMeasure::SumOfSquares,
                                 gnr::SimilarityMeasure::LocalCorrelation,
                                 gnr::SimilarityMeasure::SelfSimilarity })
  {
    for (Options options : { fewSteps(), halfGrid() })
    {
      options.similarity = similarity;
      options.symmetric = true;
      expectExactPlan(gnr::nameOf(similarity), box(40, 36, 32), options, 0.6);
    }
  }
  Options options = fewSteps();
  options.symmetric = true;
  expectExactPlan("images that reach the border", box(40, 36, 30), options, 3.0);
}

TEST(MemoryPlan, CountsTheSearchForAStart)
{
  Options options = fewSteps();
  options.start = gnr::Start::Search;
  expectExactPlan("on the second of three grids", box(72, 66, 64), options, 0.6);
  options.levels = 1;
  expectExactPlan("on the only grid", box(40, 36, 32), options, 0.6);
}

TEST(MemoryPlan, CountsDensities)
{
  for (const double exponent : { 0.5, 1.0 })
  {
    for (Options options : { fewSteps(), halfGrid() })
    {
      options.density = gnr::Density::Given;
      options.densityExponent = exponent;
      expectExactPlan("density", box(40, 36, 32), options, 0.6);
      options.preconditioner = gnr::Preconditioner::InvH0;
      expectExactPlan("density, invh0", box(40, 36, 32), options, 0.6);
    }
  }
}

TEST(MemoryPlan, CountsEveryStrategyForBeta)
{
  for (const auto strategy : { gnr::BetaStrategy::Continuation, gnr::BetaStrategy::Search })
  {
    Options options = fewSteps();
    options.betaStrategy = strategy;
    expectExactPlan(("strategy " + std::to_string(static_cast<int>(strategy))).c_str(), box(40, 36, 32), options, 0.6);
  }
}

TEST(MemoryPlan, CountsWeightsAndTheInitialVelocity)
{
  const Grid               grid = box(40, 36, 30);
  const std::vector<float> ones(grid.points(), 1.0F);
  const auto               fixedWeight = [&](Problem & r) { r.fixedWeight = { ones.data(), gnr::wholeOf(r.grid) }; };
  const auto               movingWeight = [&](Problem & r) { r.movingWeight = { ones.data(), gnr::wholeOf(r.grid) }; };
  expectExactPlan("fixed weight", grid, fewSteps(), 0.6, fixedWeight);
  expectExactPlan("moving weight", grid, fewSteps(), 0.6, movingWeight);
  expectExactPlan("both weights, images that reach the border", grid, fewSteps(), 3.0, [&](Problem & r) {
    fixedWeight(r);
    movingWeight(r);
  });
  std::vector<float> velocity(3 * grid.points(), 1e-3F);
  expectExactPlan("initial velocity", grid, fewSteps(), 0.6, [&](Problem & r) {
    r.initialVelocity = { velocity.data(), gnr::wholeOf(r.grid) };
  });
}

TEST(MemoryPlan, CountsLandmarks)
{
  const Grid grid = box(40, 36, 32);
  const auto landmarks = [&](Problem & r) {
    for (const double share : { 0.3, 0.5, 0.6 })
    {
      const std::array<double, 3> at{ { share * grid.length(0), 0.4 * grid.length(1), share * grid.length(2) } };
      r.landmarks.push_back({ at, { { at[0] + grid.spacing[0], at[1], at[2] - 0.5 * grid.spacing[2] } } });
    }
  };
  for (Options options : { fewSteps(), halfGrid() })
  {
    expectExactPlan("landmarks", grid, options, 0.6, landmarks);
    options.levels = 1;
    expectExactPlan("landmarks on one grid", grid, options, 0.6, landmarks);
    options.preconditioner = gnr::Preconditioner::InvA;
    expectExactPlan("landmarks, inva", grid, options, 0.6, landmarks);
  }
}

TEST(MemoryPlan, CountsTheResistanceOfVolumes)
{
  const Grid               grid = box(40, 36, 32);
  const std::vector<float> weights(grid.points(), 2.0F);
  const auto               image = [&](Problem & r) { r.incompressibility = { weights.data(), gnr::wholeOf(r.grid) }; };
  for (const auto form : { gnr::IncompressibilityForm::Moving, gnr::IncompressibilityForm::Static })
  {
    for (Options options : { fewSteps(), halfGrid() })
    {
      options.incompressibilityForm = form;
      expectExactPlan("weights of volumes", grid, options, 0.6, image);
      expectExactPlan("and padding", grid, options, 3.0, image);
      options.preconditioner = gnr::Preconditioner::InvH0;
      expectExactPlan("and invh0", grid, options, 0.6, image);
      options.preconditioner = gnr::Preconditioner::InvA;
      options.levels = 1;
      expectExactPlan("and inva on one grid", grid, options, 0.6, image);
    }
    Options options = fewSteps();
    options.incompressibilityForm = form;
    options.incompressibility = gnr::Incompressibility::Ct;
    std::vector<float> ct[2];
    expectExactPlan("weights of CT numbers", grid, options, 0.6, [&](Problem & r) {
      for (int i = 0; i < 2; ++i)
      {
        ct[i] = blob(grid, 0.6, 0.15 * i);
        std::for_each(ct[i].begin(), ct[i].end(), [](float & value) { value = 1300.0F * value - 1000.0F; });
      }
      r.fixed.data = ct[0].data();
      r.moving.data = ct[1].data();
    });
  }
}

// What is left open is planned as what needs most, and again when it is known.
TEST(MemoryPlan, CountsTheExponentThatIsChosen)
{
  const Grid               grid = box(40, 36, 32);
  const std::vector<float> fixed = blob(grid, 0.6, 0.0), moving = blob(grid, 0.7, 0.0);
  std::vector<float>       insides[2];
  for (int i = 0; i < 2; ++i)
  {
    for (const float value : i == 0 ? fixed : moving)
    {
      insides[i].push_back(value > 0.4F ? 1.0F : 0.0F);
    }
  }
  Options options = fewSteps();
  options.density = gnr::Density::Given;
  options.densityExponent.reset();
  Problem problem{ grid, options, { fixed.data(), wholeOf(grid) }, { moving.data(), wholeOf(grid) } };
  problem.fixedWeight = { insides[0].data(), wholeOf(grid) };
  problem.movingWeight = { insides[1].data(), wholeOf(grid) };
  const gnr::MemoryPlan first = gnr::makeEngine()->plan(problem);
  const gnr::Report     report = gnr::makeEngine()->run(problem)->report();
  EXPECT_EQ(report.overflowBytes, 0u);
  EXPECT_LE(report.memoryPlan.fieldBytes, first.fieldBytes);
  ASSERT_EQ(report.memoryPlan.phases.size(), report.phaseBytes.size() + 2);
  for (std::size_t i = 0; i < report.phaseBytes.size(); ++i)
  {
    EXPECT_EQ(report.memoryPlan.phases[i].second, report.phaseBytes[i].second) << report.phaseBytes[i].first;
  }
}

TEST(MemoryPlan, CountsAVelocityOnHalfTheGrid)
{
  Grid grid = box(40, 36, 32);
  expectExactPlan("one axis is halved", grid, halfGrid(), 0.6);
  grid.spacing = { { 1.0, 1.0, 1.0 } };
  for (const auto preconditioner :
       { gnr::Preconditioner::InvA, gnr::Preconditioner::InvH0, gnr::Preconditioner::TwoLevelInvH0 })
  {
    Options options = halfGrid();
    options.preconditioner = preconditioner;
    expectExactPlan(gnr::nameOf(preconditioner), grid, options, 0.6);
  }
  for (const char * similarity : { "lncc", "mind", "ssd+lncc" })
  {
    Options options = halfGrid();
    options.similarity = *gnr::SimilaritySum::read(similarity);
    expectExactPlan(similarity, grid, options, 0.6);
  }
  Options options = halfGrid();
  options.betaStrategy = gnr::BetaStrategy::Search;
  expectExactPlan("search for beta", grid, options, 0.6);
  options = halfGrid();
  options.levels = 1;
  options.incompressible = true;
  expectExactPlan("one grid of images, incompressible", grid, options, 0.6);
  const std::vector<float> velocity(3 * grid.points(), 1e-3F);
  expectExactPlan("initial velocity", grid, halfGrid(), 0.6, [&](Problem & r) {
    r.initialVelocity = { velocity.data(), gnr::wholeOf(r.grid) };
  });
}

TEST(MemoryPlan, ASecondRunTakesNoMore)
{
  const Grid               grid = box(32, 32, 32);
  const std::vector<float> fixed = blob(grid, 0.6, 0.0), moving = blob(grid, 0.6, 0.15);
  Problem                  problem{ grid, fewSteps() };
  problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
  problem.moving = { moving.data(), gnr::wholeOf(problem.grid) };
  const auto        engine = gnr::makeEngine();
  const gnr::Report first = engine->run(problem)->report(), second = engine->run(problem)->report();
  EXPECT_EQ(second.memoryPlan.fieldBytes, first.memoryPlan.fieldBytes);
  EXPECT_EQ(second.fieldBytes, first.fieldBytes);
  EXPECT_EQ(second.overflowBytes, 0u);
  EXPECT_EQ(second.mismatch, first.mismatch);
}

/** Each time step keeps one image: with a voxel of 1/100 of the box, a shift by 20 of them takes more than 4 steps. */
TEST(MemoryPlan, GrowthByTimeStepsIsTold)
{
  Grid grid;
  grid.size = { { 100, 24, 24 } };
  const auto image = [&](double offset) {
    return problems::image(grid, [=](double x, double, double) { return std::exp(-std::pow(x - 2.5 - offset, 2)); });
  };
  const std::vector<float> fixed = image(0.0), moving = image(20 * 2.0 * problems::pi / 100);
  Options                  options;
  options.similarity = gnr::SimilarityMeasure::SumOfSquares;
  options.device = problems::solveDevice();
  options.threads = 1;
  options.beta = 1e-4;
  options.maximumIterations = 20;
  options.timeSteps = 2;
  options.levels = 1;
  Problem  problem{ grid, options };
  Listener listener;
  problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
  problem.moving = { moving.data(), gnr::wholeOf(problem.grid) };
  const gnr::MemoryPlan plan = gnr::makeEngine()->plan(problem);
  const gnr::Report     report = gnr::makeEngine()->run(problem, &listener)->report();
  int                   steps = 0;
  for (const gnr::IterationRecord & step : report.levels.back().iterations)
  {
    steps = std::max(steps, step.timeSteps);
  }
  ASSERT_GT(steps, 2) << "the shift was to be too large for two time steps";
  EXPECT_EQ(report.memoryPlan.fieldBytes, plan.fieldBytes);
  const std::size_t n =
    static_cast<std::size_t>(plan.solverGrid.size[0]) * plan.solverGrid.size[1] * plan.solverGrid.size[2];
  // The further levels of the state, and at most as much again that they drove out of the reserved block.
  const std::size_t levels = (steps - 2) * n * sizeof(float);
  EXPECT_GE(report.overflowBytes, levels);
  EXPECT_LE(report.overflowBytes, 2 * levels);
  const auto told = std::count_if(listener.messages.begin(), listener.messages.end(), [](const std::string & message) {
    return message.find("more time steps") != std::string::npos;
  });
  EXPECT_EQ(told, 1);
}

/** A plan takes no memory, whatever it plans; a run that cannot be is refused after a warning with both numbers. */
TEST(MemoryPlan, WhatTheMachineCannotGiveIsToldBefore)
{
  Options options = fewSteps();
  options.periodic = true; // the images are not looked at for padding
  const float nothing = 0.0F;
  Grid        grid = box(16384, 16384, 16384); // more than 47 bits of addresses
  Problem     problem{ grid, options };
  Listener    listener;
  problem.fixed = { &nothing, gnr::wholeOf(problem.grid) };
  problem.moving = { &nothing, gnr::wholeOf(problem.grid) };
  const gnr::MemoryPlan plan = gnr::makeEngine()->plan(problem);
  const double          perVoxel = static_cast<double>(plan.fieldBytes) / static_cast<double>(grid.points());
  EXPECT_GT(perVoxel, 60.0); // five vectors at the least
  EXPECT_LT(perVoxel, 200.0);
#if !defined(__SANITIZE_ADDRESS__) // ends the program where the allocator would return null
  try
  {
    gnr::makeEngine()->run(problem, &listener);
    FAIL() << "so much memory cannot exist";
  }
  catch (const gnr::Error & error)
  {
    EXPECT_EQ(error.kind(), gnr::ErrorKind::OutOfResources);
  }
#  ifdef __linux__
  ASSERT_EQ(listener.messages.size(), 1u);
  EXPECT_NE(listener.messages[0].find(std::to_string((plan.fieldBytes >> 20) + 1) + " MB"), std::string::npos)
    << listener.messages[0];
  EXPECT_NE(listener.messages[0].find("are free"), std::string::npos) << listener.messages[0];
#  endif
#endif
}

TEST(MemoryPlan, NeedsTheImages)
{
  Problem problem{ box(16, 16, 16), fewSteps() };
  try
  {
    gnr::makeEngine()->plan(problem);
    FAIL() << "the padding cannot be known";
  }
  catch (const gnr::Error & error)
  {
    EXPECT_EQ(error.kind(), gnr::ErrorKind::BadInput);
    EXPECT_NE(std::string(error.what()).find("FixedImage"), std::string::npos) << error.what();
  }
}

/** The caller may let go of what it has passed as soon as it is told so. */
TEST(MemoryPlan, InputsAreNotReadAfterTheyHaveBeenCopied)
{
  const Grid               grid = box(32, 32, 32);
  const std::vector<float> fixed = blob(grid, 0.6, 0.0), moving = blob(grid, 0.6, 0.15);
  const auto               run = [&](bool destroy) {
    struct Destroyer : gnr::Observer
    {
      std::vector<float> fixed, moving, weight, velocity;
      bool               destroys = false;
      int                calls = 0;
      void
      onEvent(const gnr::Event & event) override
      {
        const bool isRead = event.kind == gnr::Event::Kind::InputsRead;
        calls += isRead ? 1 : 0;
        if (isRead && destroys)
        {
          for (auto * values : { &fixed, &moving, &weight, &velocity })
          {
            std::fill(values->begin(), values->end(), 1e30F);
          }
        }
      }
    } inputs;
    inputs.fixed = fixed;
    inputs.moving = moving;
    inputs.weight.assign(grid.points(), 0.5F);
    inputs.velocity.assign(3 * grid.points(), 0.0F);
    inputs.destroys = destroy;
    Problem problem{ grid, fewSteps() };
    problem.fixed = { inputs.fixed.data(), gnr::wholeOf(problem.grid) };
    problem.moving = { inputs.moving.data(), gnr::wholeOf(problem.grid) };
    problem.fixedWeight = { inputs.weight.data(), gnr::wholeOf(problem.grid) };
    problem.movingWeight = { inputs.weight.data(), gnr::wholeOf(problem.grid) };
    problem.initialVelocity = { inputs.velocity.data(), gnr::wholeOf(problem.grid) };
    const auto solution = gnr::makeEngine()->run(problem, &inputs);
    EXPECT_EQ(inputs.calls, 1);
    std::vector<float> u(3 * grid.points());
    solution->read(gnr::Field::Displacement, { u.data(), gnr::wholeOf(problem.grid) });
    return u;
  };
  EXPECT_EQ(run(true), run(false));
}

} // namespace
