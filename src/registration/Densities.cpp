// SPDX-License-Identifier: Apache-2.0
#include "registration/Densities.h"

#include "registration/IntensityRange.h"

#include "gnr/Error.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

namespace gnr
{
namespace
{

constexpr double ctOfVacuum = -1000.0; // and what is below
constexpr double ctOfAir = -900.0;     // a CT has values above
constexpr double mostCtOfAir = -200.0; // and some below: lung or surroundings
constexpr double mostCt = 1500.0;      // bone; beyond lies metal
constexpr double ctUnit = 1055.0;      // from vacuum to soft tissue, whose density is one

} // namespace

void
makeDensities(SolverPair &                      pair,
              const std::array<Statistics, 2> & statistics,
              const PairNames &                 names,
              const Options &                   options,
              double                            movingVolumeChange,
              const BoxPart &                   part,
              Kernels &                         kernels,
              Communicator &                    communicator)
{
  const std::array<Buffer *, 2>            images{ { &pair.fixed, &pair.moving } };
  const std::array<const std::string *, 2> called{ { &names.fixed, &names.moving } };
  double                                   unit = ctUnit, offset = ctOfVacuum;
  if (options.density == Density::Given)
  {
    unit = offset = 0.0;
  }
  for (int i = 0; i < 2; ++i)
  {
    const Statistics & s = statistics[i];
    std::ostringstream message;
    message << *called[i] << ": its values, from " << s.minimum << " to " << s.maximum << ", are no ";
    if (options.density == Density::Ct && !kernels.passes(s.minimum < mostCtOfAir && s.maximum > ctOfAir))
    {
      message << "CT numbers, of which air has -1000 and water 0; subtract what was added to them (often 1024), or "
                 "choose density given if they are densities";
      throw Error(ErrorKind::BadInput, message.str());
    }
    if (options.density == Density::Given)
    {
      if (!kernels.passes(s.minimum >= 0.0))
      {
        message << "densities, which are not negative; choose density ct if they are CT numbers";
        throw Error(ErrorKind::BadInput, message.str());
      }
      // Planes of others, for the padding, may follow.
      const ValueSet values{
        { { images[i]->data(), part.image().points() } }, s.minimum, s.maximum, static_cast<double>(s.count)
      };
      unit = std::max(unit, robustRange(values, kernels, communicator).upper);
    }
  }
  const double growth = std::pow(movingVolumeChange, options.densityExponent);
  for (int i = 0; i < 2; ++i)
  {
    Buffer & image = *images[i];
    if (options.density == Density::Ct)
    {
      kernels.clamp(Real(offset), Real(mostCt), image.data(), image.size());
    }
    const double scale = (i == 1 ? growth : 1.0) / unit;
    kernels.scaleAndShift(Real(scale), image.data(), Real(-offset * scale), image.data(), image.size());
  }
  pair.exponent = options.densityExponent;
}

} // namespace gnr
