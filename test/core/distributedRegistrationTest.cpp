// SPDX-License-Identifier: Apache-2.0
// Whole registrations by several processes against one.
#include "problems.h"
#include "threads.h"

#include "parallel/Slab.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

using namespace gnr;

namespace
{

/** Blobs that differ between the images, on a slope that reaches the border, so that the box is padded. */
std::vector<float>
phantom(const Grid & grid, double shift, double slope)
{
  std::vector<float> values;
  for (int k = 0; k < grid.size[2]; ++k)
  {
    for (int j = 0; j < grid.size[1]; ++j)
    {
      for (int i = 0; i < grid.size[0]; ++i)
      {
        const double x = (i + 0.5) / grid.size[0] - 0.5, y = (j + 0.5) / grid.size[1] - 0.5,
                     z = (k + 0.5) / grid.size[2] - 0.5;
        const auto bump = [](double a, double b, double c, double width) {
          return std::exp(-(a * a + b * b + c * c) / (width * width));
        };
        values.push_back(static_cast<float>(bump(x - shift, y, z + 0.5 * shift, 0.25) +
                                            0.7 * bump(x + 0.15, y - shift, z - 0.1, 0.1) + slope * z));
      }
    }
  }
  return values;
}

struct Case
{
  Grid               grid;
  Options            options = problems::ssdOptions();
  std::vector<float> fixed;
  std::vector<float> moving;
  std::vector<float> fixedWeight;
  std::vector<float> movingWeight;
  std::vector<float> incompressibility;
  std::vector<float> velocity;

