// SPDX-License-Identifier: Apache-2.0
#include "registration/Densities.h"

#include "registration/IntensityRange.h"

#include "gnr/Error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iomanip>
#include <sstream>

namespace gnr
{
namespace
{

constexpr double ctOfVacuum = -1000.0; // and what is below
constexpr double ctOfAir = -900.0;     // a CT has values above
constexpr double mostCtOfAir = -200.0; // and some below: lung or surroundings
constexpr double mostCt = 1500.0;      // bone; beyond lies metal
constexpr double ctUnit = 1055.0;      // from vacuum to soft tissue, whose density is one

// Of an exponent that is chosen: what has been measured of lungs, and mass.
constexpr double leastExponent = 0.4;
constexpr double mostExponent = 1.0;
constexpr double rehearsedExponent = 0.5; // state and adjoint both grow: it needs most memory
constexpr double leastVolumeChange = 0.05;

/** Values of a pair become densities. */
void
scalePair(SolverPair &                      pair,
          const std::array<Statistics, 2> & statistics,
          const PairNames &                 names,
          Density                           density,
          const BoxPart &                   part,
          Kernels &                         kernels,
          Communicator &                    communicator)
{
  const std::array<Buffer *, 2>            images{ { &pair.fixed, &pair.moving } };
  const std::array<const std::string *, 2> called{ { &names.fixed, &names.moving } };
  double                                   unit = ctUnit, offset = ctOfVacuum;
  if (density == Density::Given)
  {
    unit = offset = 0.0;
  }
  for (int i = 0; i < 2; ++i)
  {
    const Statistics & s = statistics[i];
    if (density == Density::Ct)
    {
      checkCt(s, *called[i], "choose density given if they are densities", kernels);
      continue;
    }
    if (!kernels.passes(s.minimum >= 0.0))
    {
      std::ostringstream message;
      message << *called[i] << ": its values, from " << s.minimum << " to " << s.maximum
              << ", are no densities, which are not negative; choose density ct if they are CT numbers";
      throw Error(ErrorKind::BadInput, message.str());
    }
    // Planes of others, for the padding, may follow.
    const ValueSet values{
      { { images[i]->data(), part.image().points() } }, s.minimum, s.maximum, static_cast<double>(s.count)
    };
    unit = std::max(unit, robustRange(values, kernels, communicator).upper);
  }
  const double scale = 1.0 / unit;
  for (Buffer * image : images)
  {
    if (density == Density::Ct)
    {
      kernels.clamp(Real(offset), Real(mostCt), image->data(), image->size());
    }
    kernels.scaleAndShift(Real(scale), image->data(), Real(-offset * scale), image->data(), image->size());
  }
}

/** The exponent a for which mean density goes with volume to the power of -a. */
double
chooseExponent(const SolverPair &         pair,
               const DensityInput &       input,
               const BoxPart &            part,
               Kernels &                  kernels,
               Communicator &             communicator,
               std::vector<std::string> & messages)
{
  if (!input.fixedWeight || !input.movingWeight)
  {
    throw Error(
      ErrorKind::BadInput,
      std::string(input.fixedWeight ? "MovingImageMask" : "FixedImageMask") +
        ": is missing; density exponent auto compares the lungs of both images, so give the masks of both, or "
        "a number for the exponent");
  }
  const std::size_t n = part.image().points();
  double            sums[4] = { kernels.sum(input.fixedWeight.data(), n),
                                kernels.sum(input.movingWeight.data(), n),
                                kernels.dot(input.fixedWeight.data(), pair.fixed.data(), n),
                                kernels.dot(input.movingWeight.data(), pair.moving.data(), n) };
  communicator.sum(sums, 4);
  const double volumes = std::log(sums[1] * input.movingVolumeChange / sums[0]);
  const double densities = std::log(sums[3] / sums[1] / (sums[2] / sums[0]));
  if (!kernels.hasValues())
  {
    return rehearsedExponent;
  }
  std::ostringstream message;
  message << std::setprecision(3);
  if (!(std::abs(volumes) >= leastVolumeChange) || !std::isfinite(densities))
  {
    message << "MovingImageMask: its volume is " << std::exp(volumes)
            << " times that of FixedImageMask, too little a change, or of no density, to tell an exponent from; give a "
               "number for density exponent";
    throw Error(ErrorKind::BadInput, message.str());
  }
  const double slope = -densities / volumes;
  const double result = std::clamp(slope, leastExponent, mostExponent);
  message << "density exponent " << result << " was chosen: inside of the masks the moving image has "
          << std::exp(volumes) << " times the volume of the fixed one, and " << std::exp(densities)
          << " times its mean density";
  if (result != slope)
  {
    message << ", which would be an exponent of " << slope;
  }
  messages.push_back(message.str());
  return result;
}

} // namespace

void
checkCt(const Statistics & statistics, const std::string & name, const std::string & remedy, Kernels & kernels)
{
  if (!kernels.passes(statistics.minimum < mostCtOfAir && statistics.maximum > ctOfAir))
  {
    std::ostringstream message;
    message << name << ": its values, from " << statistics.minimum << " to " << statistics.maximum
            << ", are no CT numbers, of which air has -1000 and water 0; subtract what was added to them (often 1024), "
               "or "
            << remedy;
    throw Error(ErrorKind::BadInput, message.str());
  }
}

void
makeDensities(SolverImages &       images,
              const DensityInput & input,
              const Options &      options,
              const BoxPart &      part,
              Kernels &            kernels,
              Communicator &       communicator)
{
  for (std::size_t i = 0; i < images.pairs.size(); ++i)
  {
    SolverPair & pair = images.pairs[i];
    if (pair.hasLabels())
    {
      continue;
    }
    scalePair(pair, input.statistics[i], PairNames(i), options.density, part, kernels, communicator);
    if (!images.densityExponent)
    {
      images.densityExponent = options.densityExponent
                                 ? *options.densityExponent
                                 : chooseExponent(pair, input, part, kernels, communicator, images.messages);
    }
    pair.exponent = *images.densityExponent;
    const double growth = std::pow(input.movingVolumeChange, pair.exponent);
    if (growth != 1.0)
    {
      kernels.scaleAndShift(Real(growth), pair.moving.data(), Real(0), pair.moving.data(), pair.moving.size());
    }
  }
}

} // namespace gnr
