// SPDX-License-Identifier: Apache-2.0
#include "registration/Pyramid.h"

#include "registration/Preprocessing.h"

#include <algorithm>

namespace gnr
{
namespace
{
constexpr int coarsestPoints = 16;
constexpr int automaticLevels = 3;
} // namespace

std::vector<Grid>
pyramidGrids(const Grid & finest, std::optional<int> levels)
{
  std::vector<Grid> grids{ finest };
  while (static_cast<int>(grids.size()) < levels.value_or(automaticLevels))
  {
    const Grid & fine = grids.front();
    Grid         coarse = fine;
    for (int a = 0; a < 3; ++a)
    {
      coarse.size[a] = std::min(fine.size[a], fourierSize(std::max(coarsestPoints, (fine.size[a] + 1) / 2)));
      coarse.spacing[a] = finest.length(a) / coarse.size[a];
    }
    if (coarse.size == fine.size)
    {
      break; // nothing left to halve
    }
    grids.insert(grids.begin(), coarse);
  }
  return grids;
}

} // namespace gnr
