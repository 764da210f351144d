// SPDX-License-Identifier: Apache-2.0
#include "registration/Strategy.h"

#include "registration/DeformationMap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <vector>

namespace gnr
{
namespace
{

/** Down the given weights. */
class Descent : public Strategy
{
public:
  Descent(const Options & options, SolveState & state)
    : options_(options)
    , state_(state)
  {}

  void
  solve(LevelSolver & solver, const Level & level, bool isFar) override
  {
    const std::vector<double> betas = betasOf(isFar);
    const int                 count = static_cast<int>(betas.size());
    while (state_.weight < count && solver.solve(level, betas[state_.weight]))
    {
      ++state_.weight;
    }
    state_.weight = 0;
  }

protected:
  virtual std::vector<double>
  betasOf(bool isFar) const = 0;

  const Options & options_;
  SolveState &    state_;
};

class FixedWeight : public Descent
{
public:
  using Descent::Descent;

protected:
  std::vector<double>
  betasOf(bool) const override
  {
    return { options_.beta };
  }
};

/** By factors of ten where a solve costs least, so that the finer grids begin at the target. */
class Continuation : public Descent
{
public:
  using Descent::Descent;

protected:
  std::vector<double>
  betasOf(bool isFar) const override
  {
    return isFar ? continuationBetas(options_.beta) : std::vector<double>{ options_.beta };
  }
};

/** The smallest weight whose determinants stay within bounds. */
class Search : public Strategy
{
public:
  Search(const Options & options, FinestGrid & finest, Progress & progress, SolveState & state)
    : options_(options)
    , finest_(finest)
    , progress_(progress)
    , state_(state)
  {}

  void
  solve(LevelSolver & solver, const Level & level, bool isFar) override;
  void
  finish() override;
  void
  check() const override;

private:
  BetaSearch
  searchOn(const Level & level) const;
  /** In logarithms; >= 0 within the bounds. */
  double
  marginToBounds(const DeterminantRange & range) const;
  /** On the grid of the images. */
  DeterminantRange
  rangeOn(const Level & level) const;

  const Options & options_;
  FinestGrid &    finest_;
  Progress &      progress_;
  SolveState &    state_;
};

double
Search::marginToBounds(const DeterminantRange & range) const
{
  if (!(range.minimum > 0.0))
  {
    return -std::numeric_limits<double>::infinity();
  }
  return std::min(std::log(range.minimum / options_.determinantLower),
                  std::log(options_.determinantUpper / range.maximum));
}

DeterminantRange
Search::rangeOn(const Level & level) const
{
  if (&level.velocity == &level.transform)
  {
    return determinantRange(finest_, level.domain, state_.velocity);
  }
  const Buffer fine = level.domain.vector();
  level.velocity.resample(state_.velocity.data(), level.transform, fine.data(), 3);
  return determinantRange(finest_, level.domain, fine);
}

BetaSearch
Search::searchOn(const Level & level) const
{
  if (level.number == 0)
  {
    return BetaSearch::byDecades(options_.beta, level.isFinest() ? BetaSearch::fineBracket : BetaSearch::coarseBracket);
  }
  const double found = state_.report.beta;
  if (level.isFinest())
  {
    return BetaSearch::about(found, options_.beta, BetaSearch::fineBracket);
  }
  // The coarsest grid sees so mild determinants that, unless the floor has ended its search, it is wiser to come from
  // above than to solve with too small a weight.
  return BetaSearch::about(found > options_.beta ? 10.0 * found : found, options_.beta, BetaSearch::coarseBracket);
}

void
Search::solve(LevelSolver & solver, const Level & level, bool)
{
  Kernels &   kernels = level.domain.kernels();
  Report &    report = state_.report;
  Incumbent & best = state_.admissible;
  bool        goesOn = state_.search.has_value(); // with a solve that has begun
  if (!goesOn)
  {
    state_.search = searchOn(level);
    // What the result is if the solve is interrupted: the last admissible velocity, before that what the grid began
    // with.
    state_.keep(best, kernels);
    best.beta = level.number == 0 ? *state_.search->next() : report.beta;
  }
  BetaSearch & search = *state_.search;
  while (const std::optional<double> beta = search.next())
  {
    if (!goesOn && search.admissible())
    {
      state_.restore(best, kernels);
    }
    goesOn = false;
    const bool isDone = solver.solve(level, *beta, state_.weight == 0 ? 0 : 1);
    ++state_.weight;
    if (!isDone && report.levels.back().iterations.empty())
    {
      break; // there is nothing new to judge
    }
    const double margin = marginToBounds(rangeOn(level));
    search.record(margin);
    if (margin >= 0.0)
    {
      state_.keep(best, kernels);
    }
    if (!isDone)
    {
      break;
    }
  }
  // Else the last velocity stays: that of the largest beta, or one that finish() will see to.
  if (search.admissible() || (state_.isInterrupted && !level.isFinest()))
  {
    state_.restore(best, kernels);
    state_.foundWithinBounds = level.isFinest();
  }
  state_.weight = 0;
  state_.search.reset();
  best.velocity.reset();
}

void
Search::finish()
{
  if (!state_.isInterrupted || state_.foundWithinBounds)
  {
    return;
  }
  const Buffer & velocity = state_.velocity;
  double         scale = 1.0;
  while (true)
  {
    const DeterminantRange range = determinantRange(finest_, finest_.domain, velocity);
    if (marginToBounds(range) >= 0.0)
    {
      break;
    }
    // log det is about proportional to the velocity; a little less, so that it is enough.
    double factor = 0.5;
    if (range.minimum > 0.0)
    {
      factor = 1.0;
      if (range.minimum < options_.determinantLower)
      {
        factor = std::log(options_.determinantLower) / std::log(range.minimum);
      }
      if (range.maximum > options_.determinantUpper)
      {
        factor = std::min(factor, std::log(options_.determinantUpper) / std::log(range.maximum));
      }
      factor = std::max(0.5, 0.99 * factor);
    }
    finest_.domain.kernels().axpby(Real(0), velocity.data(), Real(factor), velocity.data(), velocity.size());
    scale *= factor;
  }
  if (scale < 1.0)
  {
    std::ostringstream text;
    text
      << "the search for beta was interrupted before a solve had kept to the bounds on det(I + grad u); the velocity "
      << "was scaled by " << scale << ", which does";
    progress_.message(text.str());
  }
}

void
Search::check() const
{
  const Report &         report = state_.report;
  const DeterminantRange range{ report.determinantMinimum, report.determinantMaximum };
  if (marginToBounds(range) >= 0.0)
  {
    return;
  }
  std::ostringstream text;
  text << "det(I + grad u) from " << range.minimum << " to " << range.maximum << " is not within the bounds "
       << options_.determinantLower << " to " << options_.determinantUpper << ": not even the largest beta tried, "
       << report.beta << ", keeps it there; widen the bounds, increase gamma or align the images first";
  progress_.message(text.str());
}

} // namespace

std::unique_ptr<Strategy>
makeStrategy(const Options & options, FinestGrid & finest, Progress & progress, SolveState & state)
{
  switch (options.betaStrategy)
  {
    case BetaStrategy::Fixed:
      break;
    case BetaStrategy::Continuation:
      return std::make_unique<Continuation>(options, state);
    case BetaStrategy::Search:
      return std::make_unique<Search>(options, finest, progress, state);
  }
  return std::make_unique<FixedWeight>(options, state);
}

} // namespace gnr
