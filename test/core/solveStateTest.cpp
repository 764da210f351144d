// SPDX-License-Identifier: Apache-2.0
// A solve that is written before a Newton step and read by another solver goes on to the same bits.
#include "problems.h"
#include "threads.h"

#include "registration/Solver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace
{

using namespace gnr;

struct Stopped
{};

struct Pair
{
  Grid               grid = problems::cube(32);
  std::vector<float> fixed = problems::image(grid, problems::templateImage);
  std::vector<float> moving = problems::image(grid, [](double x, double y, double z) {
    return problems::templateImage(x + 0.4 * std::sin(x + 0.3), y + 0.3 * std::sin(z), z + 0.2 * std::cos(x + y));
  });
  Options            options = problems::ssdOptions();

  Pair()
  {
    options.device = problems::solveDevice();
    options.threads = 1;
    options.periodic = true;
    options.beta = 1e-2;
    options.gridScale = 0.0;
  }

  /** The images, on the first of several processes. */
  Problem
  problem(int rank = 0) const
  {
    Problem result{ grid, options };
    if (rank == 0)
    {
      result.fixed = { fixed.data(), wholeOf(grid) };
      result.moving = { moving.data(), wholeOf(grid) };
    }
    return result;
  }
};

/** A saved solve in memory. */
ByteSink
into(std::string & bytes)
{
  return [&bytes](const void * data, std::size_t count) { bytes.append(static_cast<const char *>(data), count); };
}

ByteSource
from(const std::string & bytes)
{
  return [&bytes, at = std::size_t(0)](void * data, std::size_t count) mutable {
    if (count > bytes.size() - at)
    {
      throw Error(ErrorKind::BadInput, "cut short");
    }
    bytes.copy(static_cast<char *>(data), count, at);
    at += count;
  };
}

std::vector<float>
velocityOf(const Solver & solver, const Pair & pair, int rank = 0)
{
  std::vector<float> v(3 * pair.grid.points());
  solver.fields().read(Field::Velocity, rank == 0 ? OutputBlock{ v.data(), wholeOf(pair.grid) } : OutputBlock{});
  return v;
}

/** What a solve has come to, and how often its state could be written. */
struct Undisturbed
{
  std::vector<float> velocity;
  Report             report;
  int                states = 0;
};

Undisturbed
solveAtOnce(const Pair & pair)
{
  Undisturbed result;
  Solver      solver(pair.problem(), makeSelfCommunicator());
  solver.setOnStep([&](SolveState &) { ++result.states; });
  solver.run(nullptr);
  result.velocity = velocityOf(solver, pair);
  result.report = solver.report();
  return result;
}

/** The state before the step of that number, as it is written. */
std::string
stateBefore(int step, const Pair & pair)
{
  std::string bytes;
  int         steps = 0;
  const auto  alone = makeSelfCommunicator();
  Solver      solver(pair.problem(), alone);
  solver.setOnStep([&](SolveState & state) {
    if (++steps == step)
    {
      state.write(into(bytes), solver.kernels(), *alone);
      throw Stopped();
    }
  });
  EXPECT_THROW(solver.run(nullptr), Stopped);
  return bytes;
}

void
expectSameFromEveryStep(const Pair & pair)
{
  const Undisturbed whole = solveAtOnce(pair);
  ASSERT_GT(whole.states, 3);
  for (int step = 1; step <= whole.states; ++step)
  {
    SCOPED_TRACE("written before step " + std::to_string(step) + " of " + std::to_string(whole.states));
    const std::string saved = stateBefore(step, pair);
    Solver            solver(pair.problem(), makeSelfCommunicator());
    int               left = 0;
    solver.setOnStep([&](SolveState &) { ++left; });
    solver.resumeFrom(from(saved));
    solver.run(nullptr);
    EXPECT_EQ(velocityOf(solver, pair), whole.velocity);
    EXPECT_EQ(left, whole.states - step + 1) << "steps were taken again, or left out";
    const Report & report = solver.report();
    EXPECT_EQ(report.newtonSteps, whole.report.newtonSteps);
    EXPECT_EQ(report.hessianProducts, whole.report.hessianProducts);
    EXPECT_EQ(report.beta, whole.report.beta);
    EXPECT_EQ(report.mismatch, whole.report.mismatch);
    ASSERT_EQ(report.levels.size(), whole.report.levels.size());
    for (std::size_t level = 0; level < report.levels.size(); ++level)
    {
      EXPECT_EQ(report.levels[level].iterations.size(), whole.report.levels[level].iterations.size());
      EXPECT_EQ(report.levels[level].reason, whole.report.levels[level].reason);
    }
  }
}

TEST(SolveState, GoesOnWithAPyramid)
{
  expectSameFromEveryStep(Pair());
}

TEST(SolveState, GoesOnWithAnotherMeasure)
{
  Pair pair;
  pair.options.similarity = SimilarityMeasure::LocalCorrelation;
  pair.options.maximumIterations = 3;
  expectSameFromEveryStep(pair);
}

TEST(SolveState, GoesOnWithAChoiceOfTheWeight)
{
  Pair pair;
  std::transform(pair.moving.begin(), pair.moving.end(), pair.moving.begin(), [](float f) { return 4 * f * (1 - f); });
  pair.options.similarity = SimilarityMeasure::Automatic;
  pair.options.intensityNormalization = IntensityNormalization::Percentiles;
  pair.options.levels = 2;
  pair.options.maximumIterations = 2;
  const SimilaritySum chosen = solveAtOnce(pair).report.similarity.of(0);
  ASSERT_TRUE(chosen.has(SimilarityMeasure::SelfSimilarity)) << "the test tells nothing";
  expectSameFromEveryStep(pair);
}

TEST(SolveState, GoesOnWithASearchForBeta)
{
  Pair pair;
  pair.options.betaStrategy = BetaStrategy::Search;
  pair.options.levels = 2;
  pair.options.maximumIterations = 2;
  expectSameFromEveryStep(pair);
}

TEST(SolveState, GoesOnWithAVelocityOnHalfTheGrid)
{
  Pair pair;
  pair.options.velocityGrid = VelocityGrid::Half;
  expectSameFromEveryStep(pair);
}

void
expectSameInSeveralProcesses(const Pair & pair, int step)
{
  test::ThreadTeam team(3);
  team.run([&](const std::shared_ptr<Communicator> & communicator) {
    const int   rank = communicator->rank();
    std::string saved; // of the first
    int         steps = 0;
    Solver      first(pair.problem(rank), communicator);
    first.setOnStep([&](SolveState & state) {
      if (++steps == step)
      {
        state.write(into(saved), first.kernels(), *communicator);
      }
    });
    first.run(nullptr);
    ASSERT_GT(steps, step);
    Solver second(pair.problem(rank), communicator);
    second.resumeFrom(from(saved));
    second.run(nullptr);
    EXPECT_EQ(velocityOf(second, pair, rank), velocityOf(first, pair, rank));
  });
}

TEST(SolveState, GoesOnInSeveralProcesses)
{
  Pair pair;
  expectSameInSeveralProcesses(pair, 3);
  pair.options.velocityGrid = VelocityGrid::Half;
  expectSameInSeveralProcesses(pair, solveAtOnce(pair).states - 1);
}

TEST(SolveState, ThatIsCutShortOrOfAnotherBuildIsRefused)
{
  const Pair        pair;
  const std::string whole = stateBefore(2, pair);
  const auto        expectRefusal = [&](const std::string & bytes, const char * why) {
    Solver solver(pair.problem(), makeSelfCommunicator());
    solver.resumeFrom(from(bytes));
    try
    {
      solver.run(nullptr);
      ADD_FAILURE() << "it was taken: " << why;
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::BadInput) << error.what();
    }
  };
  expectRefusal("", "nothing");
  expectRefusal(whole.substr(0, 100), "a part of the header");
  expectRefusal(whole.substr(0, whole.size() - 1), "all but one byte");
  std::string other = whole;
  other[20] = static_cast<char>(other[20] ^ 1); // within the version
  expectRefusal(other, "another build");
}

} // namespace
