// SPDX-License-Identifier: Apache-2.0
#include "registration/WeightChoice.h"

#include "model/FlowMap.h"
#include "registration/Warp.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace gnr
{
namespace
{

constexpr double factors[] = { 0.5, 2.0 }; // of the weight, one after the other
// What a step by a factor of two must gain on the finest grid, as a share of what the solve has gained on its own
// (doc/measurements.md).
constexpr double leastGain = 0.02;

/** What the terms of the images have lost since rest in a solve. */
double
gainOf(const LevelRecord & solve)
{
  if (solve.iterations.empty())
  {
    return 0.0;
  }
  const IterationRecord & last = solve.iterations.back();
  return last.distance * (1.0 / (last.mismatch * last.mismatch) - 1.0);
}

} // namespace

bool
WeightChoice::isOpen(const Options & options, const SimilarityList & chosen)
{
  // Beta itself is searched by determinants.
  if (!options.similarity.isAutomatic() || options.betaStrategy == BetaStrategy::Search)
  {
    return false;
  }
  const auto isAutomatic = [](const SimilaritySum & sum) { return sum.isAutomatic(); };
  const auto isSelfSimilarity = [](const SimilaritySum & sum) {
    return sum.parts.front().measure == SimilarityMeasure::SelfSimilarity;
  };
  return std::all_of(options.similarity.sums.begin(), options.similarity.sums.end(), isAutomatic) &&
         std::all_of(chosen.sums.begin(), chosen.sums.end(), isSelfSimilarity);
}

Buffer
WeightChoice::displacement(const Level & level) const
{
  FinestGrid & finest = *prepared_.finest;
  Domain &     domain = finest.domain;
  Buffer       velocity = domain.vector(), u = domain.vector();
  level.velocity.resample(state_.velocity.data(), finest.transform, velocity.data(), 3);
  integrateFlow(domain, domain.view(velocity), false, domain.view(u));
  return u;
}

double
WeightChoice::distance(const Buffer & u) const
{
  Domain &             domain = prepared_.finest->domain;
  Kernels &            kernels = domain.kernels();
  const SolverImages & images = prepared_.images;
  Warp                 warp(domain, domain.view(u), images.fixedWeight.data(), images.movingWeight.data());
  double               sum = 0.0;
  for (std::size_t i = 0; i < images.pairs.size(); ++i)
  {
    const SolverPair & pair = images.pairs[i];
    SimilaritySum      measure(SimilarityMeasure::SelfSimilarity);
    measure.parts.front().weight = options_.similarity.of(i).parts.front().weight;
    const Buffer warped = domain.scalar(), ofFixed = domain.scalar(), ofMoving = domain.scalar();
    warp.apply(pair.moving.data(), nullptr, options_.interpolation, warped.data());
    for (const Comparison & comparison : compare(makeMeasures(measure), domain, pair.fixed.data(), warped.data()))
    {
      const auto similarity = comparison.measure->compare(domain);
      similarity->setWeight(warp.weight());
      for (const gnr::Channel & channel : comparison.channels)
      {
        sum += channel.scale *
               similarity->value(channel.moving.read(kernels, ofMoving), channel.fixed.read(kernels, ofFixed));
      }
    }
  }
  return sum;
}

void
WeightChoice::weigh(double factor)
{
  SimilarityList & similarity = state_.report.similarity;
  for (std::size_t i = 0; i < similarity.sums.size(); ++i)
  {
    similarity.sums[i].parts.front().weight = factor * options_.similarity.of(i).parts.front().weight;
  }
  for (std::size_t i = 0; i < prepared_.measures.size(); ++i)
  {
    prepared_.measures[i] = makeMeasures(similarity.of(i));
  }
}

void
WeightChoice::run(const Level & level)
{
  Domain &    finest = prepared_.finest->domain;
  Kernels &   kernels = finest.kernels();
  Incumbent & best = state_.bestWeight;
  bool        goesOn = state_.trial > 0;
  const auto  copy = [&](const Buffer & from, Buffer & to) { kernels.copy(from.data(), to.data(), to.size()); };
  const auto  keep = [&](double factor) {
    copy(state_.velocity, best.velocity);
    best.beta = factor;
    best.reason = state_.report.reason;
  };
  if (!goesOn)
  {
    best.velocity = level.velocity.domain().vector();
    keep(1.0);
    best.objective = distance(displacement(level));
    finest.releaseScratch();
    state_.trial = 1;
  }
  constexpr int count = sizeof factors / sizeof *factors;
  for (; state_.trial <= count && best.beta == 1.0; ++state_.trial)
  {
    const double factor = factors[state_.trial - 1];
    if (!goesOn)
    {
      copy(best.velocity, state_.velocity);
      weigh(factor);
    }
    goesOn = false;
    if (!solver_.solve(level, options_.beta))
    {
      break;
    }
    const double reached = distance(displacement(level));
    finest.releaseScratch();
    const double gain = factor < 1.0 ? reached - best.objective : best.objective - reached; // of the larger weight
    const bool   isWorth = gain > leastGain * gainOf(state_.report.levels.back()) / factor;
    if (kernels.passes(isWorth == (factor > 1.0)))
    {
      keep(factor);
    }
  }
  copy(best.velocity, state_.velocity);
  weigh(best.beta);
  if (!state_.isInterrupted)
  {
    state_.report.reason = best.reason;
    tell();
  }
  state_.trial = 0;
  best = Incumbent();
}

void
WeightChoice::tell()
{
  const double factor = state_.bestWeight.beta;
  progress_.message("similarity " + state_.report.similarity.text() + " was chosen: with " +
                    (factor < 1.0 ? "more weight the deformed moving image is hardly more like the fixed one"
                     : factor > 1.0
                       ? "less weight the deformed moving image is less like the fixed one"
                       : "less weight the deformed moving image is less like the fixed one, with more it is "
                         "hardly more so"));
}

} // namespace gnr