  std::vector<LandmarkPair> landmarks{}; ///< that the first process has
};

Case
problemOn(const Grid & grid, double slope)
{
  Case problem;
  problem.grid = grid;
  problem.fixed = phantom(grid, 0.0, slope);
  problem.moving = phantom(grid, 0.04, slope);
  problem.options.device = Device::Cpu;
  problem.options.threads = 1;
  problem.options.periodic = slope == 0.0;
  return problem;
}

/** Anisotropic voxels, odd and prime sizes, padding along every axis. */
Case
paddedProblem()
{
  return problemOn({ { 26, 31, 37 }, { { 1.0, 1.2, 0.8 } } }, 0.3);
}

struct Outcome
{
  std::vector<float> displacement;
  std::vector<float> inverse;
  std::vector<float> velocity;
  std::vector<float> determinant;
  Report             report;
};

/** Planes that a rank gives, and that it wants; the part of all where they are. */
using Share = std::function<Slab(int rank, int ranks, int planes)>;

Slab
rootHasAll(int rank, int, int planes)
{
  return { 0, rank == 0 ? planes : 0 };
}

Slab
evenly(int rank, int ranks, int planes)
{
  return slabOf(planes, ranks, rank);
}

/** The last rank has most, and all have something of their neighbour. */
Slab
unevenly(int rank, int ranks, int planes)
{
  return { rank, rank + 1 == ranks ? planes : rank + 2 };
}

Outcome
solve(const Case & problem, int ranks, const Share & given = rootHasAll, const Share & wanted = rootHasAll)
{
  const Grid &      grid = problem.grid;
  const std::size_t plane = static_cast<std::size_t>(grid.size[0]) * grid.size[1];
  Outcome           outcome;
  outcome.displacement.resize(3 * grid.points());
  outcome.inverse = outcome.velocity = outcome.displacement;
  outcome.determinant.resize(grid.points());
  test::ThreadTeam team(ranks);
  team.run([&](const std::shared_ptr<Communicator> & communicator) {
    const Slab in = given(communicator->rank(), ranks, grid.size[2]);
    const Slab out = wanted(communicator->rank(), ranks, grid.size[2]);
    Problem    inputs{ grid, problem.options };
    const auto scalar = [&](const std::vector<float> & image) {
      // Of what it does not have a rank knows nothing.
      return image.empty() || in.size() == 0
               ? InputBlock{}
               : InputBlock{ image.data() + plane * in.begin, planesOf(grid, in.begin, in.end) };
    };
    if (communicator->rank() == 0)
    {
      inputs.landmarks = problem.landmarks;
    }
    inputs.fixed = scalar(problem.fixed);
    inputs.moving = scalar(problem.moving);
    inputs.fixedWeight = scalar(problem.fixedWeight);
    inputs.movingWeight = scalar(problem.movingWeight);
    inputs.incompressibility = scalar(problem.incompressibility);
    if (!problem.velocity.empty() && in.size() > 0)
    {
      inputs.initialVelocity = { problem.velocity.data() + 3 * plane * in.begin, planesOf(grid, in.begin, in.end) };
    }
    const auto   solution = makeEngine(communicator)->run(inputs);
    const Report report = solution->report();
    const auto   read = [&](Field field, std::vector<float> & values) {
      const OutputBlock wanted{ values.data() + componentsOf(field) * plane * out.begin,
                                planesOf(grid, out.begin, out.end) };
      solution->read(field, out.size() == 0 ? OutputBlock{} : wanted);
    };
    read(Field::Displacement, outcome.displacement);
    read(Field::InverseDisplacement, outcome.inverse);
    read(Field::Velocity, outcome.velocity);
    read(Field::Determinant, outcome.determinant);
    if (communicator->rank() == 0)
    {
      outcome.report = report;
    }
  });
  return outcome;
}

double
largestDifference(const std::vector<float> & a, const std::vector<float> & b)
{
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return largest;
}

double
largestValue(const std::vector<float> & a)
{
  return largestDifference(a, std::vector<float>(a.size(), 0.0F));
}

/** The same but for rounding: sums over processes are taken in another order. */
void
expectSame(const Outcome & one, const Outcome & many, const Case & problem, double voxels = 1e-3)
{
  const double voxel = 0.8;
  ASSERT_GT(largestValue(one.displacement), voxel) << "nothing has moved";
  EXPECT_LT(largestDifference(one.displacement, many.displacement), voxels * voxel);
  EXPECT_LT(largestDifference(one.inverse, many.inverse), voxels * voxel);
  EXPECT_LT(largestDifference(one.velocity, many.velocity), voxels * voxel);
  EXPECT_LT(largestDifference(one.determinant, many.determinant), 4 * voxels);
  EXPECT_EQ(one.report.newtonSteps, many.report.newtonSteps);
  EXPECT_EQ(one.report.hessianProducts, many.report.hessianProducts);
  EXPECT_EQ(one.report.solverGrid, many.report.solverGrid);
  EXPECT_EQ(one.report.levels.size(), many.report.levels.size());
  EXPECT_NEAR(one.report.mismatch, many.report.mismatch, 1e-5);
  EXPECT_NEAR(one.report.determinantMinimum, many.report.determinantMinimum, 1e-3);
  EXPECT_NEAR(one.report.determinantMean, many.report.determinantMean, 1e-5);
  EXPECT_NEAR(one.report.maximumDisplacement, many.report.maximumDisplacement, voxels * voxel);
  EXPECT_EQ(one.report.solverGrid == problem.grid, problem.options.periodic);
}

class DistributedRegistration : public testing::TestWithParam<int>
{};

} // namespace

TEST_P(DistributedRegistration, PaddedImagesAgreeWithOneProcess)
{
  const Case problem = paddedProblem();
  expectSame(solve(problem, 1), solve(problem, GetParam()), problem);
}

TEST_P(DistributedRegistration, EveryMeasureAgreesWithOneProcess)
{
  Case problem = paddedProblem();
  for (const auto similarity :
       { SimilarityMeasure::GlobalCorrelation, SimilarityMeasure::LocalCorrelation, SimilarityMeasure::SelfSimilarity })
  {
    SCOPED_TRACE(nameOf(similarity));
    problem.options.similarity = similarity;
    expectSame(solve(problem, 1), solve(problem, GetParam()), problem);
  }
}

