// SPDX-License-Identifier: Apache-2.0
#include "registration/Preparation.h"

#include "parallel/Statistics.h"
#include "registration/ContrastRelation.h"
#include "registration/Inpainting.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iomanip>
#include <sstream>
#include <string>

namespace gnr
{
namespace
{

Buffer
readVelocity(const InputImage & velocity, const Options & options, FinestGrid & finest)
{
  if (!exists(velocity.byRank))
  {
    return {};
  }
  // The exponential of the exported field is the pullback map, which is the flow of minus the solver's velocity.
  Domain &              domain = finest.domain;
  Kernels &             kernels = domain.kernels();
  const BoxPart         part = finest.part();
  const BoxPart::Planes planes = part.collect(velocity, 3);
  Buffer                result = domain.vector();
  for (int c = 0; c < 3; ++c)
  {
    const Buffer     image = part.upload(planes, kernels, c, -1.0);
    const Statistics s = statisticsOf(image.data(), part.image(), kernels, domain.communicator());
    if (s.notFinite > 0)
    {
      throw Error(ErrorKind::BadInput, "InitialVelocityField: has values that are NaN or infinite");
    }
    const auto & [size, spacing] = finest.image;
    const double reach = std::max(s.maximum, -s.minimum) / spacing[c];
    const int    longest = *std::max_element(size.begin(), size.end());
    if (!kernels.passes(2.0 * reach <= longest)) // as for a trial of the solver
    {
      std::ostringstream text;
      text << "InitialVelocityField: carries points by " << reach
           << " voxels, farther than half of the image; give the velocity of an earlier run, in mm per unit time";
      throw Error(ErrorKind::BadInput, text.str());
    }
    part.extendPeriodically(image, kernels, result.data() + c * domain.points());
  }
  if (options.incompressible)
  {
    finest.transform.apply(finest.transform.symbol(Symbol::Kind::Projection), result.data(), result.data(), 3);
  }
  return result;
}

/** Where it is left open for a pair. */
SimilarityMeasure
chooseMeasure(const Preparation & prepared, std::size_t pair, Progress & progress, IntensityChange & change)
{
  FinestGrid &         finest = *prepared.finest;
  const SolverImages & images = prepared.images;
  const auto [relation, exponent] = relateContrasts(finest.domain,
                                                    finest.transform,
                                                    finest.image,
                                                    images.pairs[pair].fixed.data(),
                                                    images.pairs[pair].moving.data(),
                                                    images.fixedWeight.data());
  // A rehearsal takes the measure that needs more memory.
  const bool        differ = finest.domain.kernels().passes(relation == ContrastRelation::Other);
  const auto        measure = differ ? SimilarityMeasure::SelfSimilarity : SimilarityMeasure::LocalCorrelation;
  const std::string ofPair = images.pairs.size() > 1 ? " for pair " + std::to_string(pair + 1) : "";
  progress.message(std::string("similarity ") + nameOf(measure) + " was chosen" + ofPair +
                   ": what is brighter in one image is " +
                   (differ                                  ? "not always brighter"
                    : relation == ContrastRelation::Falling ? "darker"
                                                            : "also brighter") +
                   " in the other");
  const PairNames   names(pair);
  const std::string ends = names.fixed + ", and were ";
  if (relation == ContrastRelation::Rising && exponent)
  {
    change.exponent = *exponent;
    std::ostringstream text;
    text << names.moving << ": its intensities lie along another curve than those of " << ends
         << "raised to the power of " << std::setprecision(2) << *exponent << " inside the solver";
    progress.message(text.str());
  }
  else if (relation == ContrastRelation::Falling)
  {
    change.isNegative = true;
    progress.message(names.moving + ": its intensities are the negative of those of " + ends +
                     "turned round inside the solver");
  }
  return measure;
}

} // namespace

void
compare(const WeightedMeasures &  measures,
        const SolverPair &        pair,
        Domain &                  domain,
        std::vector<Comparison> & comparisons)
{
  if (pair.hasLabels())
  {
    compare(measures, pair.fixedWords, pair.movingWords, comparisons);
  }
  else
  {
    compare(measures, domain, pair.fixed.data(), pair.moving.data(), pair.exponent, comparisons);
  }
}

Preparation
prepare(const InputImages & input,
        const SolverBox &   box,
        const Options &     options,
        Kernels &           kernels,
        Communicator &      communicator,
        Progress &          progress)
{
  Preparation    result;
  SolverImages & images = result.images = prepareImages(input, box, options, kernels, communicator);
  for (const std::string & message : images.messages)
  {
    progress.message(message);
  }
  result.finest = std::make_unique<FinestGrid>(input.grid, images.grid, kernels, communicator);
  FinestGrid & finest = *result.finest;
  for (SolverPair & pair : images.pairs)
  {
    if (pair.hasLabels())
    {
      continue;
    }
    if (exists(input.fixedWeight.byRank))
    {
      fillUnweighted(finest.domain, finest.transform, images.fixedWeight.data(), pair.fixed.data());
    }
    if (exists(input.movingWeight.byRank))
    {
      fillUnweighted(finest.domain, finest.transform, images.movingWeight.data(), pair.moving.data());
    }
  }
  result.initial = readVelocity(input.velocity, options, finest);
  result.landmarks = input.landmarks;
  return result;
}

SimilarityList
chooseSimilarity(const Preparation &            prepared,
                 const Options &                options,
                 Progress &                     progress,
                 std::vector<IntensityChange> & changes)
{
  if (!options.similarity.isAutomatic())
  {
    return options.similarity;
  }
  const bool isDensity = options.density != Density::None;
  const bool hasScale = options.intensityNormalization != IntensityNormalization::None && !isDensity;
  if (isDensity)
  {
    progress.message("similarity ssd was chosen: densities are compared as they are");
  }
  else if (!hasScale)
  {
    progress.message("similarity ssd was chosen: intensities are taken as they are, and the other measures need them "
                     "normalised");
  }
  const std::size_t pairs = prepared.images.pairs.size();
  SimilarityList    result;
  result.sums.clear();
  changes.assign(pairs, {});
  for (std::size_t i = 0; i < pairs; ++i)
  {
    result.sums.push_back(options.similarity.of(i));
    if (result.sums.back().isAutomatic())
    {
      result.sums.back().parts.front().measure =
        hasScale ? chooseMeasure(prepared, i, progress, changes[i]) : SimilarityMeasure::SumOfSquares;
    }
  }
  const auto isAsFirst = [&](const SimilaritySum & sum) { return sum.text() == result.sums.front().text(); };
  if (std::all_of(result.sums.begin(), result.sums.end(), isAsFirst))
  {
    result.sums.resize(1);
  }
  return result;
}

void
changeIntensities(const std::vector<IntensityChange> & changes, Preparation & prepared)
{
  Kernels & kernels = prepared.finest->domain.kernels();
  for (std::size_t i = 0; i < changes.size(); ++i)
  {
    const Buffer & moving = prepared.images.pairs[i].moving;
    if (changes[i].exponent != 1.0)
    {
      raise(kernels, moving, changes[i].exponent);
    }
    if (changes[i].isNegative)
    {
      kernels.scaleAndShift(Real(-1), moving.data(), Real(1), moving.data(), moving.size());
    }
  }
}

} // namespace gnr
