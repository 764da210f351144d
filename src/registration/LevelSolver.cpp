// SPDX-License-Identifier: Apache-2.0
#include "registration/LevelSolver.h"

#include "model/Objective.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace gnr
{

Options
LevelSolver::optionsOf(const Level & level, double beta) const
{
  Options own = options_;
  own.beta = beta;
  own.densityExponent = images_.densityExponent;
  const int halvings = std::max(level.finerGrids - 1, 0);
  own.gradientTolerance = std::ldexp(own.gradientTolerance, -halvings);
  own.objectiveTolerance = std::ldexp(own.objectiveTolerance, -halvings);
  if (own.stallReference == StallReference::Automatic)
  {
    const auto partEndsNearZero = [](const WeightedMeasure & part) { return part.measure->endsNearZero(); };
    const auto endsNearZero = [&](const WeightedMeasures & sum) {
      return std::all_of(sum.begin(), sum.end(), partEndsNearZero);
    };
    const bool isAbsolute = std::all_of(measures_.begin(), measures_.end(), endsNearZero);
    own.stallReference = isAbsolute ? StallReference::Objective : StallReference::Progress;
    own.objectiveTolerance *= isAbsolute ? 1.0 : 0.5;
  }
  return own;
}

bool
LevelSolver::solve(const Level & level, double beta, int leastIterations)
{
  const auto    chosen = [](const Buffer & own, const Buffer & full) { return own ? own.data() : full.data(); };
  const Options own = optionsOf(level, beta);
  progress_.beginLevel(level.number, level.domain.grid(), beta);
  {
    ImageSet set{ {},
                  chosen(level.images.fixedWeight, images_.fixedWeight),
                  chosen(level.images.movingWeight, images_.movingWeight),
                  images_.intensityRange,
                  landmarks_,
                  chosen(level.images.incompressibility, images_.incompressibility),
                  options_.incompressibilityWeight * images_.largestIncompressibility * images_.intensityRange *
                    images_.intensityRange,
                  images_.movingVolumeChange };
    for (std::size_t i = 0; i < measures_.size(); ++i)
    {
      // A grid has images of its own, or sees those of the finest.
      const SolverPair & own = level.images.pairs[i];
      const bool         isOwn = own.fixed || own.hasLabels();
      compare(measures_[i], isOwn ? own : images_.pairs[i], level.domain, set.comparisons);
    }
    Objective objective(level.velocity, level.transform, own, set);
    minimize(objective,
             own,
             progress_,
             level.number,
             level.velocity.domain().view(state_.velocity),
             leastIterations,
             state_.newton);
  }
  // Every solve of a grid finds the memory as the first did: the plan counts on it.
  level.domain.releaseScratch();

  Report &          report = state_.report;
  const LevelRecord record = std::exchange(state_.newton, NewtonState()).record;
  report.levels.push_back(record);
  report.reason = record.reason;
  report.newtonSteps += static_cast<int>(record.iterations.size());
  for (const IterationRecord & step : record.iterations)
  {
    report.hessianProducts += step.krylovIterations;
    report.innerIterations += step.innerIterations;
  }
  if (options_.density != Density::None)
  {
    report.massDrift = record.iterations.empty() ? 0.0 : record.iterations.back().massDrift;
  }
  state_.isInterrupted = record.reason == StopReason::TimeLimit || record.reason == StopReason::StoppedByObserver;
  if (!state_.isInterrupted || !record.iterations.empty() || report.levels.size() == 1)
  {
    report.beta = beta; // otherwise the velocity still is that of an earlier one
  }
  return !state_.isInterrupted;
}

} // namespace gnr