TEST_P(DistributedRegistration, TheSymmetricFormAgreesWithOneProcess)
{
  for (const char * similarity : { "ssd", "lncc", "mind" })
  {
    Case problem = problemOn({ { { 30, 28, 33 } }, { { 1.0, 1.1, 1.3 } } }, 0.4);
    problem.options.similarity = *SimilarityList::read(similarity);
    problem.options.symmetric = true;
    expectSame(solve(problem, 1), solve(problem, GetParam()), problem);
  }
}

TEST_P(DistributedRegistration, DensitiesAgreeWithOneProcess)
{
  Case problem = paddedProblem();
  for (std::vector<float> * image : { &problem.fixed, &problem.moving })
  {
    std::for_each(image->begin(), image->end(), [](float & value) { value += 1.0F; }); // not negative
  }
  problem.options.density = Density::Given;
  problem.options.densityExponent = 0.55;
  expectSame(solve(problem, 1), solve(problem, GetParam()), problem);
}

TEST_P(DistributedRegistration, VolumesAreKeptAsByOneProcess)
{
  Case problem = paddedProblem();
  for (std::size_t i = 0; i < problem.grid.points(); ++i)
  {
    problem.incompressibility.push_back(i % 26 < 13 ? 2.0F : 0.1F); // of half of each row
  }
  for (const auto form : { IncompressibilityForm::Moving, IncompressibilityForm::Static })
  {
    SCOPED_TRACE(nameOf(form));
    problem.options.incompressibilityForm = form;
    expectSame(solve(problem, 1), solve(problem, GetParam()), problem);
  }
}

TEST_P(DistributedRegistration, LandmarksAgreeWithOneProcess)
{
  Case problem = paddedProblem(); // a point moves through several slabs of 37 planes of 0.8 mm
  problem.landmarks = { { { { 9.0, 11.0, 8.0 } }, { { 9.5, 12.0, 14.0 } } },
                        { { { 15.0, 20.0, 18.0 } }, { { 15.0, 21.0, 18.5 } } },
                        { { { 3.0, 30.0, 28.0 } }, { { 3.5, 29.0, 26.0 } } } };
  const Outcome one = solve(problem, 1), many = solve(problem, GetParam());
  expectSame(one, many, problem);
  ASSERT_TRUE(one.report.landmarks && many.report.landmarks);
  EXPECT_LT(one.report.landmarks->meanAfter, one.report.landmarks->meanBefore);
  EXPECT_EQ(one.report.landmarks->meanBefore, many.report.landmarks->meanBefore);
  EXPECT_NEAR(one.report.landmarks->meanAfter, many.report.landmarks->meanAfter, 1e-3);
}

TEST_P(DistributedRegistration, ThinSlabsAgreeWithOneProcess)
{
  // 4 planes a process, of which coarser grids leave one or none.
  const Case problem = problemOn({ { 24, 20, std::max(4 * GetParam(), 16) }, { { 0.8, 0.8, 0.8 } } }, 0.0);
  expectSame(solve(problem, 1), solve(problem, GetParam()), problem);
}

TEST_P(DistributedRegistration, WeightsAndAnInitialVelocityAgreeWithOneProcess)
{
  Case problem = paddedProblem();
  problem.fixedWeight.assign(problem.grid.points(), 1.0F);
  problem.movingWeight.assign(problem.grid.points(), 1.0F);
  const std::size_t plane = static_cast<std::size_t>(problem.grid.size[0]) * problem.grid.size[1];
  std::fill_n(problem.fixedWeight.begin(), 5 * plane, 0.0F);
  std::fill_n(problem.movingWeight.begin() + 20 * plane, 3 * plane, 0.5F);
  problem.velocity.assign(3 * problem.grid.points(), 0.1F);
  expectSame(solve(problem, 1), solve(problem, GetParam(), evenly), problem);
}

