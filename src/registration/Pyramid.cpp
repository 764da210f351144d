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
// Of large images more grids, down to this size. A smaller one finds the better basin in some pairs, and leads others
// astray: it is only tried.
constexpr int automaticPoints = 32;

PyramidGrid
halved(const Grid & fine, const Grid & finest, const Grid & image)
{
  PyramidGrid result{ fine };
  Grid &      coarse = result.grid;
  for (int a = 0; a < 3; ++a)
  {
    coarse.size[a] = std::min(fine.size[a], fourierSize(std::max(coarsestPoints, (fine.size[a] + 1) / 2)));
    coarse.spacing[a] = finest.length(a) / coarse.size[a];
    // A coarse point in the middle of an odd number of voxels, two about the middle of an even number.
    const double middle = 0.5 * (image.size[a] - 1) * finest.spacing[a];
    const double half = image.size[a] % 2 == 0 ? 0.5 * coarse.spacing[a] : 0.0;
    result.origin[a] = std::fmod(middle + half, coarse.spacing[a]) / finest.length(a);
  }
  return result;
}

/** Whether every axis has the points to be halved. */
bool
isHalved(const Grid & fine)
{
  return *std::min_element(fine.size.begin(), fine.size.end()) >= 2 * coarsestPoints;
}

} // namespace

std::vector<PyramidGrid>
pyramidGrids(const Grid & finest, const Grid & image, std::optional<int> levels, bool hasTrial)
{
  std::vector<PyramidGrid> grids{ { finest } };
  while (!levels || static_cast<int>(grids.size()) < *levels)
  {
    PyramidGrid next = halved(grids.front().grid, finest, image);
    if (next.grid.size == grids.front().grid.size)
    {
      break; // nothing left to halve
    }
    const auto & size = next.grid.size;
    const bool   isExtra = !levels && static_cast<int>(grids.size()) >= automaticLevels;
    next.isTrial = isExtra && *std::min_element(size.begin(), size.end()) < automaticPoints;
    if (next.isTrial && !(hasTrial && isHalved(grids.front().grid)))
    {
      break;
    }
    grids.insert(grids.begin(), next);
    if (grids.front().isTrial)
    {
      break;
    }
  }
  return grids;
}

} // namespace gnr
