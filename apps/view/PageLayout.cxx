// SPDX-License-Identifier: Apache-2.0
#include "view/PageLayout.h"

#include <algorithm>
#include <cmath>

namespace gnrapp
{

PageLayout::PageLayout(const RegistrationResult &       result,
                       const VoxelRegion &              region,
                       const std::array<PlaneView, 3> & planes)
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    spacing[axis] = result.fixed->GetSpacing()[axis];
  }
  const auto mm = [&](unsigned int axis) { return spacing[axis] * static_cast<double>(region.size[axis]); };
  double     across = 0;
  double     down = 0;
  for (const PlaneView & plane : planes)
  {
    across += mm(plane.horizontal);
    down = std::max(down, mm(plane.vertical));
  }
  const double room = (pageWidth - 2 * margin - barSpace - groupGap) / 2.0 - 2 * gap;
  scale = std::min(room / across, 420 / down);
  for (unsigned int p = 0; p < 3; ++p)
  {
    width[p] = std::max(8, static_cast<int>(std::lround(scale * mm(planes[p].horizontal))));
    height[p] = std::max(8, static_cast<int>(std::lround(scale * mm(planes[p].vertical))));
    rowHeight = std::max(rowHeight, height[p]);
  }
}

} // namespace gnrapp