// A vortex about the x axis, across the slabs, that the grid cannot carry: see unfoldingTest.cpp.
TEST_P(DistributedRegistration, FoldsAreSmoothedAsByOneProcess)
{
  Case         problem = problemOn({ { 16, 40, 40 }, { { 0.8, 0.8, 0.8 } } }, 0.0);
  const Grid & grid = problem.grid;
  for (int k = 0; k < grid.size[2]; ++k)
  {
    for (int j = 0; j < grid.size[1]; ++j)
    {
      const double y = j - 19.5, z = k - 19.5, rate = 8.0 * std::exp(-0.5 * (y * y + z * z) / (2.5 * 2.5));
      for (int i = 0; i < grid.size[0]; ++i)
      {
        problem.velocity.insert(problem.velocity.end(),
                                { 0.0F, static_cast<float>(-0.8 * rate * z), static_cast<float>(0.8 * rate * y) });
      }
    }
  }
  problem.options.levels = 1;
  problem.options.timeLimit = 1e-6; // so that the start is the result
  const Outcome one = solve(problem, 1);
  ASSERT_FALSE(one.report.messages.empty());
  EXPECT_NE(one.report.messages.back().find("smoothed"), std::string::npos);
  EXPECT_EQ(one.report.foldedVoxels, 0U);
  const Outcome many = solve(problem, GetParam());
  expectSame(one, many, problem);
  ASSERT_FALSE(many.report.messages.empty());
  EXPECT_EQ(one.report.messages.back(), many.report.messages.back());
}

TEST_P(DistributedRegistration, WhoHasAndWantsWhichPlanesDoesNotMatterToTheBit)
{
  const Case    problem = paddedProblem();
  const Outcome gathered = solve(problem, GetParam());
  for (const Outcome & other : { solve(problem, GetParam(), evenly, evenly),
                                 solve(problem, GetParam(), unevenly, unevenly),
                                 solve(problem, GetParam(), rootHasAll, evenly) })
  {
    EXPECT_EQ(gathered.displacement, other.displacement);
    EXPECT_EQ(gathered.inverse, other.inverse);
    EXPECT_EQ(gathered.velocity, other.velocity);
    EXPECT_EQ(gathered.determinant, other.determinant);
  }
}

TEST_P(DistributedRegistration, TheSearchForBetaAgreesWithOneProcess)
{
  Case problem = problemOn({ { 24, 20, 32 }, { { 0.8, 0.8, 0.8 } } }, 0.3);
  problem.options.betaStrategy = BetaStrategy::Search;
  problem.options.determinantLower = 0.6;
  problem.options.determinantUpper = 1.7;
  problem.options.beta = 1e-4;
  const Outcome one = solve(problem, 1), many = solve(problem, GetParam());
  expectSame(one, many, problem);
  EXPECT_EQ(one.report.beta, many.report.beta);
}

TEST_P(DistributedRegistration, MemoryIsWhatWasPlannedAndShared)
{
  const Case       problem = problemOn({ { 26, 31, 61 }, { { 1.0, 1.2, 0.8 } } }, 0.3);
  test::ThreadTeam team(GetParam());
  team.run([&](const std::shared_ptr<Communicator> & communicator) {
    Problem inputs{ problem.grid, problem.options };
    if (communicator->rank() == 0)
    {
      inputs.fixed = { problem.fixed.data(), wholeOf(inputs.grid) };
      inputs.moving = { problem.moving.data(), wholeOf(inputs.grid) };
    }
    const auto       engine = makeEngine(communicator);
    const MemoryPlan plan = engine->plan(inputs);
    const Report     report = engine->run(inputs)->report();
    EXPECT_EQ(plan.processes, GetParam());
    EXPECT_EQ(report.overflowBytes, 0u);
    // Planned for the widest halos; how many planes travel depends on the velocity.
    ASSERT_EQ(report.phaseBytes.size() + 2, plan.phases.size());
    for (std::size_t phase = 0; phase < report.phaseBytes.size(); ++phase)
    {
      SCOPED_TRACE("rank " + std::to_string(communicator->rank()) + ", " + plan.phases[phase].first);
      EXPECT_EQ(report.phaseBytes[phase].first, plan.phases[phase].first);
      EXPECT_LE(report.phaseBytes[phase].second, plan.phases[phase].second);
    }
    EXPECT_GE(static_cast<double>(report.fieldBytes),
              (GetParam() == 1 ? 1.0 : 0.9) * static_cast<double>(plan.fieldBytes));
    EXPECT_GE(report.mostFieldBytes, report.fieldBytes);
  });
}

