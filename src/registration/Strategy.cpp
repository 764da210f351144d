// SPDX-License-Identifier: Apache-2.0
// How beta is reached on each grid.
#include "registration/BetaSearch.h"
#include "registration/Implementation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

namespace gnr
{

void
Registration::Implementation::solveGrid(const Level & level)
{
  // What brought the velocity here goes, so that the memory of the first solve lies as that of all others.
  level.domain.releaseScratch();
  if (options.betaStrategy == BetaStrategy::Search)
  {
    searchBeta(level);
    return;
  }
  if (level.number == 0)
  {
    solveFromAfar(level);
    return;
  }
  solveLevel(level, options.beta);
}

bool
Registration::Implementation::solveFromAfar(const Level & level)
{
  if (options.betaStrategy != BetaStrategy::Continuation)
  {
    return solveLevel(level, options.beta);
  }
  // Where a solve costs least, so that the finer grids begin at the target.
  const std::vector<double> betas = continuationBetas(options.beta);
  return std::all_of(betas.begin(), betas.end(), [&](double beta) { return solveLevel(level, beta); });
}

void
Registration::Implementation::solveFromBoth(const Level & level)
{
  const auto objective = [this] {
    const LevelRecord & record = report.levels.back();
    return record.iterations.empty() ? record.initialObjective : record.iterations.back().objective;
  };
  level.domain.releaseScratch();
  if (!solveLevel(level, options.beta))
  {
    return;
  }
  const double     trialObjective = objective();
  const StopReason trialReason = report.reason;
  Buffer           trial = level.domain.vector();
  kernels->copy(velocity.data(), trial.data(), trial.size());
  kernels->fill(velocity.data(), velocity.size(), Real(0));
  if (!solveFromAfar(level) || !kernels->passes(objective() < trialObjective))
  {
    kernels->copy(trial.data(), velocity.data(), velocity.size());
    report.beta = options.beta;
    if (!isInterrupted)
    {
      report.reason = trialReason;
    }
  }
}

double
Registration::Implementation::marginToBounds(const DeterminantRange & range) const
{
  if (!(range.minimum > 0.0))
  {
    return -std::numeric_limits<double>::infinity();
  }
  return std::min(std::log(range.minimum / options.determinantLower),
                  std::log(options.determinantUpper / range.maximum));
}

void
Registration::Implementation::searchBeta(const Level & level)
{
  const bool isCoarsest = level.number == 0;
  const bool isFinest = &level.domain == finest.get();
  const auto start = [&] {
    if (isCoarsest)
    {
      return BetaSearch::byDecades(options.beta, isFinest ? BetaSearch::fineBracket : BetaSearch::coarseBracket);
    }
    if (isFinest)
    {
      return BetaSearch::about(report.beta, options.beta, BetaSearch::fineBracket);
    }
    // The coarsest grid sees so mild determinants that, unless the floor has ended its search, it is wiser to come from
    // above than to solve with too small a weight.
    const double guess = report.beta > options.beta ? 10.0 * report.beta : report.beta;
    return BetaSearch::about(guess, options.beta, BetaSearch::coarseBracket);
  };
  BetaSearch search = start();
  // What the result is if the solve is interrupted: the last admissible velocity, before that what the grid began with.
  Buffer best = level.domain.vector();
  kernels->copy(velocity.data(), best.data(), best.size());
  double     bestBeta = isCoarsest ? *search.next() : report.beta;
  StopReason bestReason = report.reason;
  bool       isFirst = true;
  while (const std::optional<double> beta = search.next())
  {
    if (search.admissible())
    {
      kernels->copy(best.data(), velocity.data(), best.size());
    }
    const bool goesOn = solveLevel(level, *beta, isFirst ? 0 : 1);
    isFirst = false;
    if (!goesOn && report.levels.back().iterations.empty())
    {
      break; // there is nothing new to judge
    }
    const double margin = marginToBounds(determinantRange(level.domain, velocity));
    search.record(margin);
    if (margin >= 0.0)
    {
      kernels->copy(velocity.data(), best.data(), best.size());
      bestBeta = *beta;
      bestReason = report.reason;
    }
    if (!goesOn)
    {
      break;
    }
  }
  if (!search.admissible() && (!isInterrupted || isFinest))
  {
    return; // the last velocity: that of the largest beta, or one that keepWithinBounds() will see to
  }
  kernels->copy(best.data(), velocity.data(), best.size());
  report.beta = bestBeta;
  if (!isInterrupted)
  {
    report.reason = bestReason;
  }
  foundWithinBounds = isFinest;
}

void
Registration::Implementation::keepWithinBounds()
{
  if (options.betaStrategy != BetaStrategy::Search || !isInterrupted || foundWithinBounds)
  {
    return;
  }
  double scale = 1.0;
  while (true)
  {
    const DeterminantRange range = determinantRange(*finest, velocity);
    if (marginToBounds(range) >= 0.0)
    {
      break;
    }
    // log det is about proportional to the velocity; a little less, so that it is enough.
    double factor = 0.5;
    if (range.minimum > 0.0)
    {
      factor = 1.0;
      if (range.minimum < options.determinantLower)
      {
        factor = std::log(options.determinantLower) / std::log(range.minimum);
      }
      if (range.maximum > options.determinantUpper)
      {
        factor = std::min(factor, std::log(options.determinantUpper) / std::log(range.maximum));
      }
      factor = std::max(0.5, 0.99 * factor);
    }
    kernels->axpby(Real(0), velocity.data(), Real(factor), velocity.data(), velocity.size());
    scale *= factor;
  }
  if (scale < 1.0)
  {
    std::ostringstream text;
    text
      << "the search for beta was interrupted before a solve had kept to the bounds on det(I + grad u); the velocity "
      << "was scaled by " << scale << ", which does";
    progress->message(text.str(), report);
  }
}

void
Registration::Implementation::checkSearch()
{
  const DeterminantRange range{ report.determinantMinimum, report.determinantMaximum };
  if (options.betaStrategy != BetaStrategy::Search || marginToBounds(range) >= 0.0)
  {
    return;
  }
  std::ostringstream text;
  text << "det(I + grad u) from " << range.minimum << " to " << range.maximum << " is not within the bounds "
       << options.determinantLower << " to " << options.determinantUpper << ": not even the largest beta tried, "
       << report.beta << ", keeps it there; widen the bounds, increase gamma or align the images first";
  progress->message(text.str(), report);
}

} // namespace gnr
