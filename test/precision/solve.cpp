// SPDX-License-Identifier: Apache-2.0
// Compiled twice: with the core in float and, GNR_DOUBLE_PRECISION defined and the namespace renamed, in double.
#include "solve.h"

#include "kernels/types.h"

#include "gnr/Engine.h"

#include <cmath>

namespace
{

gnr::Options
optionsOf(const precision::Task & task)
{
  gnr::Options options;
  options.similarity = gnr::SimilarityMeasure::SumOfSquares;
  options.regularization = static_cast<gnr::Regularization>(task.order);
  options.beta = task.beta;
  options.preconditioner = static_cast<gnr::Preconditioner>(task.preconditioner);
  options.levels = 1;
  options.periodic = true;
  options.intensityNormalization = gnr::IntensityNormalization::None;
  // A rounding error may put one gradient just below a tolerance and the other just above. Only solves of equally many
  // steps can be compared, so nothing but their number ends them.
  options.maximumIterations = task.newtonSteps;
  options.gradientTolerance = 1e-12;
  options.objectiveTolerance = 0.0;
  options.threads = 1;
#ifdef GNR_DOUBLE_PRECISION
  static_assert(sizeof(gnr::Real) == 8, "the core was not compiled in double precision");
  options.device = gnr::Device::Reference;
#else
  static_assert(sizeof(gnr::Real) == 4, "the core was not compiled in single precision");
  options.device = gnr::Device::Cpu;
#endif
  return options;
}

/** The solve, from `start` unless that is empty. */
precision::Solution
solve(const precision::Task & task, std::vector<float> start)
{
  const int    n = task.points;
  const double spacing = 2.0 * std::acos(-1.0) / n;
  gnr::Grid    grid;
  grid.size = { { n, n, n } };
  grid.spacing = { { spacing, spacing, spacing } };

  gnr::Problem problem{ grid, optionsOf(task) };
  problem.fixed = { task.fixed.data(), gnr::wholeOf(problem.grid) };
  problem.moving = { task.moving.data(), gnr::wholeOf(problem.grid) };
  if (!start.empty())
  {
    problem.initialVelocity = { start.data(), gnr::wholeOf(problem.grid) };
  }
  const auto             result = gnr::makeEngine()->run(problem);
  const gnr::LevelRecord level = result->report().levels.at(0);

  precision::Solution solution;
  solution.initialObjective = level.initialObjective;
  for (const gnr::IterationRecord & step : level.iterations)
  {
    solution.steps.push_back(
      { step.objective, step.relativeGradient, step.stepLength, step.krylovIterations, step.innerIterations });
  }
  solution.velocity.resize(3 * grid.points());
  result->read(gnr::Field::Velocity, { solution.velocity.data(), gnr::wholeOf(problem.grid) });
  return solution;
}

} // namespace

namespace precision
{

#ifdef GNR_DOUBLE_PRECISION

Solution
solveInDouble(const Task & task)
{
  return solve(task, {});
}

double
objectiveInDouble(const Task & task, const std::vector<float> & velocity)
{
  Task evaluation = task;
  evaluation.newtonSteps = 0;
  return solve(evaluation, velocity).initialObjective;
}

#else

Solution
solveInFloat(const Task & task)
{
  return solve(task, {});
}

#endif

} // namespace precision
