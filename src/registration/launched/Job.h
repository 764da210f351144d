// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_launched_Job_h
#define gnr_registration_launched_Job_h

#include "registration/Archive.h"

#include "gnr/Grid.h"
#include "gnr/Options.h"
#include "gnr/Problem.h"

#include <vector>

namespace gnr
{
namespace launched
{

/** What the workers shall do. In its file it comes after pluginVersion(), so that another build is noticed. */
struct Job
{
  Grid    grid;
  Options options;
  int     processes = 1;
  bool    hasFixedWeight = false;
  bool    hasMovingWeight = false;
  bool    hasIncompressibility = false;
  bool    hasVelocity = false;
  int     furtherPairs = 0;
  double  movingVolumeChange = 1.0;

  std::vector<LandmarkPair> landmarks{};
};

inline void
transfer(Archive & archive, Job & job)
{
  auto & [grid,
          options,
          processes,
          hasFixedWeight,
          hasMovingWeight,
          hasIncompressibility,
          hasVelocity,
          furtherPairs,
          volumeChange,
          landmarks] = job;
  archive(grid, options, processes, hasFixedWeight, hasMovingWeight, hasIncompressibility, hasVelocity);
  archive(furtherPairs, volumeChange, landmarks);
}

} // namespace launched
} // namespace gnr

#endif