/** One process tells what each of several will need: the plan of the one among them that needs most. */
TEST_P(DistributedRegistration, MemoryIsPlannedForProcessesThatDoNotExist)
{
  for (const Preconditioner preconditioner : { Preconditioner::InvA, Preconditioner::TwoLevelInvH0 })
  {
    for (const double slope : { 0.0, 0.3 }) // 0.3: padded
    {
      for (const bool isWeighted : { false, true })
      {
        Case problem = problemOn({ { 26, 31, 61 }, { { 1.0, 1.2, 0.8 } } }, slope);
        problem.options.preconditioner = preconditioner;
        const std::vector<float> ones(problem.grid.points(), 1.0F);
        const auto               setInputs = [&](Problem & inputs) {
          inputs.fixed = { problem.fixed.data(), wholeOf(inputs.grid) };
          inputs.moving = { problem.moving.data(), wholeOf(inputs.grid) };
          if (isWeighted)
          {
            inputs.fixedWeight = { ones.data(), wholeOf(inputs.grid) };
            inputs.movingWeight = { ones.data(), wholeOf(inputs.grid) };
          }
        };
        Problem alone{ problem.grid, problem.options };
        setInputs(alone);
        const MemoryPlan foretold = planForProcesses(makeEngine()->plan(alone), problem.options, GetParam());
        test::ThreadTeam team(GetParam());
        team.run([&](const std::shared_ptr<Communicator> & communicator) {
          Problem inputs{ problem.grid, problem.options };
          if (communicator->rank() == 0)
          {
            setInputs(inputs);
          }
          const MemoryPlan plan = makeEngine(communicator)->plan(inputs);
          double           largest = static_cast<double>(plan.fieldBytes);
          communicator->maximum(&largest, 1);
          EXPECT_EQ(static_cast<double>(foretold.fieldBytes), largest);
          EXPECT_EQ(foretold.solverGrid, plan.solverGrid);
          EXPECT_EQ(foretold.processes, plan.processes);
          if (plan.fieldBytes == foretold.fieldBytes && GetParam() == 1)
          {
            EXPECT_EQ(foretold.phases, plan.phases);
          }
        });
      }
    }
  }
}

TEST(PlannedProcesses, CannotBeMoreThanPlanes)
{
  MemoryPlan plan;
  plan.imageGrid.size = plan.solverGrid.size = { { 16, 16, 16 } };
  plan.levels.push_back(plan.solverGrid);
  EXPECT_GT(planForProcesses(plan, Options{}, 16).fieldBytes, 0u);
  for (const int processes : { 0, 17 })
  {
    try
    {
      planForProcesses(plan, Options{}, processes);
      ADD_FAILURE() << processes << " processes";
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::BadInput);
      EXPECT_NE(std::string(error.what()).find("16 planes"), std::string::npos) << error.what();
    }
  }
}

