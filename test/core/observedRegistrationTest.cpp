// SPDX-License-Identifier: Apache-2.0
// What a solve tells its observer, what it is told, and what it refuses.
#include "syntheticProblem.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace
{

using gnr::Options;
using gnr::Problem;
using problems::image;
using problems::reference;
using problems::syntheticOptions;

class Recorder : public gnr::Observer
{
public:
  void
  onEvent(const gnr::Event & event) override
  {
    iterations += event.kind == gnr::Event::Kind::Iteration ? 1 : 0;
    levels += event.kind == gnr::Event::Kind::Level ? 1 : 0;
    if (event.kind == gnr::Event::Kind::Progress)
    {
      EXPECT_GE(event.progress, progress);
      EXPECT_LE(event.progress, 1.0);
      progress = event.progress;
    }
  }
  gnr::Request
  poll() override
  {
    return iterations >= when ? request : gnr::Request::Continue;
  }

  int          iterations = 0, levels = 0, when = std::numeric_limits<int>::max();
  double       progress = 0.0;
  gnr::Request request = gnr::Request::Continue;
};

class Observed : public testing::Test
{
protected:
  gnr::Grid          grid = problems::cube(32);
  std::vector<float> fixed = image(grid, reference), moving = image(grid, problems::templateImage);
  Recorder           recorder;

  gnr::Report
  run(const Options & options)
  {
    Problem problem{ grid, options };
    problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
    problem.moving = { moving.data(), gnr::wholeOf(problem.grid) };
    return gnr::makeEngine()->run(problem, &recorder)->report();
  }
};

TEST_F(Observed, seesEveryStepAndLevel)
{
  const gnr::Report report = run(syntheticOptions());
  EXPECT_EQ(recorder.iterations, report.newtonSteps);
  EXPECT_EQ(recorder.levels, static_cast<int>(report.levels.size()));
  EXPECT_EQ(recorder.progress, 1.0);
}

TEST_F(Observed, stopKeepsTheResult)
{
  recorder.when = 2;
  recorder.request = gnr::Request::Stop;
  Options options = syntheticOptions();
  options.levels = 1;
  const gnr::Report report = run(options);
  EXPECT_EQ(report.reason, gnr::StopReason::StoppedByObserver);
  EXPECT_EQ(report.newtonSteps, 2);
  EXPECT_LT(report.mismatch, 1.0);
}

TEST_F(Observed, abortThrows)
{
  recorder.when = 1;
  recorder.request = gnr::Request::Abort;
  try
  {
    run(syntheticOptions());
    FAIL() << "no error";
  }
  catch (const gnr::Error & error)
  {
    EXPECT_EQ(error.kind(), gnr::ErrorKind::Aborted);
  }
}

TEST_F(Observed, timeLimitKeepsTheResult)
{
  Options options = syntheticOptions();
  options.timeLimit = 1e-6;
  const gnr::Report report = run(options);
  EXPECT_EQ(report.reason, gnr::StopReason::TimeLimit);
  EXPECT_EQ(report.newtonSteps, 0);
  EXPECT_EQ(report.maximumDisplacement, 0.0);
}

TEST_F(Observed, identicalImagesNeedNothing)
{
  moving = fixed;
  const gnr::Report report = run(syntheticOptions());
  EXPECT_EQ(report.reason, gnr::StopReason::ImagesIdentical);
  EXPECT_EQ(report.maximumDisplacement, 0.0);
  EXPECT_EQ(report.determinantMinimum, 1.0);
}

/** The message of the BadInput that `action` throws. */
template <typename Action>
std::string
badInput(Action action)
{
  try
  {
    action();
  }
  catch (const gnr::Error & error)
  {
    EXPECT_EQ(error.kind(), gnr::ErrorKind::BadInput) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST_F(Observed, badImagesAreRefused)
{
  const auto contains = [](const std::string & text, const char * part) {
    return text.find(part) != std::string::npos;
  };
  moving[1234] = std::numeric_limits<float>::quiet_NaN();
  std::string message = badInput([&] { run(syntheticOptions()); });
  EXPECT_TRUE(contains(message, "MovingImage") && contains(message, "1 voxels are NaN")) << message;

  moving.assign(moving.size(), 3.0F);
  message = badInput([&] { run(syntheticOptions()); });
  EXPECT_TRUE(contains(message, "MovingImage") && contains(message, "constant")) << message;

  grid.size[1] = 7;
  message = badInput([&] { run(syntheticOptions()); });
  EXPECT_TRUE(contains(message, "axis 1 has 7 voxels")) << message;
}

} // namespace
