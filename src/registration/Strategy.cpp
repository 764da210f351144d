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
  level.transform.release();
  if (options.betaStrategy == BetaStrategy::Search)
  {
    searchBeta(level);
    return;
  }
  if (options.betaStrategy == BetaStrategy::Continuation && level.number == 0)
  {
    // Where a solve costs least, so that the finer grids begin at the target.
    for (const double beta : continuationBetas(options.beta))
    {
      if (!solveLevel(level, beta))
      {
        return;
      }
    }
    return;
  }
  solveLevel(level, options.beta);
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
  const bool   isCoarsest = level.number == 0;
  const bool   isFinest = &level.domain == finest.get();
  const double bracket = isFinest ? BetaSearch::fineBracket : BetaSearch::coarseBracket;
  BetaSearch   search =
    isCoarsest ? BetaSearch::byDecades(options.beta, bracket) : BetaSearch::about(report.beta, options.beta, bracket);
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
  if (!isInterrupted && !search.admissible())
  {
    return; // even the largest beta does not do: its velocity is the result
  }
  kernels->copy(best.data(), velocity.data(), best.size());
  report.beta = bestBeta;
  if (!isInterrupted)
  {
    report.reason = bestReason;
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
       << options.determinantLower << " to " << options.determinantUpper << ": ";
  if (isInterrupted)
  {
    text << "the search for beta was interrupted before it had found a velocity that is";
  }
  else
  {
    text << "not even the largest beta tried, " << report.beta
         << ", keeps it there; widen the bounds, increase gamma or "
         << "align the images first";
  }
  progress->message(text.str(), report);
}

} // namespace gnr
