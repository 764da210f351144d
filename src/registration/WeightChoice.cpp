// SPDX-License-Identifier: Apache-2.0
#include "registration/WeightChoice.h"

#include "registration/DeformationMap.h"
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
  if (solve.iterations.empty() || solve.iterations.back().mismatch == 0.0) // no step, or nothing that is left
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
  const Buffer velocity = finest.domain.vector();
  int          steps = 0;
  level.velocity.resample(state_.velocity.data(), finest.transform, velocity.data(), 3);
  return integrateMap(finest, velocity, false, steps);
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
    const Buffer       warped = domain.scalar(), ofFixed = domain.scalar(), ofMoving = domain.scalar();
    warp.apply(pair.moving.data(), nullptr, options_.interpolation, warped.data());
    for (const Comparison & comparison : compare(prepared_.measures[i], domain, pair.fixed.data(), warped.data()))
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
  Kernels &   kernels = prepared_.finest->domain.kernels();
  Incumbent & one = state_.firstWeight;
  bool        goesOn = state_.trial > 0;
  const auto  judge = [&] {
    const double result = distance(displacement(level));
    prepared_.finest->domain.releaseScratch();
    return result;
  };
  if (!goesOn)
  {
    state_.keep(one, kernels);
    one.objective = judge();
    state_.trial = 1;
  }
  constexpr int count = sizeof factors / sizeof *factors;
  double        chosen = 1.0;
  for (; state_.trial <= count && chosen == 1.0; ++state_.trial)
  {
    const double factor = factors[state_.trial - 1];
    if (!goesOn)
    {
      state_.restore(one, kernels);
      weigh(factor);
    }
    goesOn = false;
    if (!solver_.solve(level, options_.beta))
    {
      break;
    }
    const double change = judge() / factor - one.objective;
    const double gain = factor < 1.0 ? change : -change; // of the larger weight
    const bool   isWorth = gain > leastGain * gainOf(state_.report.levels.back()) / factor;
    if (kernels.passes(isWorth == (factor > 1.0)))
    {
      chosen = factor;
    }
  }
  if (chosen == 1.0)
  {
    state_.restore(one, kernels);
    weigh(1.0);
  }
  if (!state_.isInterrupted)
  {
    tell(chosen);
  }
  state_.trial = 0;
  one = Incumbent();
}

void
WeightChoice::tell(double factor) const
{
  progress_.message("similarity " + state_.report.similarity.text() + " was chosen: with " +
                    (factor < 1.0 ? "more weight the deformed moving image is hardly more like the fixed one"
                     : factor > 1.0
                       ? "less weight the deformed moving image is less like the fixed one"
                       : "less weight the deformed moving image is less like the fixed one, with more it is "
                         "hardly more so"));
}

} // namespace gnr
