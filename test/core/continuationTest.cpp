// SPDX-License-Identifier: Apache-2.0
// How beta is reached: continuation, search, and what is left when a solve is interrupted or stalls.
#include "problems.h"
#include "registration/BetaSearch.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace
{

using gnr::BetaSearch;
using gnr::BetaStrategy;
using gnr::Grid;
using gnr::Options;
using gnr::Problem;
using gnr::Report;
using gnr::StopReason;
using problems::image;

struct Trace
{
  std::vector<double> tried;
  BetaSearch          search;
};

/** Runs a search where exactly the weights from `threshold` on are admissible. */
Trace
searchFor(double threshold, BetaSearch search, const std::function<double(double)> & margin)
{
  Trace trace{ {}, search };
  while (const auto beta = trace.search.next())
  {
    trace.tried.push_back(*beta);
    trace.search.record(margin(*beta / threshold));
    if (trace.tried.size() > 100)
    {
      ADD_FAILURE() << "the search does not end";
      break;
    }
  }
  return trace;
}

/** Margins of a weight relative to the threshold: as measured, twice as steep, flat on one side, and just the sign. */
const std::function<double(double)> margins[] = { [](double r) { return std::log(r) / 3.0; },
                                                  [](double r) { return std::log(r) / 1.5; },
                                                  [](double r) { return r < 1.0 ? -1e3 : 1e-3 * std::log(r); },
                                                  [](double r) { return r < 1.0 ? -1e-3 : 1.0; },
                                                  [](double r) { return r < 1.0 ? -1.0 : 1.0; } };

TEST(BetaSearch, bracketsTheSmallestAdmissibleWeight)
{
  const double floor = 1e-5;
  for (const double bracket : { BetaSearch::fineBracket, BetaSearch::coarseBracket })
  {
    for (const double threshold : { 0.09, 1e-2, 3.3e-3, 1.7e-4, 2.1e-5 })
    {
      for (const BetaSearch & start : { BetaSearch::byDecades(floor, bracket),
                                        BetaSearch::about(threshold * 0.3, floor, bracket),
                                        BetaSearch::about(threshold, floor, bracket),
                                        BetaSearch::about(threshold * 1.04, floor, bracket),
                                        BetaSearch::about(threshold * 7.0, floor, bracket) })
      {
        for (const auto & margin : margins)
        {
          const Trace trace = searchFor(threshold, start, margin);
          ASSERT_TRUE(trace.search.admissible());
          EXPECT_GE(*trace.search.admissible(), threshold);
          ASSERT_TRUE(trace.search.violating());
          EXPECT_LT(*trace.search.violating(), threshold);
          EXPECT_LE(*trace.search.admissible(), bracket * *trace.search.violating() * (1.0 + 1e-6));
          EXPECT_GE(*std::min_element(trace.tried.begin(), trace.tried.end()), floor);
          EXPECT_LE(*std::max_element(trace.tried.begin(), trace.tried.end()), BetaSearch::largest);
          if (&margin == &margins[4] && bracket == BetaSearch::fineBracket)
          {
            // Outwards by decades; three interpolations of equal margins and log2(log 10 / log 1.1) < 5 halvings.
            EXPECT_LE(trace.tried.size(), 4u + 3u + 5u);
          }
        }
      }
    }
  }
}

TEST(BetaSearch, aGoodGuessIsCheap)
{
  // Admissible, and the next below is not; or the other way round.
  for (const double guess : { 1.05e-3, 0.95e-3 })
  {
    const BetaSearch start = BetaSearch::about(guess, 1e-5, BetaSearch::fineBracket);
    EXPECT_EQ(searchFor(1e-3, start, margins[0]).tried.size(), 2u) << guess;
  }
  // Where margins are straight in log beta, the zero is hit by interpolation: once above it, once below it.
  const BetaSearch start = BetaSearch::about(4e-3, 1e-5, BetaSearch::fineBracket);
  EXPECT_EQ(searchFor(1e-3, start, [](double r) { return std::log(r) / 2.2; }).tried.size(), 4u);
}

TEST(BetaSearch, endsAtTheFloor)
{
  const auto  always = [](double) { return 1.0; };
  const Trace decades = searchFor(1.0, BetaSearch::byDecades(2e-3, 1.1), always);
  ASSERT_EQ(decades.tried.size(), 3u);
  EXPECT_DOUBLE_EQ(decades.tried[0], 1e-1);
  EXPECT_DOUBLE_EQ(decades.tried[1], 1e-2);
  EXPECT_DOUBLE_EQ(decades.tried[2], 2e-3);
  EXPECT_EQ(searchFor(1.0, BetaSearch::about(2e-3, 2e-3, 1.1), always).tried, std::vector<double>{ 2e-3 });
  EXPECT_EQ(searchFor(1.0, BetaSearch::byDecades(0.5, 1.1), always).tried, std::vector<double>{ 0.5 });
}

TEST(BetaSearch, endsAtTheLargestWeight)
{
  const auto never = [](double) { return -std::numeric_limits<double>::infinity(); };
  EXPECT_EQ(searchFor(1.0, BetaSearch::byDecades(1e-3, 1.1), never).tried, std::vector<double>{ BetaSearch::largest });
  const Trace up = searchFor(1.0, BetaSearch::about(2e-3, 1e-3, 1.1), never);
  EXPECT_EQ(up.tried.back(), BetaSearch::largest);
  EXPECT_FALSE(up.search.admissible());
}

TEST(BetaSearch, decadesOfAContinuationEndAtTheTarget)
{
  const auto expect = [](double target, const std::vector<double> & betas) {
    const std::vector<double> found = gnr::continuationBetas(target);
    ASSERT_EQ(found.size(), betas.size()) << target;
    for (std::size_t i = 0; i < betas.size(); ++i)
    {
      EXPECT_NEAR(found[i], betas[i], 1e-12) << target;
    }
  };
  expect(1e-3, { 1e-1, 1e-2, 1e-3 });
  expect(2e-3, { 2e-2, 2e-3 });
  expect(0.1, { 0.1 });
  expect(0.5, { 0.5 });
}

/** Asks to stop at a poll, counted from one: the solver polls once before every Hessian product. */
struct Stopper : gnr::Observer
{
  int                      polls = 0;
  int                      stopAt = std::numeric_limits<int>::max();
  std::vector<std::string> messages;
  gnr::Request
  poll() override
  {
    return ++polls >= stopAt ? gnr::Request::Stop : gnr::Request::Continue;
  }
  void
  onEvent(const gnr::Event & event) override
  {
    if (event.kind == gnr::Event::Kind::Message)
    {
      messages.push_back(event.message);
    }
  }
};

/** The moving image is the template; the fixed one is the template seen through a map that changes volumes. */
class Strategies : public testing::Test
{
protected:
  Grid               grid = problems::cube(32);
  std::vector<float> moving = image(grid, problems::templateImage);
  std::vector<float> fixed = image(grid, [](double x, double y, double z) {
    return problems::templateImage(x + 0.5 * std::sin(x + 0.3), y + 0.4 * std::sin(z), z + 0.3 * std::cos(x + y));
  });
  Stopper            observer;

  /** Tight tolerances, so that what was found depends on beta and little on the way. */
  static Options
  tight()
  {
    Options options;
    options.similarity = gnr::SimilarityMeasure::SumOfSquares;
    options.device = problems::solveDevice();
    options.preconditioner = gnr::Preconditioner::InvA; // the tests count its products
    options.periodic = true;
    options.intensityNormalization = gnr::IntensityNormalization::None;
    options.gradientLimit.reset();
    options.divergenceLimit.reset();
    options.gamma = 1.0;
    options.gridScale = 0.0;
    options.gradientTolerance = 1e-3;
    options.objectiveTolerance = 0.0;
    options.levels = 2;
    options.threads = 1;
    return options;
  }

  Report
  run(const Options & options)
  {
    Problem problem{ grid, options };
    problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
    problem.moving = { moving.data(), gnr::wholeOf(problem.grid) };
    return gnr::makeEngine()->run(problem, &observer)->report();
  }

  static double
  objective(const Report & report)
  {
    return report.levels.back().iterations.back().objective;
  }
  static int
  products(const gnr::LevelRecord & record)
  {
    int sum = 0;
    for (const auto & step : record.iterations)
    {
      sum += step.krylovIterations;
    }
    return sum;
  }
};

TEST_F(Strategies, theReportNamesBetaAndAddsUp)
{
  Options options = tight();
  options.beta = 5e-3;
  const Report report = run(options);
  EXPECT_EQ(report.beta, 5e-3);
  ASSERT_EQ(report.levels.size(), 2u);
  EXPECT_EQ(report.levels[0].beta, 5e-3);
  EXPECT_EQ(report.levels[1].beta, 5e-3);
  EXPECT_EQ(report.hessianProducts, products(report.levels[0]) + products(report.levels[1]));
}

TEST_F(Strategies, continuationEndsWhereTheTargetDoes)
{
  Options options = tight();
  options.beta = 1e-3;
  const Report direct = run(options);
  options.betaStrategy = BetaStrategy::Continuation;
  const Report report = run(options);
  ASSERT_EQ(report.levels.size(), 4u); // three decades on the coarse grid, the target on the fine one
  const double betas[] = { 1e-1, 1e-2, 1e-3, 1e-3 };
  for (int i = 0; i < 4; ++i)
  {
    EXPECT_NEAR(report.levels[i].beta, betas[i], 1e-12);
    EXPECT_EQ(report.levels[i].level, i / 3);
  }
  EXPECT_EQ(report.beta, 1e-3);
  EXPECT_EQ(report.reason, StopReason::GradientTolerance);
  // The objective is quadratic about the solution: its error is of the second order in the gradient's.
  EXPECT_NEAR(objective(report), objective(direct), 1e-3 * objective(direct));
}

TEST_F(Strategies, eachSolveOfAContinuationStartsFromTheOneBefore)
{
  Options options = tight();
  options.levels = 1;
  options.beta = 1e-3;
  const Report direct = run(options);
  options.betaStrategy = BetaStrategy::Continuation;
  const Report report = run(options);
  ASSERT_EQ(report.levels.size(), 3u);
  EXPECT_EQ(report.levels[0].initialMismatch, 1.0);
  EXPECT_NEAR(report.levels[1].initialMismatch, report.levels[0].iterations.back().mismatch, 1e-5);
  EXPECT_NEAR(report.levels[2].initialMismatch, report.levels[1].iterations.back().mismatch, 1e-5);
  EXPECT_LT(report.levels[2].iterations.size(), direct.levels[0].iterations.size());
}

TEST_F(Strategies, searchFindsTheEdgeOfTheBounds)
{
  // The determinant that beta = 1e-2 gives is made the bound, so 1e-2 is what is to be found.
  Options options = tight();
  options.beta = 1e-2;
  const Report edge = run(options);
  ASSERT_LT(edge.determinantMinimum, 0.9);
  ASSERT_GT(edge.determinantMinimum, 0.1);
  options.betaStrategy = BetaStrategy::Search;
  options.beta = 1e-4;
  options.determinantLower = edge.determinantMinimum;
  options.determinantUpper = 100.0;
  const Report report = run(options);
  EXPECT_GE(report.determinantMinimum, options.determinantLower);
  EXPECT_GT(report.beta, 1e-2 / 1.02);
  EXPECT_LT(report.beta, 1e-2 * BetaSearch::fineBracket * 1.02);
  EXPECT_TRUE(report.messages.empty()) << report.messages.front();

  // Larger is admissible, smaller is not, as a solve of its own tells.
  options.betaStrategy = BetaStrategy::Fixed;
  options.beta = 1.05 * report.beta;
  EXPECT_GE(run(options).determinantMinimum, options.determinantLower);
  options.beta = report.beta / (1.05 * BetaSearch::fineBracket);
  EXPECT_LT(run(options).determinantMinimum, options.determinantLower);

  // Every solve of the fine grid after the first starts near its end.
  std::vector<int> fine;
  for (const auto & record : report.levels)
  {
    if (record.level == 1)
    {
      fine.push_back(products(record));
      EXPECT_GE(record.iterations.size(), 1u) << "a solution of another beta was taken for one of this";
    }
  }
  ASSERT_GE(fine.size(), 2u);
  options.levels = 1;
  options.beta = report.beta;
  EXPECT_LT(fine.back(), run(options).hessianProducts);

  // However many solves a grid takes, the memory is as planned.
  EXPECT_EQ(report.overflowBytes, 0u);
  for (std::size_t i = 0; i < report.phaseBytes.size(); ++i)
  {
    EXPECT_EQ(report.phaseBytes[i], report.memoryPlan.phases[i]);
  }
}

TEST_F(Strategies, searchStaysAboveTheFloor)
{
  Options options = tight();
  options.betaStrategy = BetaStrategy::Search;
  options.beta = 2e-2;
  options.determinantLower = 1e-3;
  options.determinantUpper = 1e3;
  const Report report = run(options);
  EXPECT_EQ(report.beta, 2e-2);
  ASSERT_EQ(report.levels.size(), 3u);
  EXPECT_DOUBLE_EQ(report.levels[0].beta, 0.1);
  EXPECT_EQ(report.levels[1].beta, 2e-2);
  EXPECT_EQ(report.levels[2].beta, 2e-2);
  EXPECT_EQ(report.levels[2].level, 1);
}

TEST_F(Strategies, boundsThatCannotBeKeptAreTold)
{
  Options options = tight();
  options.betaStrategy = BetaStrategy::Search;
  options.beta = 1e-3;
  options.determinantLower = 0.9999;
  options.determinantUpper = 1.0001;
  const Report report = run(options);
  EXPECT_EQ(report.beta, 0.1);
  EXPECT_LT(report.mismatch, 1.0) << "the result of the largest beta is kept";
  EXPECT_EQ(report.reason, report.levels.back().reason);
  ASSERT_EQ(observer.messages.size(), 1u);
  EXPECT_NE(observer.messages[0].find("largest beta"), std::string::npos) << observer.messages[0];
  EXPECT_NE(observer.messages[0].find("widen the bounds"), std::string::npos) << observer.messages[0];
}

/** Stops a search at every stage: what comes out is admissible and belongs to the beta that is reported. */
TEST_F(Strategies, anInterruptedSearchReturnsTheLastAdmissibleVelocity)
{
  Options options = tight();
  options.beta = 1e-2;
  options.determinantUpper = 100.0;
  options.determinantLower = run(options).determinantMinimum;
  options.betaStrategy = BetaStrategy::Search;
  options.beta = 1e-4;
  for (const int levels : { 1, 2 })
  {
    options.levels = levels;
    observer = Stopper();
    const Report whole = run(options);
    const int    polls = observer.polls;
    ASSERT_EQ(whole.reason, StopReason::GradientTolerance);
    for (const double share : { 0.03, 0.3, 0.6, 0.9 })
    {
      observer = Stopper();
      observer.stopAt = 1 + static_cast<int>(share * polls);
      const Report report = run(options);
      EXPECT_EQ(report.reason, StopReason::StoppedByObserver) << share;
      EXPECT_GE(report.determinantMinimum, options.determinantLower) << share;
      EXPECT_TRUE(std::any_of(
        report.levels.begin(), report.levels.end(), [&](const auto & record) { return record.beta == report.beta; }))
        << share;
      EXPECT_LT(report.mismatch, 1.0) << share;
      EXPECT_EQ(report.overflowBytes, 0u);
    }
  }
}

TEST_F(Strategies, aVelocityThatNoSearchHasJudgedIsScaledIntoTheBounds)
{
  // Bounds that not even the first weight keeps; the stop comes before the search knows.
  Options options = tight();
  options.levels = 1;
  options.betaStrategy = BetaStrategy::Search;
  options.beta = 1e-3;
  options.determinantLower = 0.99;
  options.determinantUpper = 1.01;
  observer.stopAt = 4;
  const Report report = run(options);
  EXPECT_EQ(report.reason, StopReason::StoppedByObserver);
  EXPECT_GE(report.determinantMinimum, 0.99);
  EXPECT_LE(report.determinantMaximum, 1.01);
  EXPECT_LT(report.mismatch, 1.0) << "it is not simply the identity";
  ASSERT_EQ(observer.messages.size(), 1u);
  EXPECT_NE(observer.messages[0].find("was scaled by"), std::string::npos) << observer.messages[0];
}

TEST_F(Strategies, finerGridsAreNotBegunAfterAnInterruption)
{
  Options options = tight();
  observer.stopAt = 4;
  const Report report = run(options);
  EXPECT_EQ(report.reason, StopReason::StoppedByObserver);
  EXPECT_EQ(report.levels.size(), 1u);
  EXPECT_LT(report.mismatch, 1.0) << "the coarse velocity is carried to the finest grid";
}

TEST_F(Strategies, whatThereIsOfAnInterruptedNewtonStepIsTaken)
{
  Options options = tight();
  options.levels = 1;
  options.beta = 1e-3;
  const Report whole = run(options);
  const auto & steps = whole.levels[0].iterations;
  ASSERT_GE(steps.size(), 2u);
  ASSERT_GE(steps.back().krylovIterations, 3);
  // Two products of the last step are made, then the request comes.
  observer.polls = 0;
  observer.stopAt = products(whole.levels[0]) - steps.back().krylovIterations + 3;
  const Report report = run(options);
  const auto & fewer = report.levels[0].iterations;
  EXPECT_EQ(report.reason, StopReason::StoppedByObserver);
  ASSERT_EQ(fewer.size(), steps.size());
  EXPECT_EQ(fewer.back().krylovIterations, 2);
  EXPECT_LT(fewer.back().objective, steps[steps.size() - 2].objective);
  EXPECT_GT(fewer.back().objective, steps.back().objective);
}

TEST_F(Strategies, aHugeStallRateLeavesOneStepPerLevel)
{
  Options options = tight();
  options.stallRate = 1e12; // no step takes less than a picosecond
  const Report report = run(options);
  ASSERT_EQ(report.levels.size(), 2u);
  for (const auto & record : report.levels)
  {
    EXPECT_EQ(record.iterations.size(), 1u);
    EXPECT_EQ(record.reason, StopReason::ObjectiveStalled);
  }
}

TEST_F(Strategies, aTinyStallRateChangesNothing)
{
  const Options options = tight();
  const Report  without = run(options);
  Options       with = options;
  with.stallRate = 1e-12;
  const Report report = run(with);
  EXPECT_EQ(report.newtonSteps, without.newtonSteps);
  EXPECT_EQ(report.mismatch, without.mismatch);
}

} // namespace