TEST_P(DistributedRegistration, EveryProcessMustBeToldTheSame)
{
  const Case problem = paddedProblem();
  const int  last = GetParam() - 1;
  const auto construct = [&](const std::function<void(Grid &, Options &)> & change) {
    test::ThreadTeam team(GetParam());
    team.run([&](const std::shared_ptr<Communicator> & communicator) {
      Grid    grid = problem.grid;
      Options options = problem.options;
      if (communicator->rank() == last)
      {
        change(grid, options);
      }
      Problem inputs{ grid, options };
      makeEngine(communicator)->plan(inputs); // where those that have got so far learn of it
    });
  };
  const auto message = [&](const std::function<void(Grid &, Options &)> & change) -> std::string {
    try
    {
      construct(change);
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::BadInput);
      return error.what();
    }
    return "";
  };
  if (GetParam() == 1)
  {
    return; // there is nobody to differ from
  }
  EXPECT_NE(message([](Grid &, Options & o) { o.gamma = 3.0; }).find("gamma"), std::string::npos);
  EXPECT_NE(message([](Grid & g, Options &) { g.spacing[1] = 2.0; }).find("grid"), std::string::npos);
}

namespace
{

/** Fails, stops or aborts on one rank, in its third Newton step. */
class Interrupter : public Observer
{
public:
  Interrupter(Request request, bool fails)
    : request_(request)
    , fails_(fails)
  {}
  void
  onEvent(const Event & event) override
  {
    if (event.kind == Event::Kind::Iteration && ++steps_ == 3 && fails_)
    {
      throw std::runtime_error("the third step is one too many");
    }
  }
  Request
  poll() override
  {
    return steps_ >= 3 ? request_ : Request::Continue;
  }

private:
  Request request_;
  bool    fails_;
  int     steps_ = 0;
};

/** The last rank has an observer; every rank tells how it ended. */
std::vector<std::string>
interrupted(int ranks, Request request, bool fails)
{
  const Case               problem = paddedProblem();
  std::vector<std::string> ends(ranks);
  test::ThreadTeam         team(ranks);
  team.run([&](const std::shared_ptr<Communicator> & communicator) {
    Interrupter      observer(request, fails);
    Observer * const mine = communicator->rank() == ranks - 1 ? &observer : nullptr;
    Problem          inputs{ problem.grid, problem.options };
    if (communicator->rank() == 0)
    {
      inputs.fixed = { problem.fixed.data(), wholeOf(inputs.grid) };
      inputs.moving = { problem.moving.data(), wholeOf(inputs.grid) };
    }
    try
    {
      ends[communicator->rank()] = describe(makeEngine(communicator)->run(inputs, mine)->report().reason);
    }
    catch (const std::exception & error)
    {
      ends[communicator->rank()] = error.what();
    }
  });
  return ends;
}

} // namespace

TEST_P(DistributedRegistration, RequestsAndFailuresOfOneProcessReachAll)
{
  for (const std::string & end : interrupted(GetParam(), Request::Stop, false))
  {
    EXPECT_EQ(end, describe(StopReason::StoppedByObserver));
  }
  for (const std::string & end : interrupted(GetParam(), Request::Abort, false))
  {
    EXPECT_EQ(end, "the registration was aborted on request");
  }
  for (const std::string & end : interrupted(GetParam(), Request::Continue, true))
  {
    EXPECT_EQ(end, "the third step is one too many");
  }
}

TEST_P(DistributedRegistration, BadImagesAreRefusedByAll)
{
  const Case problem = paddedProblem();
  const auto refusal = [&](const Case & bad, const Share & given) -> std::string {
    try
    {
      solve(bad, GetParam(), given);
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::BadInput);
      return error.what();
    }
    return "";
  };
  Case nan = problem;
  nan.moving[problem.grid.points() - 5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(refusal(nan, evenly).find("MovingImage: 1 voxels are NaN"), std::string::npos);
  const auto withGap = [](int rank, int ranks, int planes) {
    Slab slab = evenly(rank, ranks, planes);
    slab.end -= rank + 1 == ranks ? 1 : 0;
    return slab;
  };
  EXPECT_NE(refusal(problem, withGap).find("FixedImage: the image data is missing"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Ranks, DistributedRegistration, testing::Values(1, 2, 3, 5, 8));
