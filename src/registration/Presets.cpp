// SPDX-License-Identifier: Apache-2.0
#include "gnr/Error.h"
#include "gnr/Options.h"

#include <cmath>
#include <sstream>
#include <utility>

namespace gnr
{
namespace
{

template <typename T>
void
require(bool valid, const char * name, T value, const char * range)
{
  if (!valid)
  {
    std::ostringstream message;
    message << name << ": " << value << " is not allowed; it must be " << range;
    throw Error(ErrorKind::BadInput, message.str());
  }
}

} // namespace

Options
makeOptions(Preset preset)
{
  Options options;
  switch (preset)
  {
    case Preset::Default:
      break;
    case Preset::Fast:
      // Ends on a coarser grid where it can; the smaller weight makes up for that.
      options.beta = 6e-4;
      options.gamma = 6.0;
      options.gradientTolerance = 6e-2;
      break;
    case Preset::Accurate:
      // The walls do not go with the weight: beside a smaller one they are felt earlier. What little they let through
      // is smoothed.
      options.beta = 1.5e-4;
      options.gamma = 10.0;
      options.gradientLimit = 3.6;
      options.divergenceLimit = 1.2;
      options.determinantFloor = 0.12;
      options.gradientTolerance = 1e-2;
      options.objectiveTolerance = 3e-3;
      break;
  }
  return options;
}

void
validate(const Options & options)
{
  const Options & o = options;
  require(std::isfinite(o.beta) && o.beta > 0.0, "beta", o.beta, "a positive number");
  require(std::isfinite(o.gamma) && o.gamma >= 0.0, "gamma", o.gamma, "zero or a positive number");
  require(
    std::isfinite(o.gridScale) && o.gridScale >= 0.0, "grid scale", o.gridScale, "zero or a positive number of voxels");
  // The wall has the eighth power of its limit in it: beyond these single precision ends.
  const auto within = [](const std::optional<double> & limit) { return !limit || (*limit >= 1e-3 && *limit <= 1e3); };
  const char * const range = "between 0.001 and 1000, or none";
  require(within(o.gradientLimit), "gradient limit", o.gradientLimit.value_or(0.0), range);
  require(within(o.divergenceLimit), "divergence limit", o.divergenceLimit.value_or(0.0), range);
  require(!o.determinantFloor || (*o.determinantFloor > 0.0 && *o.determinantFloor <= 0.5),
          "determinant floor",
          o.determinantFloor.value_or(0.0),
          "above 0 and at most 0.5, or none");
  require(o.determinantLower > 0.0 && o.determinantLower < 1.0,
          "determinant lower bound",
          o.determinantLower,
          "between 0 and 1, both excluded");
  require(std::isfinite(o.determinantUpper) && o.determinantUpper > 1.0,
          "determinant upper bound",
          o.determinantUpper,
          "above 1");
  require(!o.levels || *o.levels >= 1, "levels", o.levels.value_or(0), "at least 1");
  require(o.timeSteps >= 1, "time steps", o.timeSteps, "at least 1");
  require(o.maximumIterations >= 0, "iterations", o.maximumIterations, "zero or more");
  require(o.maximumKrylovIterations >= 1, "Krylov iterations", o.maximumKrylovIterations, "at least 1");
  require(o.gradientTolerance > 0.0 && o.gradientTolerance < 1.0,
          "gradient tolerance",
          o.gradientTolerance,
          "between 0 and 1, both excluded");
  require(o.objectiveTolerance >= 0.0 && o.objectiveTolerance < 1.0,
          "objective tolerance",
          o.objectiveTolerance,
          "at least 0 and below 1");
  require(!o.timeLimit || *o.timeLimit > 0.0, "time limit", o.timeLimit.value_or(0.0), "a positive number of seconds");
  require(!o.stallRate || *o.stallRate > 0.0, "stall rate", o.stallRate.value_or(0.0), "a positive share per second");
  require(std::isfinite(o.smoothing) && o.smoothing >= 0.0, "smoothing", o.smoothing, "zero or a positive number");
  require(!o.threads || (*o.threads >= 1 && *o.threads <= maximumThreads),
          "threads",
          o.threads.value_or(0),
          "from 1 to 1024");
}

std::optional<std::string>
firstDifference(const Options & a, const Options & b)
{
  const std::pair<bool, const char *> same[] = {
    { a.beta == b.beta, "beta" },
    { a.gamma == b.gamma, "gamma" },
    { a.gridScale == b.gridScale, "grid scale" },
    { a.gradientLimit == b.gradientLimit, "gradient limit" },
    { a.divergenceLimit == b.divergenceLimit, "divergence limit" },
    { a.determinantFloor == b.determinantFloor, "determinant floor" },
    { a.regularization == b.regularization, "regularization" },
    { a.incompressible == b.incompressible, "incompressible" },
    { a.betaStrategy == b.betaStrategy, "beta strategy" },
    { a.determinantLower == b.determinantLower, "determinant lower bound" },
    { a.determinantUpper == b.determinantUpper, "determinant upper bound" },
    { a.levels == b.levels, "levels" },
    { a.timeSteps == b.timeSteps, "time steps" },
    { a.interpolation == b.interpolation, "interpolation" },
    { a.maximumIterations == b.maximumIterations, "iterations" },
    { a.maximumKrylovIterations == b.maximumKrylovIterations, "Krylov iterations" },
    { a.gradientTolerance == b.gradientTolerance, "gradient tolerance" },
    { a.objectiveTolerance == b.objectiveTolerance, "objective tolerance" },
    { a.preconditioner == b.preconditioner, "preconditioner" },
    { a.timeLimit == b.timeLimit, "time limit" },
    { a.stallRate == b.stallRate, "stall rate" },
    { a.intensityNormalization == b.intensityNormalization, "intensity normalization" },
    { a.periodic == b.periodic, "periodic" },
    { a.smoothing == b.smoothing, "smoothing" },
  };
  for (const auto & option : same)
  {
    if (!option.first)
    {
      return option.second;
    }
  }
  return std::nullopt;
}

} // namespace gnr
