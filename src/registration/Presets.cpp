// SPDX-License-Identifier: Apache-2.0
#include "gnr/Options.h"

namespace gnr
{
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
      options.gradientTolerance = 1e-2;
      options.objectiveTolerance = 3e-3;
      // With so small a weight the finest waves tell.
      options.velocityGrid = VelocityGrid::Full;
      break;
    case Preset::LungCt:
      // A density answers to volumes, which hold it in place beside the edges: a smaller weight follows the noise.
      options.density = Density::Ct;
      options.similarity = SimilarityMeasure::SumOfSquares;
      options.beta = 6e-3;
      // Which breath is the reference is chance; half the way each is also the more accurate.
      options.symmetric = true;
      break;
  }
  return options;
}

} // namespace gnr
