// SPDX-License-Identifier: Apache-2.0
#include "registration/Pyramid.h"

#include "parallel/FourierTransform.h"

#include <algorithm>
#include <cmath>

namespace gnr
{
namespace
{
constexpr int coarsestPoints = 16;
constexpr int automaticLevels = 3;
// Of large images more grids, down to this size: a smaller one leads brains of 2 mm that lie apart astray.
constexpr int automaticPoints = 32;
} // namespace

std::vector<PyramidGrid>
pyramidGrids(const Grid & finest, const Grid & image, std::optional<int> levels)
{
  std::vector<PyramidGrid> grids{ { finest } };
  while (!levels || static_cast<int>(grids.size()) < *levels)
  {
    const Grid  fine = grids.front().grid;
    PyramidGrid next{ fine };
    Grid &      coarse = next.grid;
    for (int a = 0; a < 3; ++a)
    {
      coarse.size[a] = std::min(fine.size[a], fourierSize(std::max(coarsestPoints, (fine.size[a] + 1) / 2)));
      coarse.spacing[a] = finest.length(a) / coarse.size[a];
      // A coarse point in the middle of an odd number of voxels, two about the middle of an even number.
      const double middle = 0.5 * (image.size[a] - 1) * finest.spacing[a];
      const double half = image.size[a] % 2 == 0 ? 0.5 * coarse.spacing[a] : 0.0;
      next.origin[a] = std::fmod(middle + half, coarse.spacing[a]) / finest.length(a);
    }
    const bool isExtra = !levels && static_cast<int>(grids.size()) >= automaticLevels;
    if (isExtra && *std::min_element(coarse.size.begin(), coarse.size.end()) < automaticPoints)
    {
      break;
    }
    if (coarse.size == fine.size)
    {
      break; // nothing left to halve
    }
    grids.insert(grids.begin(), next);
  }
  return grids;
}

} // namespace gnr
